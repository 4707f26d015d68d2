/*
 * clock: fields over the time of an event, whatever its source.
 *
 * Shows the whole of an extractor: a function a field, a row a field, and what it is called.
 */
#include <time.h>

#include <gyr/plugin.h>

static int clock_hour(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	uint64_t seconds = evt->ts / 1000000000;

	(void)p;
	return gyr_set_u64(out, seconds / 3600 % 24);
}

static int clock_weekday(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	time_t t = (time_t)(evt->ts / 1000000000);
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return gyr_fail(p, -ERANGE, "clock.weekday: no such time");
	return gyr_set_str(out, days[tm.tm_wday]);
}

PLUGIN(.name = "clock", .version = "0.1.0", .description = "Fields of the time of day",
       .contact = "you@example.org");
PLUGIN_EXTRACTOR(.fields = (const struct gyr_field[]){
			 {.name = "clock.hour",
			  .type = GYR_U64,
			  .extract = clock_hour,
			  .desc = "Hour of the event in UTC, 0 to 23"},
			 {.name = "clock.weekday",
			  .type = GYR_STRING,
			  .extract = clock_weekday,
			  .desc = "Day of the week of the event in UTC: Mon, Tue, ..."},
			 {0}});
