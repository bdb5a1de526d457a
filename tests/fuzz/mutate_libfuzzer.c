/* libFuzzer's hook: most inputs are mutated by structure, some as bytes. */
#include "mutate_sip.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return seed % 8 ? mutate_sip(data, size, max, seed / 8) : LLVMFuzzerMutate(data, size, max);
}
