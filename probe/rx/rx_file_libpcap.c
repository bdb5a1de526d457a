#include "rx_file_private.h"

#include <stdlib.h>
#include <unistd.h>

#define RX_LIBPCAP_SLAB (1u << 20)
_Static_assert(RX_LIBPCAP_SLAB >= RX_FILE_CAPLEN_MAX, "one frame of any length fits");

/* Says in our words why libpcap stopped. */
static void
rx_libpcap_stop(struct rx_file *f)
{
	const char *said = pcap_geterr(f->pcap);

	if (strncmp(said, "truncated", 9) == 0)
		rx_file_stop(f, -BASE_ERR_FORMAT,
			"the last packet (number %llu) is cut short: %s;"
			" what was read before it stands",
			(unsigned long long)(f->frames + 1), said);
	else if (strstr(said, "different from the"))
		rx_file_stop(f, -BASE_ERR_UNSUPPORTED,
			"packet %llu: %s: such a capture can be read from a file,"
			" not from a pipe; save it first",
			(unsigned long long)(f->frames + 1), said);
	else
		rx_file_stop(f, -BASE_ERR_FORMAT, "packet %llu: %s; what was read before it stands",
			(unsigned long long)(f->frames + 1), said);
}

/* The next packet into pending.  False: none. */
static bool
rx_libpcap_next(struct rx_file *f)
{
	if (f->pending)
		return true;
	int rc = pcap_next_ex(f->pcap, &f->pending_header, &f->pending);
	if (rc == 1)
		return true;
	f->pending = NULL;
	f->source.finished = true;
	if (rc == PCAP_ERROR)
		rx_libpcap_stop(f);
	return false;
}

static uint32_t
rx_libpcap_burst(struct rx_source *source, struct rx_frame *frames, uint32_t max)
{
	struct rx_file *f = base_container_of(source, struct rx_file, source);
	uint32_t n = 0, used = 0;

	while (n < max && !f->source.finished && rx_libpcap_next(f)) {
		const struct pcap_pkthdr *header = f->pending_header;
		uint32_t len = header->caplen < RX_LIBPCAP_SLAB ? header->caplen : RX_LIBPCAP_SLAB;
		/* libpcap reads the seconds of classic files as signed; they are good until 2106.
		 * */
		int64_t seconds =
			header->ts.tv_sec < 0 ? header->ts.tv_sec + (1ll << 32) : header->ts.tv_sec;

		if (len > RX_LIBPCAP_SLAB - used)
			break;
		if (len)
			memcpy(f->slab + used, f->pending, len);
		frames[n++] = (struct rx_frame){
			.data = f->slab + used,
			.len = len,
			.wire_len = header->len > len ? header->len : len,
			.ts_ns = rx_file_time(seconds, header->ts.tv_usec),
			.link = f->link,
		};
		used += len;
		f->frames++;
		f->pending = NULL;
	}
	return n;
}

int
rx_libpcap_open(struct rx_file *f, int fd, struct sys_error *e)
{
	char said[PCAP_ERRBUF_SIZE] = "", text[128];

	FILE *stream = fdopen(fd, "rb");
	if (!stream) {
		close(fd);
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "%s: out of memory", f->name);
	}
	f->pcap =
		pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, said);
	if (!f->pcap) {
		fclose(stream);
		return sys_fail(e, -BASE_ERR_FORMAT, "%s: not a capture file (pcap or pcapng): %s",
			f->name, said);
	}
	f->link = (uint8_t)packet_link_of_dlt(pcap_datalink(f->pcap));
	if (f->link == PACKET_LINK_UNKNOWN)
		return sys_fail(e, -BASE_ERR_UNSUPPORTED, "%s: link type %s cannot be decoded",
			f->name, rx_file_link_name(pcap_datalink(f->pcap), text, sizeof(text)));
	f->slab = malloc(RX_LIBPCAP_SLAB);
	if (!f->slab)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "%s: out of memory", f->name);
	f->source.burst = rx_libpcap_burst;
	return 0;
}
