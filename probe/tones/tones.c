#include "tones.h"

#include <malloc.h>
#include <spandsp.h>
#include <stdlib.h>

#define SAMPLE_NS (BASE_NS_PER_SEC / 8000)
#define STEP 16                 /* samples between looks: 2 ms, the resolution of times */
#define DTMF_LAG 204            /* a change is believed after two blocks of 102 samples */
#define PASSED_OVER 320         /* a gap of up to 40 ms, the shortest pause of Q.24 */
#define SILENCE_MAX 800         /* 100 ms of it end everything */
#define JUMP 16000              /* timestamps this far back: the sender began anew */

/* Words of the map from streams to detectors; else 1 + index. */
enum { NOT_YET, REFUSED = UINT32_MAX };

struct detector {
	dtmf_rx_state_t *dtmf;
	modem_connect_tones_rx_state_t *cng, *answer;
	tones_fn fn;                /* during tones_hear and tones_end */
	void *context;
	int64_t at_ns;              /* of the next sample */
	int64_t digit_ns;           /* begin of the digit under way */
	uint32_t next_timestamp;
	uint32_t next_free;
	uint8_t digit;              /* 0: none */
	bool begun;
};

struct tones {
	struct detector *detectors;
	uint32_t *of_stream;
	uint32_t n, free, max_streams; /* free: 1 + index */
};

static void
tell(struct detector *d, uint8_t code, int64_t start_ns, int64_t end_ns)
{
	struct tones_found found = {.start_ns = start_ns, .code = code};

	if (end_ns > start_ns)
		found.length_ms = (uint32_t)((end_ns - start_ns) / BASE_NS_PER_MS);
	if (d->fn)
		d->fn(d->context, &found);
}

/* code 0: the digit is over; another one may follow without a pause. */
static void
dtmf_changes(void *user_data, int code, int level, int delay)
{
	struct detector *d = user_data;
	int64_t when_ns = d->at_ns - DTMF_LAG * SAMPLE_NS;

	if (d->digit)
		tell(d, d->digit, d->digit_ns, when_ns);
	d->digit = (uint8_t)code;
	d->digit_ns = when_ns;
}

static void
modem_changes(void *user_data, int code, int level, int delay)
{
	struct detector *d = user_data;

	switch (code) {
	case MODEM_CONNECT_TONES_FAX_CNG: tell(d, TONES_CNG, d->at_ns, 0); break;
	case MODEM_CONNECT_TONES_ANS:
	case MODEM_CONNECT_TONES_ANS_PR:
	case MODEM_CONNECT_TONES_ANSAM:
	case MODEM_CONNECT_TONES_ANSAM_PR: tell(d, TONES_CED, d->at_ns, 0); break;
	case MODEM_CONNECT_TONES_FAX_PREAMBLE: tell(d, TONES_V21, d->at_ns, 0); break;
	default: break;
	}
}

/* Takes memory only where there is none yet. */
static bool
detector_reset(struct detector *d)
{
	d->dtmf = dtmf_rx_init(d->dtmf, NULL, NULL);
	d->cng = modem_connect_tones_rx_init(
		d->cng, MODEM_CONNECT_TONES_FAX_CNG, modem_changes, d);
	d->answer = modem_connect_tones_rx_init(
		d->answer, MODEM_CONNECT_TONES_FAX_CED_OR_PREAMBLE, modem_changes, d);
	if (d->dtmf == NULL || d->cng == NULL || d->answer == NULL)
		return false;
	dtmf_rx_set_realtime_callback(d->dtmf, dtmf_changes, d);
	d->begun = false;
	d->digit = 0;
	return true;
}

static void
detector_free(struct detector *d)
{
	if (d->dtmf)
		dtmf_rx_free(d->dtmf);
	if (d->cng)
		modem_connect_tones_rx_free(d->cng);
	if (d->answer)
		modem_connect_tones_rx_free(d->answer);
}

/* The library says nowhere how large its states are: one of each is asked. */
size_t
tones_footprint(uint32_t detectors, uint32_t max_streams)
{
	struct detector d = {.dtmf = NULL};
	size_t one = sizeof(d);

	if (detectors == 0)
		return 0;
	if (detector_reset(&d))
		one += malloc_usable_size(d.dtmf) + malloc_usable_size(d.cng) +
		       malloc_usable_size(d.answer);
	detector_free(&d);
	return sizeof(struct tones) + detectors * one + max_streams * sizeof(uint32_t);
}

