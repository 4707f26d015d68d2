/*
 * fuzz_syslog: an address, and a message whose texts are the input, at a bound that the first two
 * bytes choose. Whatever an alert says, the message keeps its bound, and with a clean alert's header
 * no newline appears that the text did not have.
 */
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "message.h"

enum { LEAST = 480, MOST = 4096 };

static void check_address(const char *text)
{
	struct address a;
	const char *why = NULL;

	if (address_parse(text, &a, &why) == 0) {
		if (!*a.host || (a.transport != TRANSPORT_LOCAL && !*a.port))
			abort();
	} else if (!why) {
		abort();
	}
}

static size_t count(const char *text, size_t len, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == c;
	return n;
}

static void check_message(const char *text, uint8_t shape, size_t max)
{
	const struct message_setup setup = {.is_local = shape & 1,
					    .has_data = shape & 2,
					    .body = MESSAGE_TEXT,
					    .facility = 1,
					    .pid = 1,
					    .app_name = text,
					    .hostname = shape & 4 ? text : "",
					    .max = max};
	const struct gyr_alert a = {.size = sizeof a,
				    .priority = shape >> 5,
				    .ts = (uint64_t)shape << 55,
				    .rule = "rule",
				    .priority_name = "Warning",
				    .source = "source",
				    .hostname = text,
				    .text_len = (uint32_t)strlen(text),
				    .text = text};
	char *out = malloc(max);
	bool is_cut;

	if (!out)
		return;
	const size_t len = message_build(&setup, &a, out, &is_cut);
	if (len > max || count(out, len, '\n') > count(text, a.text_len, '\n'))
		abort();
	if (is_cut && memcmp(out + len - 3, "...", 3) != 0)
		abort();
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[8192];

	if (size < 2)
		return 0;
	const size_t len = size - 2 < sizeof text - 1 ? size - 2 : sizeof text - 1;

	memcpy(text, data + 2, len);
	text[len] = '\0';
	check_address(text);
	check_message(text, data[0], LEAST + (size_t)data[1] * (MOST - LEAST) / 255);
	return 0;
}
