/* Law: what is written is read back, byte for byte and to the nanosecond; a full disk is said. */
#include "rx_testing.h"

#define FRAMES 3000

static void
what_is_written_is_read_back(void **state)
{
	char path[] = "/tmp/ringtap-writer-XXXXXX";
	struct rx_writer *w;
	struct sys_error e = {""};
	uint8_t frame[1500];
	uint32_t at = 0, n;
	struct rx_frame frames[RX_BURST_MAX];

	close(mkstemp(path));
	assert_int_equal(rx_writer_open(&w, path, &e), 0);
	for (uint32_t i = 0; i < FRAMES; i++) {
		memset(frame, (int)i, sizeof(frame));
		int64_t ts_ns = 1700000000 * BASE_NS_PER_SEC + i * 999999937LL;
		assert_int_equal(rx_writer_put(w, frame, 1 + i % 1500, ts_ns, &e), 0);
	}
	assert_int_equal(rx_writer_close(w, &e), 0);
	struct rx_source *source = rx_file_open(path, &e);
	assert_non_null(source);
	while ((n = rx_burst(source, frames, RX_BURST_MAX)) || !source->finished) {
		for (uint32_t i = 0; i < n; i++, at++) {
			assert_int_equal(frames[i].len, 1 + at % 1500);
			assert_int_equal(frames[i].wire_len, frames[i].len);
			assert_int_equal(frames[i].data[frames[i].len - 1], (uint8_t)at);
			assert_int_equal(frames[i].ts_ns, 1700000000 * BASE_NS_PER_SEC + at * 999999937LL);
			assert_int_equal(frames[i].link, PACKET_LINK_ETHERNET);
		}
		rx_release(source, frames, n);
	}
	assert_int_equal(at, FRAMES);
	assert_int_equal(source->error, 0);
	rx_file_close(source);
	unlink(path);
}

static void
errors_name_the_file(void **state)
{
	struct rx_writer *w;
	struct sys_error e = {""};
	uint8_t frame[100] = {0};

	assert_true(rx_writer_open(&w, "/nowhere/at/all.pcap", &e) < 0);
	assert_non_null(strstr(e.text, "/nowhere/at/all.pcap"));
	assert_int_equal(rx_writer_open(&w, "/dev/full", &e), 0);
	assert_int_equal(rx_writer_put(w, frame, sizeof(frame), 0, &e), 0);
	assert_true(rx_writer_close(w, &e) < 0);
	assert_non_null(strstr(e.text, "/dev/full"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(errors_name_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
