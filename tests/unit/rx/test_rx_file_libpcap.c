#include "rx_testing.h"

static struct capture c;
static struct reading r;

/* The variants that our own readers leave to libpcap, as files. */
static void
variants_of_pcap_are_read(void **state)
{
	/* Alexey Kuznetzov's: packet headers of 24 bytes. */
	c = (struct capture){.big = false};
	put(&c, 0xa1b2cd34, 4), put(&c, 2, 2), put(&c, 4, 2), put(&c, 0, 8), put(&c, 65535, 4), put(&c, 1, 4);
	for (uint32_t i = 0; i < 3; i++) {
		put(&c, 100 + i, 4), put(&c, 7, 4), put(&c, 20, 4), put(&c, 30, 4), put(&c, 0, 8);
		put_data(&c, 20, (uint8_t)i);
	}
	read_file(&r, c.p, c.len, 64);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.frames[2].ts_ns, 102000007000);
	assert_int_equal(r.frames[2].wire_len, 30);

	/* Version 2.2: captured and original length the other way round. */
	c = (struct capture){.big = false};
	put(&c, 0xa1b2c3d4, 4), put(&c, 2, 2), put(&c, 2, 2), put(&c, 0, 8), put(&c, 65535, 4), put(&c, 1, 4);
	put(&c, 100, 4), put(&c, 7, 4), put(&c, 30, 4), put(&c, 20, 4), put_data(&c, 20, 1);
	read_file(&r, c.p, c.len, 64);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.frames[0].len, 20);
	assert_int_equal(r.frames[0].wire_len, 30);
}

/* Frames so large that a burst ends for want of room: none is lost. */
static void
a_full_slab_ends_the_burst_not_the_reading(void **state)
{
	char path[] = "/tmp/ringtap-rx-XXXXXX";
	struct rx_frame frames[RX_BURST_MAX];
	const uint32_t size = 200000, count = 20;
	uint8_t *bytes = calloc(1, size);
	struct sys_error e;
	int fd = mkstemp(path);

	c = (struct capture){.big = false};
	put(&c, 0xa1b2c3d4, 4), put(&c, 2, 2), put(&c, 2, 2), put(&c, 0, 8), put(&c, 262144, 4), put(&c, 1, 4);
	assert_int_equal(write(fd, c.p, c.len), c.len);
	for (uint32_t i = 0; i < count; i++) {
		c.len = 0;
		put(&c, i, 4), put(&c, 0, 4), put(&c, size, 4), put(&c, size, 4);
		memset(bytes, (int)i, size);
		assert_int_equal(write(fd, c.p, c.len), c.len);
		assert_int_equal(write(fd, bytes, size), size);
	}
	close(fd);
	struct rx_source *source = rx_file_open(path, &e);
	assert_non_null(source);
	uint32_t seen = 0;
	while (!source->finished) {
		uint32_t n = rx_burst(source, frames, RX_BURST_MAX);
		for (uint32_t i = 0; i < n; i++, seen++) {
			assert_int_equal(frames[i].len, size);
			assert_int_equal(frames[i].data[0], seen);
			assert_int_equal(frames[i].data[size - 1], seen);
		}
		rx_release(source, frames, n);
	}
	assert_int_equal(seen, count);
	assert_int_equal(source->error, 0);
	rx_file_close(source);
	free(bytes);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variants_of_pcap_are_read),
		cmocka_unit_test(a_full_slab_ends_the_burst_not_the_reading),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