int
tones_new(struct tones **out, uint32_t detectors, uint32_t max_streams, struct sys_error *e)
{
	struct tones *t = calloc(1, sizeof(*t));
	bool good = t != NULL;

	*out = NULL;
	if (good) {
		t->n = detectors;
		t->max_streams = max_streams;
		t->detectors = calloc(detectors ? detectors : 1, sizeof(*t->detectors));
		t->of_stream = calloc(max_streams ? max_streams : 1, sizeof(*t->of_stream));
		good = t->detectors && t->of_stream;
	}
	for (uint32_t i = detectors; good && i; i--) {
		good = detector_reset(&t->detectors[i - 1]);
		t->detectors[i - 1].next_free = t->free;
		t->free = i;
	}
	if (!good) {
		tones_free(t);
		return sys_fail(e, -BASE_ERR_NO_MEMORY,
			"no memory for %u detectors of tones: make tones.detectors smaller",
			detectors);
	}
	*out = t;
	return 0;
}

void
tones_free(struct tones *t)
{
	if (t == NULL)
		return;
	for (uint32_t i = 0; t->detectors && i < t->n; i++)
		detector_free(&t->detectors[i]);
	free(t->detectors);
	free(t->of_stream);
	free(t);
}

/* ---- samples ---- */

static void
hear(struct detector *d, const int16_t *samples, int n)
{
	while (n > 0) {
		int step = n < STEP ? n : STEP;
		d->at_ns += step * SAMPLE_NS;
		dtmf_rx(d->dtmf, samples, step);
		modem_connect_tones_rx(d->cng, samples, step);
		modem_connect_tones_rx(d->answer, samples, step);
		samples += step;
		n -= step;
	}
}

/* Samples that never came, or were never sent. */
static void
hear_gap(struct detector *d, uint32_t gap)
{
	int16_t silence[STEP] = {0};

	if (gap <= PASSED_OVER) {
		dtmf_rx_fillin(d->dtmf, (int)gap);
		d->at_ns += (int64_t)gap * SAMPLE_NS;
		return;
	}
	for (uint32_t done = 0; done < gap && done < SILENCE_MAX; done += STEP)
		hear(d, silence, STEP);
}

static void
hear_payload(struct detector *d, const struct tones_packet *p)
{
	int16_t samples[STEP];

	for (uint32_t at = 0; at < p->len; at += STEP) {
		uint32_t n = p->len - at < STEP ? p->len - at : STEP;
		for (uint32_t i = 0; i < n; i++)
			samples[i] = p->alaw ? alaw_to_linear(p->payload[at + i])
					     : ulaw_to_linear(p->payload[at + i]);
		hear(d, samples, (int)n);
	}
}

/* ---- streams ---- */

static struct detector *
detector_of(struct tones *t, uint32_t stream)
{
	uint32_t *word = &t->of_stream[stream];

	if ((*word == NOT_YET || *word == REFUSED) && t->free) {
		*word = t->free;
		t->free = t->detectors[*word - 1].next_free;
	}
	return *word == NOT_YET || *word == REFUSED ? NULL : &t->detectors[*word - 1];
}

enum tones_result
tones_hear(struct tones *t, const struct tones_packet *p, tones_fn fn, void *context)
{
	struct detector *d = p->stream < t->max_streams ? detector_of(t, p->stream) : NULL;

	if (d == NULL) {
		bool known = p->stream >= t->max_streams || t->of_stream[p->stream] == REFUSED;
		if (!known)
			t->of_stream[p->stream] = REFUSED;
		return known ? TONES_UNHEARD : TONES_REFUSED;
	}
	int32_t ahead = d->begun ? (int32_t)(p->timestamp - d->next_timestamp) : 0;
	if (ahead < 0 && ahead > -JUMP)
		return TONES_HEARD;
	d->fn = fn;
	d->context = context;
	if (ahead)
		hear_gap(d, ahead > 0 ? (uint32_t)ahead : SILENCE_MAX);
	d->at_ns = p->ts_ns;
	hear_payload(d, p);
	d->next_timestamp = p->timestamp + p->len;
	d->begun = true;
	d->fn = NULL;
	return TONES_HEARD;
}

void
tones_end(struct tones *t, uint32_t stream, tones_fn fn, void *context)
{
	uint32_t word = stream < t->max_streams ? t->of_stream[stream] : NOT_YET;

	if (stream < t->max_streams)
		t->of_stream[stream] = NOT_YET;
	if (word == NOT_YET || word == REFUSED)
		return;
	struct detector *d = &t->detectors[word - 1];
	d->fn = fn;
	d->context = context;
	if (d->digit)
		tell(d, d->digit, d->digit_ns, d->at_ns);
	d->fn = NULL;
	detector_reset(d);
	d->next_free = t->free;
	t->free = word;
}
