/* Digits in INFO bodies, as gateways write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sip_info.h"

static void
digits_are_read_and_all_else_is_none(void **state)
{
	static const struct {
		const char *method, *type, *body;
		char digit;
		uint32_t ms;
	} cases[] = {
		{"INFO", "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5', 160},
		{"INFO", "application/dtmf-relay", "Signal= #\nDuration= 250", '#', 250},
		{"INFO", "Application/DTMF-Relay;charset=x", "signal = *\r\n", '*', 0},
		{"INFO", "application/dtmf-relay", "Duration=99\r\nSignal=10\r\n", '*', 99},
		{"INFO", "application/dtmf-relay", "Signal=11", '#', 0},
		{"INFO", "application/dtmf-relay", "Signal=hf\r\n", '!', 0},
		{"INFO", "application/dtmf-relay", "Signal=b\r\nDuration=999999999999\r\n", 'B', 0},
		{"INFO", "application/dtmf-relay", "Signal=17\r\n", 0, 0},
		{"INFO", "application/dtmf-relay", "Signal=\r\n", 0, 0},
		{"INFO", "application/dtmf-relay", "5", 0, 0},
		{"INFO", "application/dtmf", "7", '7', 0},
		{"INFO", "application/dtmf", " d\r\n", 'D', 0},
		{"INFO", "application/dtmf", "Signal=3\r\nDuration=80", '3', 80},
		{"INFO", "application/dtmf", "123", 0, 0},
		{"INFO", "application/broadsoft", "5", 0, 0},
		{"MESSAGE", "application/dtmf", "5", 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct sip_message m;
		struct sip_info_digit digit;
		char text[1024];
		int n = snprintf(text, sizeof(text),
			"%s sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
			"Call-ID: 1\r\nCSeq: 2 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
			cases[i].method, cases[i].method, cases[i].type, strlen(cases[i].body), cases[i].body);
		assert_int_equal(sip_parse(&m, (const uint8_t *)text, (uint32_t)n, true), n);
		assert_int_equal(sip_info_digit(&digit, &m), cases[i].digit != 0);
		if (cases[i].digit) {
			assert_int_equal(digit.digit, cases[i].digit);
			assert_int_equal(digit.duration_ms, cases[i].ms);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(digits_are_read_and_all_else_is_none)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
