#include "worker_private.h"

_Static_assert(TONES_CNG == MEDIA_DIGIT_CNG && TONES_CED == MEDIA_DIGIT_CED &&
		       TONES_V21 == MEDIA_DIGIT_V21,
	"one letter each");

int
worker_tones_new(struct worker *w, struct sys_error *e)
{
	const struct config *c = w->set->options.config;

	if (c->tones.detectors == 0)
		return 0;
	return tones_new(&w->tones, c->tones.detectors, c->tables.streams, e);
}

struct heard {
	struct worker *w;
	const struct media_audio *audio;
};

/* A stream that sends telephone events says its digits with them; what its audio has of them was
 * told already. */
static void
tone_found(void *context, const struct tones_found *found)
{
	const struct heard *heard = context;
	bool fax = found->code == TONES_CNG || found->code == TONES_CED || found->code == TONES_V21;

	if (heard->audio->events && !fax)
		return;
	worker_digit(heard->w,
		&(struct media_digit){.call = heard->audio->call,
			.start_ns = found->start_ns,
			.length_ms = found->length_ms,
			.digit = found->code,
			.source = MEDIA_DIGIT_INBAND,
			.sender = heard->audio->sender});
}

void
worker_audio(void *worker, const struct media_audio *audio)
{
	struct worker *w = worker;
	struct heard heard = {w, audio};
	struct tones_packet packet = {.stream = audio->stream,
		.timestamp = audio->timestamp,
		.ts_ns = audio->ts_ns,
		.payload = audio->payload,
		.len = audio->len,
		.alaw = audio->alaw};

	if (audio->payload == NULL)
		tones_end(w->tones, audio->stream, tone_found, &heard);
	else if (tones_hear(w->tones, &packet, tone_found, &heard) == TONES_REFUSED)
		metrics_add(w->metrics, METRICS_TONES_STREAMS_REFUSED, 1);
}
