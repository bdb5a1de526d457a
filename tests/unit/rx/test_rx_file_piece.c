/* Captures of many pieces: whatever the sizes of the frames, they are those that were written. */
#include "rx_testing.h"

#define FRAMES 900
#define LARGE 262144

struct long_file {
	uint32_t sizes[FRAMES];
	uint64_t ends[FRAMES]; /* where frame i ends in the file */
	char path[32];
	int fd;
};

static uint32_t
random_next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 33);
}

static void
write_all(int fd, const void *p, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const uint8_t *)p + done, len - done);
		assert_true(n > 0);
		done += (size_t)n;
	}
}

static uint8_t
byte_of(uint32_t frame, uint32_t at)
{
	return (uint8_t)(frame * 7 + at * 3 + (at >> 8));
}

/* A block that is no packet, of this length. */
static void
write_other_block(int fd, uint32_t len)
{
	uint8_t *p = calloc(1, len);
	uint32_t type = 0xbad;

	memcpy(p, &type, 4), memcpy(p + 4, &len, 4), memcpy(p + len - 4, &len, 4);
	write_all(fd, p, len);
	free(p);
}

static void
write_frame(struct long_file *f, uint32_t i, bool ng)
{
	static uint8_t bytes[LARGE + 64];
	uint32_t size = f->sizes[i], padded = (size + 3) & ~3u;
	uint32_t classic[4] = {i, i * 1000, size, size};
	uint32_t block[7] = {6, padded + 32, 0, 0, i, size, size};
	size_t head = ng ? sizeof(block) : sizeof(classic);

	memcpy(bytes, ng ? (const void *)block : classic, head);
	for (uint32_t at = 0; at < size; at++)
		bytes[head + at] = byte_of(i, at);
	if (ng)
		memcpy(bytes + head + padded, &block[1], 4);
	write_all(f->fd, bytes, ng ? block[1] : head + size);
	f->ends[i] = (uint64_t)lseek(f->fd, 0, SEEK_CUR);
}

static void
write_long_file(struct long_file *f, bool ng, uint64_t seed)
{
	struct capture c = {.len = 0};

	f->fd = memfd_create("capture", 0);
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
	if (ng)
		ng_section(&c), ng_interface(&c, 1, 0, 9, 0);
	else
		classic_header(&c, 0xa1b23c4d, LARGE, 1);
	write_all(f->fd, c.p, c.len);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t dice = random_next(&seed) % 100;
		f->sizes[i] = dice == 0 ? LARGE : dice < 5 ? random_next(&seed) % LARGE : random_next(&seed) % 1600;
		if (ng && dice == 7)
			write_other_block(f->fd, 12 + random_next(&seed) % 100000 * 4);
		if (ng && i == FRAMES / 2)
			write_other_block(f->fd, 5u << 20);
		write_frame(f, i, ng);
	}
}

static void
check_frame(const struct long_file *f, uint32_t i, const struct rx_frame *frame)
{
	assert_int_equal(frame->len, f->sizes[i]);
	for (uint32_t at = 0; at < frame->len; at++)
		if (frame->data[at] != byte_of(i, at))
			fail_msg("frame %u differs at byte %u", i, at);
}

/* All frames of a burst are looked at after it is there: none has been moved meanwhile. */
static uint32_t
check_burst(struct rx_source *source, const struct long_file *f, uint32_t seen, uint32_t burst)
{
	struct rx_frame frames[RX_BURST_MAX];
	uint32_t n = rx_burst(source, frames, burst);

	assert_true(n > 0 || source->finished);
	for (uint32_t i = 0; i < n; i++)
		check_frame(f, seen + i, &frames[i]);
	rx_release(source, frames, n);
	return n;
}

static void
frames_over_the_ends_of_pieces_are_whole(void **state)
{
	static struct long_file f;
	struct sys_error e;

	for (uint64_t sample = 0; sample < 6; sample++) {
		write_long_file(&f, sample & 1, sample);
		struct rx_source *source = rx_file_open(f.path, &e);
		assert_non_null(source);
		uint32_t seen = 0;
		while (!source->finished)
			seen += check_burst(source, &f, seen, sample < 2 ? RX_BURST_MAX : 1 + (uint32_t)sample * 5);
		assert_int_equal(seen, FRAMES);
		assert_int_equal(source->error, 0);
		rx_file_close(source);
		close(f.fd);
	}
}

static void
a_file_made_shorter_meanwhile_is_cut_there(void **state)
{
	static struct long_file f;
	struct sys_error e;

	for (int ng = 0; ng < 2; ng++) {
		write_long_file(&f, ng, 5);
		struct rx_source *source = rx_file_open(f.path, &e);
		uint32_t seen = check_burst(source, &f, 0, RX_BURST_MAX), whole = 400;
		assert_int_equal(ftruncate(f.fd, (off_t)f.ends[whole - 1] + 5), 0);
		while (!source->finished)
			seen += check_burst(source, &f, seen, RX_BURST_MAX);
		assert_int_equal(seen, whole);
		assert_int_equal(source->error, -BASE_ERR_FORMAT);
		assert_non_null(strstr(source->error_text.text, "the last packet (number 401) is cut short"));
		rx_file_close(source);
		close(f.fd);
	}
}

static void
a_file_that_grows_is_read_to_the_size_it_had(void **state)
{
	static struct long_file f;
	struct sys_error e;

	write_long_file(&f, false, 6);
	struct rx_source *source = rx_file_open(f.path, &e);
	write_frame(&f, 0, false);
	uint32_t seen = 0;
	while (!source->finished)
		seen += check_burst(source, &f, seen, RX_BURST_MAX);
	assert_int_equal(seen, FRAMES);
	assert_int_equal(source->error, 0);
	rx_file_close(source);
	close(f.fd);
}

static void
a_block_too_long_to_be_true_is_damage(void **state)
{
	static struct long_file f;
	struct sys_error e;
	struct capture c = {.len = 0};

	f.fd = memfd_create("capture", 0);
	snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.fd);
	ng_section(&c), ng_interface(&c, 1, 0, 9, 0);
	write_all(f.fd, c.p, c.len);
	write_other_block(f.fd, (16u << 20) + 4);
	assert_null(rx_file_open(f.path, &e));
	assert_non_null(strstr(e.text, "a block of more than 16 MiB"));
	close(f.fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_over_the_ends_of_pieces_are_whole),
		cmocka_unit_test(a_file_made_shorter_meanwhile_is_cut_there),
		cmocka_unit_test(a_file_that_grows_is_read_to_the_size_it_had),
		cmocka_unit_test(a_block_too_long_to_be_true_is_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
