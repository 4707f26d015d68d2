/*
 * compat_scap_blocks: reads every recording of the shared cases to its end, and compares the numbers
 * of blocks and events with those that golden_cases.json has. compat_scap_blocks [-v] DIR.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <gyr/abi.h>

#include "scap.h"

struct count {
	struct scap_stats stats;
	uint64_t n_shown;
	char error[256];
};

static bool is_record(const ss_plugin_event *evt)
{
	return evt->type == GYR_EVENT_ASYNC && memcmp((const char *)evt + 42, "gyr.", 4) == 0;
}

static bool play(const char *path, struct count *ret)
{
	struct scap *s;
	ss_plugin_event *evt;
	int r;

	memset(ret, 0, sizeof *ret);
	if (scap_open(path, &s, ret->error, sizeof ret->error))
		return false;
	do {
		r = scap_next(s, &evt);
		if (r == SCAP_E_RECYCLE)
			scap_recycle(s);
		else if (r == 0)
			ret->n_shown += !is_record(evt);
	} while (r == 0 || r == SCAP_E_RECYCLE);
	ret->stats = *scap_stats(s);
	(void)snprintf(ret->error, sizeof ret->error, "%s", scap_error(s));
	(void)scap_close(s);
	return r == SCAP_E_EOF;
}

static uint64_t wanted(struct json_object *o, const char *key)
{
	return (uint64_t)json_object_get_int64(json_object_object_get(o, key));
}

static bool is_as_wanted(struct json_object *want, const struct count *got)
{
	struct json_object *blocks = json_object_object_get(want, "blocks");

	for (unsigned i = 1; scap_block_name(i); i++) {
		if (got->stats.n_blocks[i] != wanted(blocks, scap_block_name(i)))
			return false;
	}
	return got->n_shown == wanted(want, "n_events");
}

static bool check_case(const char *dir, struct json_object *one)
{
	char path[4096];
	struct count got;

	(void)snprintf(path, sizeof path, "%s/%s", dir,
		       json_object_get_string(json_object_object_get(one, "capture")));
	return play(path, &got) &&
	       (!json_object_object_get(one, "blocks") || is_as_wanted(one, &got));
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[argc - 1] : "../shared/cases";
	char path[4096];
	struct json_object *file, *cases;
	unsigned n_passed = 0, n_failed = 0;

	(void)snprintf(path, sizeof path, "%s/golden_cases.json", dir);
	file = json_object_from_file(path);
	if (!file) {
		(void)fprintf(stderr, "compat_scap_blocks: %s: cannot be read\n", path);
		return 2;
	}
	cases = json_object_object_get(file, "cases");
	for (size_t i = 0; i < json_object_array_length(cases); i++) {
		struct json_object *one = json_object_array_get_idx(cases, i);
		const char *capture =
			json_object_get_string(json_object_object_get(one, "capture"));

		if (!capture || !strstr(capture, ".scap"))
			continue;
		if (check_case(dir, one)) {
			n_passed++;
			continue;
		}
		n_failed++;
		(void)printf("  failed: %s\n",
			     json_object_get_string(json_object_object_get(one, "id")));
	}
	(void)printf("  recordings: %u read as they should, %u not\n", n_passed, n_failed);
	(void)json_object_put(file);
	return n_failed != 0;
}
