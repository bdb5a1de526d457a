/* The torture messages of RFC 4475 and RFC 5118, from captures outside the project: skipped (77)
 * where there are none. RINGTAP_CORPUS names their folder, else ../shared/corpus beside the source
 * root is tried. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sip_testing.h"

#define FILE_MAX (1 << 20)

static uint8_t file[FILE_MAX];
static uint8_t datagram[65536];

/* A capture (classic, little-endian, Ethernet, no options) read message by message. */
struct capture {
	const uint8_t *p, *end;
	uint32_t frame; /* number of the last frame taken, from 1 */
};

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The next UDP payload, IPv4 fragments put together in the order they come: false at the end. */
static bool
capture_next(struct capture *c, struct base_span *payload)
{
	uint32_t len = 0;

	while (c->end - c->p >= 16) {
		uint32_t n = le32(c->p + 8);
		const uint8_t *f = c->p + 16, *data;
		assert_true((ptrdiff_t)n <= c->end - f && n > 14);
		c->p = f + n;
		c->frame++;
		bool v6 = base_load_be16(f + 12) == 0x86dd;
		data = v6 ? f + 54 : f + 14 + (f[14] & 15) * 4;
		memcpy(datagram + len, data, (size_t)(c->p - data));
		len += (uint32_t)(c->p - data);
		if (v6 || !(base_load_be16(f + 20) & 0x2000)) {
			*payload = base_span_of(datagram + 8, len - 8);
			return true;
		}
	}
	return false;
}

static bool
capture_open(struct capture *c, const char *name)
{
	char path[2048];
	const char *root = getenv("RINGTAP_CORPUS");
	int fd;

	if (root)
		snprintf(path, sizeof(path), "%s/rfc/%s", root, name);
	else
		snprintf(path, sizeof(path), "%s/../shared/corpus/rfc/%s", source_root(), name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, file, sizeof(file));
	close(fd);
	assert_true(n > 24 && n < FILE_MAX);
	assert_int_equal(le32(file), 0xa1b2c3d4);
	*c = (struct capture){.p = file + 24, .end = file + n};
	return true;
}

struct expected {
	uint32_t frame;
	const char *name;
	uint32_t flags; /* exactly, SIP_FLAG_LF_ONLY apart */
	const char *call_id, *ruri_user, *ruri_host, *from_user, *from_host, *from_tag, *via_host;
	uint32_t cseq;
	int status; /* 0: a request */
};

#define START SIP_FLAG_BAD_START_LINE
#define URI SIP_FLAG_BAD_URI
#define HEADER SIP_FLAG_BAD_HEADER
#define LENGTH SIP_FLAG_BAD_LENGTH
#define CUT SIP_FLAG_TRUNCATED

