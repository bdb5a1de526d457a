/* Capture files of any bytes: every frame lies within the file, in order, and the reading ends. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t
read_to_the_end(struct rx_source *source, size_t size)
{
	struct rx_frame frames[RX_BURST_MAX];
	uint64_t count = 0, sum = 0;

	for (bool more = true; more; more = !source->finished) {
		uint32_t n = rx_burst(source, frames, RX_BURST_MAX);
		assert(n > 0 || source->finished);
		for (uint32_t i = 0; i < n; i++) {
			assert(frames[i].wire_len >= frames[i].len && frames[i].len <= size && frames[i].ts_ns >= 0);
			for (uint32_t k = 0; k < frames[i].len; k++)
				sum += frames[i].data[k];
		}
		count += n;
		assert(count <= size);
		rx_release(source, frames, n);
	}
	assert(source->error == 0 || source->error_text.text[0]);
	/* Keeps the reads above. */
	return sum ^ count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct sys_error e = {""};
	int fd = memfd_create("capture", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct rx_source *source = rx_file_open(path, &e);
	assert(source || e.text[0]);
	static volatile uint64_t kept;
	if (source)
		kept += read_to_the_end(source, size);
	rx_file_close(source);
	close(fd);
	return 0;
}
