/*
 * dice_log: an output that numbers alerts on standard error.
 */
#include <stdio.h>

#include <gyr/plugin.h>

struct dice_log {
	unsigned long n;
};

static int dice_log_send(struct gyr *p, void *inst, const struct gyr_alert *a)
{
	struct dice_log *l = inst;

	if (fprintf(stderr, "%lu: %s\n", l->n + 1, a->text) < 0)
		return gyr_fail(p, -EIO, "send: rule '%s'", a->rule);
	l->n++;
	return 0;
}

PLUGIN(.name = "dice_log", .version = "0.1.0", .description = "Alerts, numbered",
       .contact = "you@example.org");
PLUGIN_OUTPUT(.instance_size = sizeof(struct dice_log), .send = dice_log_send);
