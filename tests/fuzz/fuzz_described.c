/* described: any JSON as the description of an event; what comes out must be well-formed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/params.h>

#include "happening.h"
#include "process.h"

enum { TS = 1000, DEPTH = 32 };

/* The one record the parsers under test would give to a batch. */
int gyr_emit_raw(struct gyr_batch *b, const void *event, size_t len)
{
	struct gyr_params params;

	(void)b;
	if (((const ss_plugin_event *)event)->len != len || gyr_params_read(event, &params))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	json_object *json, *own = NULL;
	struct process p;
	struct bytes out = {0};
	struct fault f = {.text = ""};
	struct gyr_params params;
	int r;

	json = json_tokener_parse_ex(tokener, (const char *)data, (int)size);
	if (json_object_is_type(json, json_type_object)) {
		(void)json_object_object_get_ex(json, "process", &own);
		if (own)
			(void)process_tell(own, NULL, &f);
		r = process_read(own, 0, &p, &f);
		if (r == 0)
			r = happening_put(json, &p, TS, &out, &f);
		if (r == 0 && gyr_params_read((const ss_plugin_event *)(void *)out.p, &params))
			abort();
		if (r && !*f.text)
			abort();
		process_deinit(&p);
	}
	bytes_deinit(&out);
	json_object_put(json);
	json_tokener_free(tokener);
	return 0;
}
