/*
 * fuzz_awsini: the text of ~/.aws/config; keys and values come without blanks around them, and never with a line break.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ini.h"

static int on_value(void *arg, const char *section, const char *key, const char *value,
		    unsigned line)
{
	unsigned *last = arg;
	const size_t len = strlen(value);

	if (line < *last || !*section || !*key || strchr(value, '\n') ||
	    (len && (value[0] == ' ' || value[len - 1] == ' ')))
		abort();
	*last = line;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aws_ini_stop stop;
	unsigned last = 0;
	const int r = aws_ini_read((const char *)data, size, on_value, &last, &stop);

	if (r != 0 && (!*stop.why || stop.line < last))
		abort();
	return 0;
}
