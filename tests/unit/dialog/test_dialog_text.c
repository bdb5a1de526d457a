/* Texts of a dialog: what a message says is what is kept, whichever way it was put, whatever stands twice. */
#include "dialog_testing.h"

#define WORDS 7

/* Some share a length, some are as short as may be. */
static const char *const users[WORDS] = {"alice", "bobby", "+4930123456", "x", "", "a1", "alice-with-a-name-longer-than-one-block-of-a-chain-has-bytes-for"};
static const char *const hosts[WORDS] = {"x.test", "y.test", "10.0.0.1", "sbc.carrier.example.net", "alice", "a1", "h"};
static const char *const names[WORDS] = {"", "Alice", "alice", "x.test", "Al \\\"ice\\\"", "A", "a name of some length, as people have"};

struct parties {
	const char *from_tag, *from_user, *from_host, *from_name, *to_user, *to_host, *ruri_user, *ruri_host;
};

static struct parties
parties_any(uint64_t random)
{
	const char *words[8];

	for (int i = 0; i < 8; i++, random /= WORDS)
		words[i] = (i == 3 ? names : i % 2 && i != 0 && i != 3 ? users : hosts)[random % WORDS];
	return (struct parties){words[0], words[1], words[2], words[3], words[5], words[4], words[7], words[6]};
}

static void
user_put(struct base_text *t, const char *user, const char *at_host)
{
	base_text_str(t, "<sip:");
	base_text_str(t, user);
	base_text_str(t, user[0] ? "@" : "");
	base_text_str(t, at_host);
	base_text_str(t, ">");
}

/* An INVITE; folded: a line of it goes on in the next one, so that its texts are put one by one. */
static void
invite(struct fixture *f, const struct parties *p, const char *call_id, bool folded)
{
	static struct sip_message m;
	char text[4096];
	struct base_text t = base_text_of(text, sizeof(text));

	base_text_str(&t, "INVITE sip:");
	base_text_str(&t, p->ruri_user);
	base_text_str(&t, p->ruri_user[0] ? "@" : "");
	base_text_str(&t, p->ruri_host);
	base_text_str(&t, " SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\nCall-ID: ");
	base_text_str(&t, call_id);
	base_text_str(&t, "\r\nFrom: \"");
	base_text_str(&t, p->from_name);
	base_text_str(&t, "\" ");
	user_put(&t, p->from_user, p->from_host);
	base_text_str(&t, ";tag=");
	base_text_str(&t, p->from_tag);
	base_text_str(&t, "\r\nTo: ");
	user_put(&t, p->to_user, p->to_host);
	base_text_str(&t, folded ? "\r\n ;more\r\n\r\n" : "\r\n\r\n");
	assert_true(sip_parse(&m, (const uint8_t *)text, (uint32_t)t.len, true) > 0);
	dialog_receive(f->dialog, &(struct dialog_message){.sip = &m, .ts_ns = T0, .src = host(ALICE), .dst = host(BOB), .vlan = PACKET_VLAN_NONE, .transport = PACKET_UDP});
}

static void
text_is(struct dialog *d, const struct slot *s, enum slot_text which, const char *text)
{
	uint8_t scratch[256];
	struct base_span back;

	for (int known = 1; known >= 0; known--) { /* where they are; and looked for */
		d->texts_of = known ? d->texts_of : NULL;
		back = slot_text(d, s, which, scratch, sizeof(scratch));
		assert_int_equal(back.len, strlen(text));
		assert_memory_equal(back.p ? back.p : scratch, text, back.len);
	}
}

static void
parties_are(struct dialog *d, const struct slot *s, const struct parties *p)
{
	text_is(d, s, TEXT_FROM_TAG, p->from_tag);
	text_is(d, s, TEXT_FROM_USER, p->from_user);
	text_is(d, s, TEXT_FROM_HOST, p->from_host);
	text_is(d, s, TEXT_FROM_NAME, strchr(p->from_name, '\\') ? "Al \"ice\"" : p->from_name);
	text_is(d, s, TEXT_TO_USER, p->to_user);
	text_is(d, s, TEXT_TO_HOST, p->to_host);
	text_is(d, s, TEXT_RURI_USER, p->ruri_user);
	text_is(d, s, TEXT_RURI_HOST, p->ruri_host);
}

static void
parties_are_kept_whichever_way_they_are_put(void **state)
{
	struct fixture *f = fixture_new(4096);

	for (uint32_t i = 0; i < 1500; i++) {
		struct parties p = parties_any(base_hash_mix(i + 1));
		char ids[2][32];
		for (int folded = 0; folded < 2; folded++) {
			snprintf(ids[folded], sizeof(ids[folded]), "call-%u-%d", i, folded);
			invite(f, &p, ids[folded], folded);
			struct slot *s = &f->dialog->slots[2 * i + (uint32_t)folded];
			text_is(f->dialog, s, TEXT_CALL_ID, ids[folded]);
			parties_are(f->dialog, s, &p);
		}
		const struct slot *one = &f->dialog->slots[2 * i], *other = one + 1;
		assert_int_equal(one->texts, other->texts);
		/* as many bytes: what stands twice is kept once, either way */
		if (i > 200) /* by then every host is a shared one */
			assert_int_equal(one->text_chain.last % CHAIN_BLOCK, other->text_chain.last % CHAIN_BLOCK);
	}
	finish(f, 1000);
	for (uint32_t i = 1; i <= f->dialog->shared.fresh; i++)
		assert_int_equal(f->dialog->shared.entries[i].users, 0);
	fixture_free(f);
}

static void
parties_find_no_room_in_a_pool_that_is_used_up(void **state)
{
	struct fixture *f = fixture_new(64);
	struct parties p = parties_any(5);
	struct chain all = {0};

	while (chain_item_add(&f->dialog->pool, &all, CHAIN_BLOCK))
		;
	invite(f, &p, "first", false);
	assert_int_equal(f->dialog->slots[0].text_chain.head, 0);
	chain_free(&f->dialog->pool, &all);
	invite(f, &p, "second", false);
	parties_are(f->dialog, &f->dialog->slots[1], &p);
	fixture_free(f);
}

static void
a_to_tag_takes_the_place_of_another_and_comes_back(void **state)
{
	static const char *const tags[] = {"b1", "b2", "b1", "b3", "b2", "b2", "b1"};
	struct fixture *f = fixture_new(8);
	struct slot *s = &f->dialog->slots[0];
	uint8_t scratch[64];

	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	for (size_t i = 0; i < base_count_of(tags); i++) {
		struct chain_cursor at = {0};
		uint32_t notes = 0;
		slot_to_tag_set(f->dialog, s, base_span_cstr(tags[i]));
		text_is(f->dialog, s, TEXT_TO_TAG, tags[i]);
		for (const struct note *n; (n = slot_note_next(f->dialog, s, NOTE_TO_TAG, &at)); notes++)
			assert_false(base_span_eq(chain_text(&f->dialog->pool, n->text, scratch, sizeof(scratch)), base_span_cstr(tags[i])));
		assert_int_equal(notes, i == 0 ? 0 : i < 3 ? 1 : 2);
	}
	slot_to_tag_set(f->dialog, s, base_span_of(NULL, 0));
	text_is(f->dialog, s, TEXT_TO_TAG, "b1");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(parties_are_kept_whichever_way_they_are_put),
		cmocka_unit_test(parties_find_no_room_in_a_pool_that_is_used_up),
		cmocka_unit_test(a_to_tag_takes_the_place_of_another_and_comes_back)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