static const struct expected rfc4475[] = {
	{1, "badaspec", URI, "badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3", "user", "example.org",
		"a.g.bell", "example.com", "433423", "host4.example.com", 3923239, 0},
	{2, "badbranch", 0, "badbranch.sadonfo23i420jv0as0derf3j3n", "user", "example.com",
		"caller", "example.org", "33242", "192.0.2.1", 8, 0},
	{3, "baddate", SIP_FLAG_BAD_DATE, "baddate.239423mnsadf3j23lj42--sedfnm234", "user",
		"example.com", "caller", "example.net", "2234923", "host.example.com", 1392934, 0},
	/* the capture lacks the empty line */
	{4, "baddn", HEADER | CUT, "baddn.31415@c.example.com", "t.watson", "example.org",
		"a.g.bell", "example.com", "43", "c.example.com", 3923239, 0},
	{5, "badinv01", HEADER | SIP_FLAG_BAD_CONTACT, "badinv01.0ha0isndaksdjasdf3234nas", "user",
		"example.com", "caller", "example.net", "134161461246", "192.0.2.15", 8, 0},
	{6, "badvers", SIP_FLAG_BAD_VERSION, "badvers.31417@c.example.com", "t.watson",
		"example.org", "a.g.bell", "example.com", "qweoiqpe", "c.example.com", 1, 0},
	{7, "bcast", 0, "bcast.0384840201234ksdfak3j2erwedfsASdf", "", "", "user", "example.com",
		"11141343", "192.0.2.198", 35, 200},
	{8, "bext01", 0, "bext01.0ha0isndaksdj", "user", "example.com", "caller", "example.net",
		"242etr", "fold-and-staple.example.com", 8, 0},
	{9, "bigcode", START, "bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i", "", "", "user",
		"example.com", "39ansfi3", "192.0.2.105", 353494, -1},
	{10, "clerr", LENGTH | CUT, "clerr.0ha0isndaksdjweiafasdk3", "user", "example.com",
		"caller", "example.net", "93942939o2", "host5.example.com", 8, 0},
	{11, "cparam01", 0, "cparam01.70710@saturn.example.com", "", "example.com", "watson",
		"example.com", "DkfVgjkrtMwaerKKpe", "saturn.example.com", 2, 0},
	{12, "cparam02", 0, "cparam02.70710@saturn.example.com", "", "example.com", "watson",
		"example.com", "838293", "saturn.example.com", 3, 0},
	{13, "dblreq", 0, "dblreq.0ha0isndaksdj99sdfafnl3lk233412", "", "example.com", "j.user",
		"example.com", "43251j3j324", "192.0.2.125", 8, 0},
	{14, "esc01", 0, "esc01.239409asdfakjkn23onasd0-3234", "sips%3Auser%40example.com",
		"example.net", "I%20have%20spaces", "example.net", "938", "host5.example.net",
		234234, 0},
	{15, "esc02", 0, "esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf", "", "registrar.example.com",
		"resource", "example.com", "f232jadfj23", "host.example.com", 29344, 0},
	{16, "escnull", 0, "escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd", "", "example.com",
		"null-%00-null", "example.com", "839923423", "host5.example.com", 14398234, 0},
	{17, "escruri", START, "escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5", "user",
		"example.com", "caller", "example.net", "341518", "host-of-the-hour.example.com",
		149209342, 0},
	{18, "insuf", SIP_FLAG_MISSING_HEADER, "", "user", "example.com", "", "", "", "192.0.2.95",
		193942, 0},
	{19, "intmeth", 0, "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
		"1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/", "example.com", "mundane",
		"example.com", "_token~1'+`*%!-.", "host1.example.com", 139122385, 0},
	{20, "inv2543", 0, "inv2543.1717@ift.client.example.com", "UserB", "example.com",
		"+13035551111", "ift.client.example.net", "", "iftgw.example.com", 56, 0},
	{21, "invut", 0, "invut.0ha0isndaksdjadsfij34n23d", "user", "example.com", "caller",
		"example.net", "8392034", "somehost.example.com", 235448, 0},
	{24, "longreq", 0,
		"longreq."
		"onereallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyr"
		"eallyreallyreallyreallyre"
		"allyreallyreallylongcallid",
		"user", "example.com",
		"amazinglylongcallernameamazinglylongcallernameamazinglylongcallernameamazinglylong"
		"callernameamazinglylongcallername",
		"example.net", NULL, "sip33.example.com", 3882340, 0},
	{25, "ltgtruri", START | URI, "ltgtruri.1@192.0.2.5", "user", "example.com", "caller",
		"example.net", "39291", "192.0.2.5", 1, 0},
	{26, "lwsdisp", 0, "lwsdisp.1234abcd@funky.example.com", "user", "example.com", "caller",
		"example.com", "323", "funky.example.com", 60, 0},
	{27, "lwsruri", START | URI, "lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423", "user",
		"example.com", "caller", "example.net", "231413434", "192.0.2.1", 2130706432, 0},
	{28, "lwsstart", START, "lwsstart.dfknq234oi243099adsdfnawe3@example.com", "user",
		"example.com", "caller", "example.net", "8814", "host1.example.com", 1893884, 0},
	{29, "mcl01", SIP_FLAG_REPEATED_HEADER, "mcl01.fhn2323orihawfdoa3o4r52o3irsdf", "user",
		"example.com", "other", "example.net", "3923942", "host5.example.net", 15932, 0},
	{30, "mismatch01", SIP_FLAG_CSEQ_MISMATCH, "mismatch01.dj0234sxdfl3", "user", "example.com",
		"caller", "example.net", "34525", "host.example.com", 8, 0},
	{31, "mismatch02", SIP_FLAG_CSEQ_MISMATCH, "mismatch02.dj0234sxdfl3", "user", "example.com",
		"caller", "example.net", "34525", "host.example.net", 8, 0},
	{32, "mpart01", 0, "3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..", "kumiko", "example.org",
		"fluffy", "example.com", "2fb0dcc9", "127.0.0.1", 1, 0},
	{33, "multi01", SIP_FLAG_REPEATED_HEADER, "multi01.98asdh@192.0.2.1", "user", "company.com",
		"caller", "example.com", "3413415", "192.0.2.25", 5, 0},
	{34, "ncl", LENGTH, "ncl.0ha0isndaksdj2193423r542w35", "user", "example.com", "caller",
		"example.net", "32394234", "192.0.2.53", 0, 0},
	{35, "noreason", 0, "noreason.asndj203insdf99223ndf", "", "", "user", "example.com",
		"39ansfi3", "192.0.2.105", 35, 100},
	{36, "novelsc", SIP_FLAG_UNKNOWN_SCHEME, "novelsc.asdfasser0q239nwsdfasdkl34", "", "",
		"caller", "example.net", "384", "host9.example.com", 3923423, 0},
	{37, "quotbal", HEADER, "quotbal.aksdj", "user", "example.com", "caller", "example.net",
		"93334", "192.0.2.59", 8, 0},
	{38, "regaut01", 0, "regaut01.0ha0isndaksdj", "", "example.com", "j.user", "example.com",
		"87321hj23128", "192.0.2.253", 9338, 0},
	{39, "regbadct", SIP_FLAG_BAD_CONTACT, "regbadct.k345asrl3fdbv@10.0.0.1", "", "example.com",
		"user", "example.com", "998332", "135.180.130.133", 1, 0},
	{40, "regescrt", 0, "regescrt.k345asrl3fdbv@192.0.2.1", "", "example.com", "user",
		"example.com", "8", "host5.example.com", 14398234, 0},
	{41, "scalar02", HEADER, "scalar02.23o0pd9vanlq3wnrlnewofjas9ui32", "", "example.com",
		"user", "example.com", "239232jh3", "host129.example.com", 0, 0},
	{42, "scalarlg", HEADER | SIP_FLAG_BAD_WARNING,
		"scalarlg.noase0of0234hn2qofoaf0232aewf2394r", "", "", "other", "example.net",
		"2easdjfejw", "host129.example.com", 0, 503},
	{43, "sdp01", 0, "sdp01.ndaksdj9342dasdd", "user", "example.com", "caller", "example.net",
		"234", "192.0.2.15", 8, 0},
	{44, "semiuri", 0, "semiuri.0ha0isndaksdj", "user", "example.com", "caller", "example.org",
		"33242", "192.0.2.1", 8, 0},
	{45, "test", START | SIP_FLAG_BAD_VERSION | SIP_FLAG_MISSING_HEADER | URI | HEADER,
		"test.0ha0isndaksdj@192.0.2.1", "alan", "jasomi.com", "ralph", "example.com", "",
		"", 0, 0},
	{46, "transports", 0, "transports.kijh4akdnaqjkwendsasfdj", "user", "example.com", "caller",
		"example.com", "323", "t1.example.com", 60, 0},
	{47, "trws", START, "trws.oicu34958239neffasdhr2345r", "remote-target", "example.com",
		"local-resource", "example.com", "329429089", "host1.examle.com", 238923, 0},
	{48, "unkscm", SIP_FLAG_UNKNOWN_SCHEME, "unkscm.nasdfasser0q239nwsdfasdkl34", "", "",
		"caller", "example.net", "384", "host9.example.com", 3923423, 0},
	{49, "unksm2", 0, "unksm2.daksdj@hyphenated-host.example.com", "", "example.com", "", "",
		"3234233", "192.0.2.21", 234902, 0},
	{50, "unreason", 0, "unreason.1234ksdfak3j2erwedfsASdf", "", "", "user", "example.com",
		"11141343", "192.0.2.198", 35, 200},
	{51, "wsinv", 0, "wsinv.ndaksdj@192.0.2.1", "vivekg", "chair-dnrc.example.com", "jdrosen",
		"example.com", "98asjd8", "192.0.2.2", 9, 0},
	{52, "zeromf", 0, "zeromf.jfasdlfnm2o2l43r5u0asdfas", "user", "example.com", "caller",
		"example.net", "3ghsd41", "host1.example.com", 39234321, 0},
};

