/* Laws: no byte of a masked value is in what is written, in lists neither; equal values hash alike
 * under one key and differently under another. */
#include "sinks_fixture.h"

#define KEY "0123456789abcdef"

static const char *
key_file(struct fixture *f, const char *key)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/key", f->root);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", key);
	fclose(file);
	return path;
}

static void
put_message(struct record_writer *w, const char *to_tag, uint8_t last)
{
	uint32_t began = record_list_open(w, RECORD_F_FLOW);
	struct base_ip ip = base_ip_v4((uint8_t[]){192, 0, 2, last});

	record_put_cstr(w, RECORD_F_TO_TAG, to_tag);
	record_put_ip(w, RECORD_F_SRC_IP, &ip);
	record_put_u64(w, RECORD_F_CSEQ, last);
	record_list_close(w, began);
}

/* A call with a message in flow[], billed as jsonl under the masks; the file's text, to be freed. */
static char *
bill(struct fixture *f, const char *const *masks, uint32_t n_masks, const char *from_user)
{
	static const char *const columns[] = {"from_user", "to_user", "src_ip", "to_tag", "flow"};
	static uint8_t buffer[60000];
	struct record_writer w = record_writer_begin(buffer, sizeof(buffer), RECORD_CALL);
	struct base_ip ip = base_ip_v4((uint8_t[]){10, 20, 30, 40});
	char name[300];
	size_t before = 0;

	f->options.columns = columns;
	f->options.n_columns = 5;
	f->options.format = CONFIG_BILLING_JSONL;
	f->options.masks = masks;
	f->options.n_masks = n_masks;
	fixture_restart(f);
	record_put_cstr(&w, RECORD_F_FROM_USER, from_user);
	record_put_cstr(&w, RECORD_F_TO_USER, "+49401234567");
	record_put_cstr(&w, RECORD_F_TO_TAG, "secret-tag");
	record_put_ip(&w, RECORD_F_SRC_IP, &ip);
	put_message(&w, "secret-tag", 1);
	put_message(&w, "other", 254);
	record_set_seq(buffer, ++f->seq);
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(store_put(f->store, PROBE, 2, buffer, w.len, &f->e), 0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
	free(fixture_read(f, "manifest.jsonl", &before));
	fixture_step(f, true);
	char *manifest = fixture_read(f, "manifest.jsonl", NULL);
	fixture_value(manifest + before, "file", name, sizeof(name));
	free(manifest);
	return fixture_read(f, name, NULL);
}

static void
expect(struct fixture *f, const char *mask, const char *from_user, const char *has)
{
	char *text = bill(f, &mask, 1, from_user);

	if (strstr(text, has) == NULL)
		fail_msg("%s: no %s in %s", mask, has, text);
	free(text);
}

static void
test_keep(void **state)
{
	struct fixture *f = *state;

	expect(f, "from_user=keep_last:3", "+4930123456", "\"from_user\":\"********456\"");
	expect(f, "from_user=keep_last:0", "12", "\"from_user\":\"**\"");
	expect(f, "from_user=keep_last:30", "12", "\"from_user\":\"12\"");
	expect(f, "from_user=keep_first:4", "+4930123456", "\"from_user\":\"+493*******\"");
	expect(f, "from_user=keep_last:2", "j\xc3\xb6rg\xc3\xa4", "\"from_user\":\"***g\xc3\xa4\"");
	expect(f, "from_user=keep_first:2", "j\xc3\xb6rg\xc3\xa4", "\"from_user\":\"j\xc3\xb6***\"");
	expect(f, "src_ip=keep_first:20", "1", "\"src_ip\":\"10.20.16.0\"");
	expect(f, "src_ip=keep_first:24", "1", "\"cseq\":254,\"src_ip\":\"192.0.2.0\"");
	expect(f, "src_ip=keep_first:32", "1", "\"src_ip\":\"10.20.30.40\"");
	expect(f, "src_ip=keep_first:0", "1", "\"src_ip\":\"0.0.0.0\"");
	expect(f, "to_tag=keep_last:1", "1", "\"to_tag\":\"****r\"");
}

/* The tag stands in the record and in its flow. */
static void
test_nothing_left(void **state)
{
	static const char *const rules[] = {
		"to_tag=drop", "to_tag=hash", "to_tag=keep_last:1", "flow=drop"};
	struct fixture *f = *state;

	f->options.mask_key_file = key_file(f, KEY);
	for (size_t i = 0; i < base_count_of(rules); i++) {
		char *text = bill(f, &rules[i], 1, "1");
		assert_int_equal(strstr(text, "\"other\"") != NULL, 0);
		assert_int_equal(strstr(text, "secret-tag") != NULL, i == 3);
		assert_int_equal(strstr(text, "\"cseq\":254") != NULL, i != 3);
		free(text);
	}
}

static void
test_hash(void **state)
{
	static const char *const masks[] = {"from_user=hash", "to_tag=hash"};
	struct fixture *f = *state;
	char user[3][64], tag[64];

	for (int i = 0; i < 3; i++) {
		f->options.mask_key_file = key_file(f, i == 2 ? KEY "!" : KEY);
		char *text = bill(f, masks, 2, "+4930123456");
		fixture_value(text, "from_user", user[i], sizeof(user[i]));
		fixture_value(text, "to_tag", tag, sizeof(tag));
		assert_int_equal(strlen(user[i]), 32);
		/* the same tag in the record and in its first message */
		char *first = strstr(text, tag);
		assert_non_null(first);
		assert_non_null(strstr(first + 1, tag));
		free(text);
	}
	assert_string_equal(user[0], user[1]);
	assert_string_not_equal(user[0], user[2]);
	/* printf %s +4930123456 | openssl dgst -sha256 -hmac 0123456789abcdef */
	assert_string_equal(user[0], "b2f2726b42a6a7344a9335f03cdcde6f");
}

static void
test_refused(void **state)
{
	static const char *const hash = "from_user=hash", *const wrong = "from_user=shout";
	struct fixture *f = *state;
	struct sinks_billing *b;

	sinks_billing_close(f->b);
	f->b = NULL;
	f->options.masks = &hash;
	f->options.n_masks = 1;
	assert_int_equal(
		sinks_billing_open(&b, f->store, &f->options, &f->e), -BASE_ERR_INVALID);
	assert_non_null(strstr(f->e.text, "mask_key_file"));
	f->options.mask_key_file = key_file(f, "short");
	assert_int_equal(
		sinks_billing_open(&b, f->store, &f->options, &f->e), -BASE_ERR_INVALID);
	assert_non_null(strstr(f->e.text, "shorter than 16"));
	f->options.mask_key_file = "/nonexistent/key";
	assert_true(sinks_billing_open(&b, f->store, &f->options, &f->e) < 0);
	f->options.masks = &wrong;
	assert_int_equal(
		sinks_billing_open(&b, f->store, &f->options, &f->e), -BASE_ERR_INVALID);
	assert_non_null(strstr(f->e.text, "'shout' is none of"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_keep),
		FIXTURE_TEST(test_nothing_left),
		FIXTURE_TEST(test_hash),
		FIXTURE_TEST(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
