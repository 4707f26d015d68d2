/*
 * dice: a source of throws. An event's payload is one byte, 1 to 6.
 */
#include <stdlib.h>

#include <gyr/plugin.h>

struct dice {
	uint64_t throws, seed;
	uint64_t n;
	unsigned rand;
};

static int dice_open(struct gyr *p, void *inst, const char *params)
{
	struct dice *d = inst;

	(void)p;
	(void)params; /* the rows below have read it */
	d->rand = (unsigned)d->seed;
	return 0;
}

static int dice_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct dice *d = inst;
	unsigned char eyes;

	(void)p;
	if (d->n++ == d->throws)
		return GYR_EOF;
	eyes = (unsigned char)(rand_r(&d->rand) % 6 + 1);
	return gyr_emit(out, GYR_NOW, &eyes, 1);
}

PLUGIN(.name = "dice", .version = "0.1.0", .description = "Throws of a die",
       .contact = "you@example.org");
PLUGIN_SOURCE(.id = 998, .name = "dice", .instance_size = sizeof(struct dice),
	      .params = (const struct gyr_option[]){GYR_OPT_U64(struct dice, throws, "1",
								"how often", .bare = true),
						    GYR_OPT_U64(struct dice, seed, "1",
								"where chance begins"),
						    {0}},
	      .open = dice_open, .next = dice_next);
