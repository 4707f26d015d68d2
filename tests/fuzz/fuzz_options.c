/*
 * fuzz_options: any text as a plugin's configuration.
 *
 * Whatever it is, the plugin starts or says why not, and what it reads is complete: no option is
 * left without a value.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/plugin.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
	uint64_t number;
	const char *text, *deep;
	bool is_on;
	const char **items;
};

static const struct gyr_option rows[] = {
	GYR_OPT_U64(struct target, number, "5", "number", .min = 1, .max = 9),
	GYR_OPT_STR(struct target, text, "x", "text", .bare = true),
	GYR_OPT_STR(struct target, deep, "y", "deep", .key = "a.b.c"),
	GYR_OPT_BOOL(struct target, is_on, "true", "flag", .key = "a.on"),
	GYR_OPT_STRS(struct target, items, NULL, "items"),
	{0},
};

static const struct gyr_plugin plugin = {
	.name = "target", .version = "0.0.1", .state_size = sizeof(struct target), .options = rows};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	ss_plugin_rc rc;

	if (!text || size > 1 << 16) {
		free(text);
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';

	ss_plugin_t *s = gyr__init(&plugin, &(ss_plugin_init_input){.config = text}, &rc);
	free(text); /* the state has copies of what it needs */
	if (!s)
		return 0;
	if (rc == SS_PLUGIN_SUCCESS) {
		const struct target *t = gyr_state(s);

		if (t->number < 1 || t->number > 9 || !t->text || !t->deep || !t->items)
			abort();
		for (size_t i = 0; t->items[i]; i++)
			(void)strlen(t->items[i]);
	} else if (!*gyr__last_error(s)) {
		abort();
	}
	gyr__destroy(s);
	return 0;
}