static const struct expected rfc5118[] = {
	{1, "ipv4-mapped-ipv6", 0, "SSG9559905523997077@hlau_4100", "user", "example.com", "user",
		"east.example.com", "81x2", "[::ffff:192.0.2.10]", 612, 0},
	/* 4.2: without brackets the address is ambiguous, the request is malformed */
	{2, "ipv6-bad", URI, "SSG9559905523997077@hlau_4100", "", "2001", "user", "example.com",
		"81x2", "[2001:db8::9:1]", 98176, 0},
	/* 4.10: the third colon comes of the old ABNF, receivers may forgive it */
	{3, "ipv6-bug-abnf-3-colons", 0, "G9559905523997077@hlau_4100", "user",
		"[2001:db8:::192.0.2.1]", "user", "example.com", "810x2", "lab1.east.example.com",
		689, 0},
	{4, "ipv6-correct-abnf-2-colons", 0, "G9559905523997077@hlau_4100", "user",
		"[2001:db8::192.0.2.1]", "user", "example.com", "810x2", "lab1.east.example.com",
		689, 0},
	{5, "ipv6-good", 0, "SSG9559905523997077@hlau_4100", "", "[2001:db8::10]", "user",
		"example.com", "81x2", "[2001:db8::9:1]", 98176, 0},
	{6, "ipv6-in-sdp", 0, "SSG9559905523997077@hlau_4100", "user", "[2001:db8::10]", "user",
		"example.com", "81x2", "[2001:db8::20]", 8612, 0},
	{7, "mult-ip-in-header", 0, "997077@lau_4100", "user", "host.example.net", "user",
		"example.com", "81x2", "[2001:db8::9:1]", 89187, 0},
	{8, "mult-ip-in-sdp", 0, "SSG9559905523997077@hlau_4100", "user", "[2001:db8::10]", "user",
		"example.com", "81x2", "[2001:db8::9:1]", 8912, 0},
	{9, "port-ambiguous", 0, "SSG9559905523997077@hlau_4100", "", "[2001:db8::10:5070]", "user",
		"example.com", "81x2", "[2001:db8::9:1]", 98176, 0},
	{10, "port-unambiguous", 0, "SSG9559905523997077@hlau_4100", "", "[2001:db8::10]", "user",
		"example.com", "81x2", "[2001:db8::9:1]", 98176, 0},
	{11, "via-received-param-no-delim", 0, "SSG95523997077@hlau_4100", "", "[2001:db8::10]",
		"user", "example.com", "81x2", "[2001:db8::9:1]", 921, 0},
	{12, "via-received-param-with-delim", 0, "SSG9559905523997077@hlau_4100", "",
		"[2001:db8::10]", "user", "example.com", "81x2", "[2001:db8::9:1]", 321, 0},
};

