/* mutate_sip: changes an input of fuzz_worker in place, structure in mind; returns its new size (<= max). */
#pragma once

#include <stddef.h>
#include <stdint.h>

size_t mutate_sip(uint8_t *data, size_t size, size_t max, uint32_t seed);
