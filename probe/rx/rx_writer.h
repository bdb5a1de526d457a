/* rx_writer: frames into a capture file: classic pcap, nanoseconds, Ethernet; "-" is standard
 * output.  Memory: one buffer, however long the capture.  Thread: one user. */
#pragma once

#include "rx.h"

struct rx_writer;

/* Each: 0, or negative with the sentence (which names the file). */
int rx_writer_open(struct rx_writer **writer, const char *path, struct sys_error *e);
int rx_writer_put(struct rx_writer *writer, const uint8_t *frame, uint32_t len, int64_t ts_ns,
	struct sys_error *e);
/* Writes what is buffered.  The writer is gone whatever it returns. */
int rx_writer_close(struct rx_writer *writer, struct sys_error *e);
