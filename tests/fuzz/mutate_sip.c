/* Mutations that know what a capture of SIP is: pieces (fuzz_worker.c) are dropped, repeated, swapped, moved in time and to other hosts; within a
 * message, lines and values change places, numbers and tags change, words that parsers trip over come in.  What stands around stays whole, so
 * that a mutated message reaches the dialogs behind the parser.  Content-Length is put right in three of four. */
#include "mutate_sip.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PIECES_MAX 64
#define LINES_MAX 64
#define TEXT_MAX 8192

struct piece {
	uint8_t how, time;
	uint32_t len;
	const uint8_t *bytes;
};

struct line {
	uint32_t at, len; /* without the line end */
};

struct mutation {
	uint64_t state;
	struct piece pieces[PIECES_MAX];
	uint32_t n;
	uint8_t text[TEXT_MAX]; /* of the message that is changed */
	uint32_t len;
};

static uint32_t
below(struct mutation *m, uint32_t n)
{
	m->state = m->state * 6364136223846793005u + 1442695040888963407u;
	return n ? (uint32_t)(m->state >> 33) % n : 0;
}

static void
pieces_read(struct mutation *m, const uint8_t *data, size_t size)
{
	while (size >= 4 && m->n < PIECES_MAX) {
		struct piece *p = &m->pieces[m->n++];
		uint32_t len = (uint32_t)data[2] << 8 | data[3];
		len = len > size - 4 ? (uint32_t)(size - 4) : len;
		*p = (struct piece){data[0], data[1], len, data + 4};
		data += 4 + len, size -= 4 + len;
	}
}

static size_t
pieces_write(const struct mutation *m, uint8_t *out, size_t max)
{
	size_t at = 0;

	for (uint32_t i = 0; i < m->n && at + 4 + m->pieces[i].len <= max; i++) {
		const struct piece *p = &m->pieces[i];
		uint8_t head[4] = {p->how, p->time, (uint8_t)(p->len >> 8), (uint8_t)p->len};
		memcpy(out + at, head, 4);
		if (p->len)
			memcpy(out + at + 4, p->bytes, p->len);
		at += 4 + p->len;
	}
	return at;
}

/* ---- within a message ---- */

static uint32_t
lines_find(const struct mutation *m, struct line *lines)
{
	uint32_t n = 0, at = 0;

	while (at < m->len && n < LINES_MAX) {
		const uint8_t *end = memchr(m->text + at, '\n', m->len - at);
		uint32_t next = end ? (uint32_t)(end - m->text) + 1 : m->len;
		uint32_t len = next - at;
		while (len && (m->text[at + len - 1] == '\n' || m->text[at + len - 1] == '\r'))
			len--;
		lines[n++] = (struct line){at, len};
		at = next;
	}
	return n;
}

/* Takes cut bytes at offset at away and puts others there. */
static void
text_put(struct mutation *m, uint32_t at, uint32_t cut, const void *put, uint32_t len)
{
	uint8_t copy[TEXT_MAX];

	if (at > m->len || cut > m->len - at || m->len - cut + len > TEXT_MAX || len > TEXT_MAX)
		return;
	memcpy(copy, put, len);
	memmove(m->text + at + len, m->text + at + cut, m->len - at - cut);
	memcpy(m->text + at, copy, len);
	m->len = m->len - cut + len;
}

static void
put_word(struct mutation *m, const struct line *l)
{
	static const char *const words[] = {";tag=", ";branch=z9hG4bK", ";branch=", ",", "\"", "<", ">", "<sip:", "%00", "\r\n ", "\r\n", "\n", "@", ":", ";", "=",
		"?Replaces=", ";expires=", ";lr", "SIP/2.0 ", "sips:", "tel:+", "[::1]", "[", "0.0.0.0", ";cause=16", "Q.850;cause=", "*", "z9hG4bK", "\\\"", "INVITE",
		"a=sendonly\r\n", "m=audio 0 RTP/AVP", "m=image 9 udptl t38\r\n", "a=rtpmap:", "c=IN IP6 ", "Contact: *\r\n", "Expires: 0\r\n", "t: <sip:x>;tag=1\r\n",
		"Event: refer\r\n", "Content-Type: message/sipfrag\r\n", "Reason: Q.850;cause=1\r\n", "Session-Expires: 90\r\n", "Warning: 399 x \"y\"\r\n"};
	const char *word = words[below(m, sizeof(words) / sizeof(words[0]))];

	text_put(m, l->at + below(m, l->len + 1), 0, word, (uint32_t)strlen(word));
}

static void
put_number(struct mutation *m, const struct line *l)
{
	static const char *const numbers[] = {"0", "1", "2", "100", "180", "183", "200", "302", "401", "407", "486", "487", "491", "503", "65535", "65536", "2147483647",
		"2147483648", "4294967295", "4294967296", "18446744073709551616", "-1", "00000000000000000000001"};
	uint32_t at = l->at, end = l->at + l->len, skip = below(m, 4);

	while (at < end) {
		uint32_t from, to;
		while (at < end && (m->text[at] < '0' || m->text[at] > '9'))
			at++;
		for (from = at; at < end && m->text[at] >= '0' && m->text[at] <= '9';)
			at++;
		to = at;
		if (to == from || skip-- == 0) {
			const char *number = numbers[below(m, sizeof(numbers) / sizeof(numbers[0]))];
			if (to > from)
				text_put(m, from, to - from, number, (uint32_t)strlen(number));
			return;
		}
	}
}

