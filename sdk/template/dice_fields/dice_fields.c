/*
 * dice_fields: what can be asked of a throw.
 */
#include <gyr/plugin.h>

static int dice_eyes(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	unsigned char eyes;

	if (gyr_read(evt, &eyes, 1))
		return gyr_fail(p, -EBADMSG, "dice.eyes: %zu bytes are no throw", evt->len);
	return gyr_set_u64(out, eyes);
}

PLUGIN(.name = "dice_fields", .version = "0.1.0", .description = "Fields of throws of a die",
       .contact = "you@example.org");
PLUGIN_EXTRACTOR(.sources = (const char *const[]){"dice", NULL},
		 .fields = (const struct gyr_field[]){{.name = "dice.eyes",
						       .type = GYR_U64,
						       .extract = dice_eyes,
						       .desc = "What the die shows, 1 to 6."},
						      {0}});
