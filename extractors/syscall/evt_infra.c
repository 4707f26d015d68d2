/* evt_infra: what events about the machine's containers, as old recordings have them, say in their
 * description: "Event: start; ID: 3ad7b26ded6d...; Name: web; Image: nginx". */
#include <string.h>

#include "fields.h"

enum { INFRA = 286, DESCRIPTION = 2, ID_SHOWN = 12 };

/* What follows @key in the description, up to the next semicolon, cut at @max; absent in other events. */
static int set_part(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
		    const char *key, size_t max)
{
	const struct cur *c = state_cur(p, evt);
	const char *at = evt->type == INFRA ? cur_str(c, DESCRIPTION) : NULL;
	const size_t len = strlen(key);

	while (at) {
		at += strspn(at, " \t");
		if (!strncmp(at, key, len)) {
			const char *value = at + len + strspn(at + len, " \t");
			size_t n = strcspn(value, ";");

			while (n && strchr(" \t\n", value[n - 1]))
				n--;
			return gyr_set_strn(out, value, n < max ? n : max);
		}
		at = strchr(at, ';');
		at += at != NULL;
	}
	return 0;
}

FIELD_FN(evt_infra_docker_name)
{
	return set_part(p, evt, out, "Event:", SIZE_MAX);
}

FIELD_FN(evt_infra_docker_container_id)
{
	return set_part(p, evt, out, "ID:", ID_SHOWN);
}

FIELD_FN(evt_infra_docker_container_name)
{
	return set_part(p, evt, out, "Name:", SIZE_MAX);
}

FIELD_FN(evt_infra_docker_container_image)
{
	return set_part(p, evt, out, "Image:", SIZE_MAX);
}
