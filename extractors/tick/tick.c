/*
 * tick: fields over what the ticker source emits. The smallest extractor, and the template for yours.
 */
#include <gyr/plugin.h>

static int tick_value(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	uint64_t n;

	if (gyr_read(evt, &n, sizeof n))
		return gyr_fail(p, -EBADMSG, "tick.value: payload is %zu bytes, want 8", evt->len);
	return gyr_set_u64(out, n);
}

static int tick_divisible(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	const uint64_t by = out->arg_index;
	uint64_t n;

	(void)p;
	if (by == 0 || gyr_read(evt, &n, sizeof n))
		return 0; /* nothing set: the event has no such value */
	return gyr_set_bool(out, n % by == 0);
}

PLUGIN(.name = "tick", .version = "0.1.0", .description = "Fields of ticker events",
       .contact = "the Gyr authors");
PLUGIN_EXTRACTOR(.sources = (const char *const[]){"ticker", NULL},
		 .fields = (const struct gyr_field[]){
			 {.name = "tick.value",
			  .type = GYR_U64,
			  .extract = tick_value,
			  .desc = "The count so far."},
			 {.name = "tick.divisible",
			  .type = GYR_BOOL,
			  .flags = GYR_ARG_INDEX | GYR_ARG_REQUIRED,
			  .extract = tick_divisible,
			  .desc = "Whether the count divides by the index."},
			 {0}});