static int wrong;

static void
same(const struct expected *e, const char *what, struct base_span got, const char *want)
{
	if (!want || base_span_eq(got, base_span_cstr(want)))
		return;
	fprintf(stderr, "%s: %s is '%.*s', expected '%s'\n", e->name, what, (int)got.len,
		(const char *)got.p, want);
	wrong++;
}

static void
check(const struct expected *e, struct base_span payload)
{
	struct sip_message m;
	struct sip_details d;
	int32_t n = sip_parse(&m, payload.p, payload.len, true);

	if (n <= 0 || m.len != (uint32_t)n || m.len > payload.len ||
		!sip_looks_like(payload.p, payload.len)) {
		fprintf(stderr, "%s: not recognised (%d)\n", e->name, n);
		wrong++;
		return;
	}
	sip_details_parse(&m, &d);
	uint32_t flags = d.flags & ~(uint32_t)SIP_FLAG_LF_ONLY;
	if (flags != e->flags || m.status != (e->status < 0 ? 0 : e->status) || m.cseq != e->cseq ||
		(m.method == SIP_METHOD_NONE) != (e->status != 0)) {
		fprintf(stderr, "%s: flags %#x expected %#x, status %u, cseq %u\n", e->name, flags,
			e->flags, m.status, m.cseq);
		wrong++;
	}
	same(e, "Call-ID", m.call_id, e->call_id);
	same(e, "Request-URI user", d.ruri.user, e->ruri_user);
	same(e, "Request-URI host", d.ruri.host, e->ruri_host);
	same(e, "From user", d.from.uri.user, e->from_user);
	same(e, "From host", d.from.uri.host, e->from_host);
	same(e, "From tag", m.from.tag, e->from_tag);
	if (!base_span_eq(m.from.tag, d.from.tag) || !base_span_eq(m.to.tag, d.to.tag) ||
		!base_span_eq(m.via.branch, d.via.branch)) {
		fprintf(stderr, "%s: the short way and the long way differ\n", e->name);
		wrong++;
	}
	same(e, "Via host", d.via.host, e->via_host);
}

