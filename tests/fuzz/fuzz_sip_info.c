/* fuzz_sip_info: any bytes as the body of an INFO, of both types. */
#include <assert.h>

#include "sip_info.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"application/dtmf-relay", "application/dtmf"};
	static struct sip_message m;
	struct sip_info_digit digit;

	if (size > 4096)
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		char head[256];
		struct base_text t = base_text_of(head, sizeof(head));
		base_text_str(&t, "INFO sip:a@b SIP/2.0\r\nContent-Type: ");
		base_text_str(&t, types[i]);
		base_text_str(&t, "\r\n\r\n");
		assert(sip_parse(&m, (const uint8_t *)head, (uint32_t)t.len, true) > 0);
		m.body = base_span_of(data, (uint32_t)size);
		if (sip_info_digit(&digit, &m))
			assert(digit.digit && digit.duration_ms <= 600000);
	}
	return 0;
}
