/*
 * fuzz_config: bytes as a configuration and, behind a NUL, as options; then everything that reads it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/config_rules.h"

enum { MAX_OPTIONS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_it(struct config *c)
{
	const struct rules_selection *s;
	const struct rules_append_output *a;
	struct err err = ERR_NULL;
	struct buf b;
	uint32_t n;

	(void)config_selections(c, &s, &n, &err);
	(void)config_append_outputs(c, &a, &n, &err);
	(void)config_u64(c, "webserver.listen_port");
	(void)config_bool(c, "json_output");
	buf_init(&b, 1 << 20);
	config_node_json(&b, c->root);
	buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *options[MAX_OPTIONS];
	struct config_settings settings = {.items = options};
	char *text = malloc(size + 1), *at;
	size_t len;
	struct config c;
	struct err err = ERR_NULL;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	len = strlen(text);
	for (at = text + len; at < text + size && settings.n < MAX_OPTIONS; at += strlen(at)) {
		at++;
		/* No files: the file system is not under test. */
		if (strncmp(at, "config_files", 12) != 0)
			options[settings.n++] = at;
	}
	config_init(&c);
	if (!strstr(text, "config_files") &&
	    config_load_text(&c, "fuzz.yaml", (struct str){text, len}, &settings, &err) == 0)
		read_it(&c);
	config_deinit(&c);
	free(text);
	return 0;
}
