#include "rx_testing.h"

#include <sys/stat.h>

static void
assert_refused(const char *path, const char *sentence)
{
	struct sys_error e = {""};

	assert_null(rx_file_open(path, &e));
	assert_non_null(strstr(e.text, sentence));
	assert_null(rx_file_open(path, NULL));
}

static void
what_is_no_capture_is_refused_by_name(void **state)
{
	char dir[] = "/tmp/ringtap-rx-XXXXXX", path[64];
	static const struct {
		const char *bytes;
		uint32_t len;
		const char *sentence;
	} rows[] = {
		{"", 0, "empty file"},
		{"x", 1, "not a capture file"},
		{"Dear sir,\nplease find attached the capture.\n", 44, "not a capture file"},
		{"\x1f\x8b\x08 and more and more and more", 30, "compressed with gzip: unpack it first (gunzip)"},
		{"\x28\xb5\x2f\xfd and more and more and more", 30, "zstd"},
		{"\xd4\xc3\xb2\xa1\2\0\4\0", 8, "cut short within its file header: 8 of 24"},
		{"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a", 12, "cut short"},
		{"\x0a\x0d\x0d\x0a\x1c\0\0\0 none order", 19, "byte-order mark"},
		{"\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\xbd\0\0\0", 24, "link type USB_LINUX (USB with Linux header)"},
		{"\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x0f\x27\0\0", 24, "link type number 9999"},
	};

	assert_non_null(mkdtemp(dir));
	assert_refused("/nonexistent/x.pcap", "/nonexistent/x.pcap: cannot open: No such file");
	assert_refused(dir, "is a directory");
	snprintf(path, sizeof(path), "%s/capture", dir);
	for (size_t i = 0; i < base_count_of(rows); i++) {
		FILE *f = fopen(path, "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(rows[i].bytes, 1, rows[i].len, f), rows[i].len);
		fclose(f);
		assert_refused(path, rows[i].sentence);
	}
	unlink(path);
	rmdir(dir);
}

static void
classic_sample(struct capture *c, bool big, bool ns)
{
	*c = (struct capture){.big = big};
	classic_header(c, ns ? 0xa1b23c4d : 0xa1b2c3d4, 65535, 1);
	for (uint32_t i = 0; i < 150; i++)
		classic_packet(c, 1700000000 + i, i * (ns ? 6000000 : 6000), i * 2, i * 2 + i % 3 * 100);
}

static void
ng_sample(struct capture *c, bool big)
{
	*c = (struct capture){.big = big};
	ng_section(c);
	ng_interface(c, 1, 65535, -1, 0);
	ng_interface(c, 1, 65535, 9, 0);
	for (uint32_t i = 0; i < 100; i++)
		ng_packet(c, i % 2, (1700000000ull + i) * (i % 2 ? 1000000000 : 1000000) + i, i * 2, i * 2 + i % 3 * 100);
}

static void
a_file_and_a_pipe_give_the_same_frames(void **state)
{
	static struct capture c;
	static struct reading mapped, piped;

	for (int sample = 0; sample < 6; sample++) {
		if (sample < 4)
			classic_sample(&c, sample & 1, sample & 2);
		else
			ng_sample(&c, sample & 1);
		read_file(&mapped, c.p, c.len, RX_BURST_MAX);
		read_pipe(&piped, c.p, c.len, RX_BURST_MAX);
		assert_int_equal(mapped.n, sample < 4 ? 150 : 100);
		assert_int_equal(mapped.error, 0);
		assert_same_reading(&mapped, &piped);
	}
}

static void
the_size_of_bursts_does_not_matter(void **state)
{
	static struct capture c;
	static struct reading a, b;

	ng_sample(&c, false);
	read_file(&a, c.p, c.len, 64);
	for (uint32_t burst = 1; burst < 64; burst += 13) {
		read_file(&b, c.p, c.len, burst);
		assert_same_reading(&a, &b);
		read_pipe(&b, c.p, c.len, burst);
		assert_same_reading(&a, &b);
	}
}

/* A capture cut at any byte gives the whole packets before the cut; within a packet it says so. */
static void
a_cut_capture_gives_what_is_whole(void **state)
{
	static struct capture c;
	static struct reading mapped, piped;
	uint32_t ends[6], n_ends = 0;

	c = (struct capture){.big = false};
	classic_header(&c, 0xa1b2c3d4, 65535, 1);
	ends[n_ends++] = c.len;
	for (uint32_t i = 0; i < 5; i++) {
		classic_packet(&c, 1700000000, i, i * 9, i * 9);
		ends[n_ends++] = c.len;
	}
	for (uint32_t cut = 24; cut <= c.len; cut++) {
		uint32_t whole = 0;
		while (whole < 5 && ends[whole + 1] <= cut)
			whole++;
		read_file(&mapped, c.p, cut, 64);
		read_pipe(&piped, c.p, cut, 64);
		assert_int_equal(mapped.n, whole);
		assert_int_equal(mapped.error, cut == ends[whole] ? 0 : -BASE_ERR_FORMAT);
		assert_same_reading(&mapped, &piped);
		if (mapped.error) {
			char sentence[64];
			snprintf(sentence, sizeof(sentence), "the last packet (number %u) is cut short", whole + 1);
			assert_non_null(strstr(mapped.text.text, sentence));
			assert_non_null(strstr(piped.text.text, sentence));
		}
	}
}

static void
progress_ends_at_the_size_of_the_file(void **state)
{
	char dir[] = "/tmp/ringtap-rx-XXXXXX", path[64];
	struct rx_frame frames[RX_BURST_MAX];
	static struct capture c;
	struct sys_error e;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/capture", dir);
	classic_sample(&c, false, false);
	FILE *f = fopen(path, "wb");
	assert_int_equal(fwrite(c.p, 1, c.len, f), c.len);
	fclose(f);
	struct rx_source *source = rx_file_open(path, &e);
	assert_non_null(source);
	uint64_t before = 0;
	while (!source->finished) {
		rx_burst(source, frames, 16);
		struct rx_file_progress progress = rx_file_progress(source);
		assert_int_equal(progress.bytes_total, c.len);
		assert_true(progress.bytes_read >= before && progress.bytes_read <= c.len);
		before = progress.bytes_read;
	}
	assert_int_equal(before, c.len);
	assert_int_equal(rx_burst(source, frames, 16), 0);
	rx_file_close(source);
	rx_file_close(NULL);
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_capture_is_refused_by_name),
		cmocka_unit_test(a_file_and_a_pipe_give_the_same_frames),
		cmocka_unit_test(the_size_of_bursts_does_not_matter),
		cmocka_unit_test(a_cut_capture_gives_what_is_whole),
		cmocka_unit_test(progress_ends_at_the_size_of_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