/* Every message as a stream: whole or not, it comes out the same, and the framer agrees. */
static void
check_cuts(const struct expected *e, struct base_span payload)
{
	struct sip_message whole, m;
	struct sip_frame frame;
	int32_t n = sip_parse(&whole, payload.p, payload.len, false);

	if (n == SIP_PARTIAL)
		return; /* the body ends early */
	for (int32_t cut = 0; cut < n; cut++) {
		uint8_t *copy = heap_copy(payload.p, (uint32_t)cut);
		int32_t got = sip_parse(&m, copy, (uint32_t)cut, false);
		enum sip_frame_result framed = sip_frame_next(copy, (uint32_t)cut, false, &frame);
		free(copy);
		if (got == SIP_PARTIAL && framed == SIP_FRAME_NEED_MORE)
			continue;
		fprintf(stderr, "%s: cut at %d gives %d, %d\n", e->name, cut, got, framed);
		wrong++;
		return;
	}
	if (sip_frame_next(payload.p, payload.len, false, &frame) != SIP_FRAME_MESSAGE ||
		frame.len != (uint32_t)n) {
		fprintf(stderr, "%s: the framer has %u bytes, the parser %d\n", e->name, frame.len,
			n);
		wrong++;
	}
}

static void
run(const char *name, const struct expected *list, size_t n)
{
	struct capture c;
	struct base_span payload;
	size_t seen = 0;

	if (!capture_open(&c, name))
		skip();
	wrong = 0;
	while (capture_next(&c, &payload)) {
		assert_true(seen < n);
		assert_int_equal(list[seen].frame, c.frame);
		check(&list[seen], payload);
		check_cuts(&list[seen++], payload);
	}
	assert_int_equal(seen, n);
	assert_int_equal(wrong, 0);
}

static void
test_rfc4475(void **state)
{
	run("rfc4475_torture.pcap", rfc4475, base_count_of(rfc4475));
}

static void
test_rfc5118(void **state)
{
	run("rfc5118_ipv6.pcap", rfc5118, base_count_of(rfc5118));
}

int
main(void)
{
	struct capture c;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc4475), cmocka_unit_test(test_rfc5118)};

	if (!capture_open(&c, "rfc4475_torture.pcap") || !capture_open(&c, "rfc5118_ipv6.pcap")) {
		fprintf(stderr, "skipped: no corpus/rfc captures (set RINGTAP_CORPUS)\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
