#include "base.h"

#define ZERO_PIECE 4096

static bool
is_zero(const uint8_t *p, size_t n)
{
	uint64_t any[4] = {0, 0, 0, 0}, words[4];

	for (; n >= sizeof(words); p += sizeof(words), n -= sizeof(words)) {
		memcpy(words, p, sizeof(words));
		for (uint32_t i = 0; i < base_count_of(words); i++)
			any[i] |= words[i];
	}
	for (; n; p++, n--)
		any[0] |= *p;
	return (any[0] | any[1] | any[2] | any[3]) == 0;
}

void
base_zero(void *mem, size_t n)
{
	uint8_t *p = mem;

	for (size_t piece; n; p += piece, n -= piece) {
		piece = n < ZERO_PIECE ? n : ZERO_PIECE;
		if (!is_zero(p, piece))
			memset(p, 0, piece);
	}
}
