/* rx_file: frames of capture files (libpcap: pcap of any byte order, microseconds and nanoseconds,
 * pcapng), "-" for stdin. */
#pragma once

#include "rx.h"

struct rx_file_progress {
	uint64_t bytes_read, bytes_total; /* total 0: unknown (a pipe) */
};

/* Opens path.  NULL and the sentence in e: no such file, no permission, not a capture file, link
 * type that cannot be decoded. */
struct rx_source *rx_file_open(const char *path, struct sys_error *e);
void rx_file_close(struct rx_source *source);
struct rx_file_progress rx_file_progress(const struct rx_source *source);
