/* count FILE: its packets and bytes by libpcap, as the floor of what reading a capture costs. */
#include <pcap/pcap.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;
	struct pcap_pkthdr *header;
	const u_char *data;
	unsigned long long packets = 0, bytes = 0;

	if (!p)
		return fprintf(stderr, "usage: count FILE: %s\n", argc == 2 ? error : ""), 2;
	while (pcap_next_ex(p, &header, &data) == 1) {
		packets++;
		bytes += header->len;
	}
	printf("%llu packets %llu bytes\n", packets, bytes);
	pcap_close(p);
	return 0;
}