/* The value of another line stands in this one. */
static void
mix_values(struct mutation *m, const struct line *a, const struct line *b)
{
	const uint8_t *ca = memchr(m->text + a->at, ':', a->len), *cb = memchr(m->text + b->at, ':', b->len);

	if (ca == NULL || cb == NULL)
		return;
	uint32_t at = (uint32_t)(ca - m->text), from = (uint32_t)(cb - m->text);
	text_put(m, at, a->at + a->len - at, m->text + from, b->at + b->len - from);
}

static void
repeat_line(struct mutation *m, const struct line *l)
{
	for (uint32_t n = 1 + below(m, below(m, 4) ? 2 : 40); n--;) {
		text_put(m, l->at, 0, "\r\n", 2);
		text_put(m, l->at, 0, m->text + l->at + 2, l->len);
	}
}

/* Lines of another message of the capture: its tags, its Call-ID, its CSeq. */
static void
borrow_line(struct mutation *m, const struct line *l)
{
	const struct piece *p = &m->pieces[below(m, m->n)];
	const uint8_t *at = p->bytes, *end = p->bytes + p->len;

	for (uint32_t skip = below(m, 14); skip && at < end; skip--) {
		const uint8_t *next = memchr(at, '\n', (size_t)(end - at));
		if (next == NULL)
			return;
		at = next + 1;
	}
	const uint8_t *stop = at < end ? memchr(at, '\r', (size_t)(end - at)) : NULL;
	if (stop)
		text_put(m, l->at, l->len, at, (uint32_t)(stop - at));
}

static void
length_mend(struct mutation *m)
{
	struct line lines[LINES_MAX];
	uint32_t n = lines_find(m, lines), length = LINES_MAX;

	for (uint32_t i = 0; i < n; i++) {
		if (lines[i].len > 15 && memcmp(m->text + lines[i].at, "Content-Length:", 15) == 0)
			length = i;
		if (lines[i].len || length == LINES_MAX || i + 1 >= n)
			continue;
		char text[32];
		int len = snprintf(text, sizeof(text), "Content-Length: %u", m->len - lines[i + 1].at);
		text_put(m, lines[length].at, lines[length].len, text, (uint32_t)len);
		return;
	}
}

static void
message_change(struct mutation *m)
{
	struct line lines[LINES_MAX];
	uint32_t n = lines_find(m, lines);

	if (n == 0)
		return;
	const struct line *l = &lines[below(m, n)], *other = &lines[below(m, n)];
	switch (below(m, 9)) {
	case 0: text_put(m, l->at, l->len, "", 0); break;
	case 1: repeat_line(m, l); break;
	case 2: text_put(m, l->at, l->len, m->text + other->at, other->len); break;
	case 3: mix_values(m, l, other); break;
	case 4: put_number(m, l); break;
	case 5: put_word(m, l); break;
	case 6: borrow_line(m, l); break;
	case 7: m->len = below(m, 8) ? m->len : below(m, m->len + 1); break;
	default:
		if (l->len)
			m->text[l->at + below(m, l->len)] = (uint8_t)below(m, 256);
		break;
	}
}

static void
piece_change(struct mutation *m)
{
	struct piece *p = &m->pieces[below(m, m->n)];
	uint32_t changes = 1 + below(m, 4);

	m->len = p->len < TEXT_MAX ? p->len : TEXT_MAX;
	memcpy(m->text, p->bytes, m->len);
	while (changes--)
		message_change(m);
	if (below(m, 4))
		length_mend(m);
	p->bytes = m->text;
	p->len = m->len;
}

/* ---- of the capture ---- */

static void
capture_change(struct mutation *m)
{
	uint32_t i = below(m, m->n), j = below(m, m->n);
	struct piece p = m->pieces[i];

	switch (below(m, 6)) {
	case 0: /* one less */
		memmove(&m->pieces[i], &m->pieces[i + 1], (m->n - i - 1) * sizeof(p));
		m->n--;
		break;
	case 1: /* one again */
		if (m->n == PIECES_MAX)
			break;
		memmove(&m->pieces[j + 1], &m->pieces[j], (m->n - j) * sizeof(p));
		m->pieces[j] = p;
		m->n++;
		break;
	case 2:
		m->pieces[i] = m->pieces[j];
		m->pieces[j] = p;
		break;
	case 3: m->pieces[i].how = (uint8_t)below(m, 256); break;
	case 4: m->pieces[i].how ^= 3; break; /* the other way */
	default: m->pieces[i].time = (uint8_t)below(m, 256); break;
	}
}

size_t
mutate_sip(uint8_t *data, size_t size, size_t max, uint32_t seed)
{
	struct mutation m = {.state = seed * 2654435761u + 1};
	static uint8_t out[1 << 17];

	pieces_read(&m, data, size);
	for (uint32_t n = 1 + below(&m, 3); n-- && m.n;)
		if (below(&m, 3) == 0)
			capture_change(&m);
	if (m.n)
		piece_change(&m);
	size = pieces_write(&m, out, max < sizeof(out) ? max : sizeof(out));
	memcpy(data, out, size);
	return size;
}
