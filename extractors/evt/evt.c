/*
 * evt: the fields that every event has, whatever its source.
 *
 * Times come from the event. Texts of times are costly for what they are, so the part down to the
 * second is kept from one event to the next: most events share it with the one before. Local time is
 * that of the time zone at start (TZ, /etc/localtime).
 *
 * evt.reltime counts from the first event of this run that is no meta event; a parser sees it go by.
 */
#include <gyr/events.h>
#include <gyr/plugin.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NS = 1000000000, CATEGORY_META = 1 << 12 };

enum clock_format { CLOCK_TIME, CLOCK_DATETIME, CLOCK_ISO, N_CLOCKS };

/* One way to write a time down to the second, and the last result. */
struct clock_text {
	uint64_t sec;
	size_t len; /* 0: nothing kept yet */
	char text[40];
};

struct evt {
	uint64_t first_ts; /* 0: no event yet */
	struct clock_text clocks[N_CLOCKS];
	char hostname[HOST_NAME_MAX + 1];
};

static int evt_init(struct gyr *p)
{
	struct evt *s = gyr_state(p);
	const char *given = getenv("FALCO_HOSTNAME");

	tzset();
	if (given && *given) {
		const size_t len = strnlen(given, sizeof s->hostname - 1);

		memcpy(s->hostname, given, len);
	} else if (gethostname(s->hostname, sizeof s->hostname - 1)) {
		return gyr_fail(p, -errno, "init: host name: %s", strerror(errno));
	}
	return 0;
}

static bool event_is_meta(uint16_t type)
{
	const struct gyr_event_info *info = gyr_event(type);

	return info && (info->category & CATEGORY_META);
}

static int evt_parse(struct gyr *p, const struct gyr_event *evt)
{
	struct evt *s = gyr_state(p);

	if (s->first_ts == 0 && !event_is_meta(evt->type))
		s->first_ts = evt->ts;
	return s->first_ts ? GYR_DONE : 0;
}

/* ---- times as text ---- */

static size_t clock_write(enum clock_format format, const struct tm *tm, char *text, size_t size)
{
	switch (format) {
	case CLOCK_TIME:
		return strftime(text, size, "%H:%M:%S", tm);
	case CLOCK_DATETIME:
		return strftime(text, size, "%Y-%m-%d %H:%M:%S", tm);
	default:
		return strftime(text, size, "%Y-%m-%dT%H:%M:%S", tm);
	}
}

/* The time down to the second; NULL for one that has no text (a year of five digits is fine). */
static const struct clock_text *clock_text(struct gyr *p, enum clock_format format, uint64_t ts)
{
	struct evt *s = gyr_state(p);
	struct clock_text *c = &s->clocks[format];
	const uint64_t sec = ts / NS;
	const time_t t = (time_t)sec;
	struct tm tm;

	if (c->len && c->sec == sec)
		return c;
	if (format == CLOCK_ISO ? !gmtime_r(&t, &tm) : !localtime_r(&t, &tm))
		return NULL;
	c->len = clock_write(format, &tm, c->text, sizeof c->text);
	c->sec = sec;
	return c->len ? c : NULL;
}

static int set_clock(struct gyr_value *out, const struct clock_text *c)
{
	return c ? gyr_set_str(out, c->text) : 0;
}

/* The text, a point, nine digits, and what comes after. */
static int set_clock_ns(struct gyr_value *out, const struct clock_text *c, uint64_t ts,
			const char *tail)
{
	const size_t tail_len = strlen(tail);
	char *text = c ? gyr_scratch(out->p, c->len + 11 + tail_len) : NULL;

	if (!text)
		return c ? -ENOMEM : 0;
	memcpy(text, c->text, c->len);
	text[c->len] = '.';

	uint64_t ns = ts % NS;
	for (size_t i = 9; i > 0; i--, ns /= 10)
		text[c->len + i] = (char)('0' + ns % 10);
	memcpy(text + c->len + 10, tail, tail_len + 1);
	return gyr_set_str(out, text);
}

static int evt_time(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	return set_clock_ns(out, clock_text(p, CLOCK_TIME, evt->ts), evt->ts, "");
}

static int evt_time_s(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	return set_clock(out, clock_text(p, CLOCK_TIME, evt->ts));
}

static int evt_time_iso(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	return set_clock_ns(out, clock_text(p, CLOCK_ISO, evt->ts), evt->ts, "+0000");
}

static int evt_datetime(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	return set_clock_ns(out, clock_text(p, CLOCK_DATETIME, evt->ts), evt->ts, "");
}

static int evt_datetime_s(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	return set_clock(out, clock_text(p, CLOCK_DATETIME, evt->ts));
}

/* ---- times as numbers; the row's data says which part ---- */

enum part { WHOLE, SECONDS, NANOSECONDS };

static const enum part whole = WHOLE, seconds = SECONDS, nanoseconds = NANOSECONDS;

static int set_part(struct gyr_value *out, uint64_t ns)
{
	switch (*(const enum part *)out->field->data) {
	case SECONDS:
		return gyr_set_u64(out, ns / NS);
	case NANOSECONDS:
		return gyr_set_u64(out, ns % NS);
	case WHOLE:
		break;
	}
	return gyr_set_u64(out, ns);
}

static int evt_rawtime(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	return set_part(out, evt->ts);
}

static int evt_reltime(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	const struct evt *s = gyr_state(p);

	return set_part(out, evt->ts - s->first_ts);
}

/* ---- who made it ---- */

static int evt_num(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	return gyr_set_u64(out, evt->num);
}

static int evt_source(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	return evt->source ? gyr_set_str(out, evt->source) : 0;
}

static int evt_pluginname(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	const struct gyr_host *host = gyr_host();

	if (!host || evt->type != GYR_EVENT_PLUGIN)
		return 0;

	const char *name = host->plugin_name(gyr_owner(p), evt->plugin_id);
	return name ? gyr_set_str(out, name) : 0;
}

static int evt_plugininfo(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	const struct gyr_host *host = gyr_host();

	if (!host || evt->type != GYR_EVENT_PLUGIN)
		return 0;

	const ss_plugin_event_input in = {
		.evt = evt->raw, .evtnum = evt->num, .evtsrc = evt->source};
	const char *line = host->event_to_string(gyr_owner(p), &in);
	return line ? gyr_set_strn(out, line, strlen(line)) : 0;
}

static int evt_is_async(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	return gyr_set_bool(out, event_is_meta(evt->type));
}

static int evt_asynctype(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	if (!event_is_meta(evt->type))
		return 0;
	return gyr_set_str(out, evt->name ? evt->name : gyr_event(evt->type)->name);
}

static int evt_hostname(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	const struct evt *s = gyr_state(p);

	(void)evt;
	return s->hostname[0] ? gyr_set_str(out, s->hostname) : 0;
}

PLUGIN(.name = "evt", .version = "0.1.0", .description = "Fields that every event has",
       .contact = "the Gyr authors", .state_size = sizeof(struct evt), .init = evt_init);
PLUGIN_PARSER(.parse = evt_parse);

#define FIELD(n, t, fn, ...)                                     \
	{                                                        \
		.name = n, .type = t, .extract = fn, __VA_ARGS__ \
	}
PLUGIN_EXTRACTOR(.fields = (const struct gyr_field[]){
			 FIELD("evt.num", GYR_U64, evt_num, .role = "event_num",
			       .desc = "Number of the event in this run of its source, from 1."),
			 FIELD("evt.time", GYR_STRING, evt_time,
			       .desc = "Local time of the event with nanoseconds: "
				       "15:04:05.123456789."),
			 FIELD("evt.time.s", GYR_STRING, evt_time_s,
			       .desc = "Local time of the event: 15:04:05."),
			 FIELD("evt.time.iso8601", GYR_STRING, evt_time_iso,
			       .desc = "Date and time in UTC, ISO 8601, with nanoseconds."),
			 FIELD("evt.datetime", GYR_STRING, evt_datetime,
			       .desc = "Local date and time with nanoseconds."),
			 FIELD("evt.datetime.s", GYR_STRING, evt_datetime_s,
			       .desc = "Local date and time."),
			 FIELD("evt.rawtime", GYR_ABSTIME, evt_rawtime, .data = &whole,
			       .desc = "Time of the event, nanoseconds since the epoch."),
			 FIELD("evt.rawtime.s", GYR_ABSTIME, evt_rawtime, .data = &seconds,
			       .desc = "Time of the event, whole seconds since the epoch."),
			 FIELD("evt.rawtime.ns", GYR_ABSTIME, evt_rawtime, .flags = GYR_PADDED,
			       .data = &nanoseconds,
			       .desc = "Time of the event, the nanoseconds within its second."),
			 FIELD("evt.reltime", GYR_RELTIME, evt_reltime, .flags = GYR_PADDED,
			       .data = &whole,
			       .desc = "Nanoseconds since the first event of this run."),
			 FIELD("evt.reltime.s", GYR_RELTIME, evt_reltime, .data = &seconds,
			       .desc = "Whole seconds since the first event of this run."),
			 FIELD("evt.reltime.ns", GYR_RELTIME, evt_reltime, .flags = GYR_PADDED,
			       .data = &nanoseconds,
			       .desc = "The nanoseconds within the second of evt.reltime."),
			 FIELD("evt.pluginname", GYR_STRING, evt_pluginname,
			       .desc = "Name of the plugin whose source made the event."),
			 FIELD("evt.plugininfo", GYR_STRING, evt_plugininfo,
			       .desc = "One line that shows the event, made by the plugin of its "
				       "source."),
			 FIELD("evt.source", GYR_STRING, evt_source,
			       .desc = "Name of the event source."),
			 FIELD("evt.is_async", GYR_BOOL, evt_is_async,
			       .desc = "Whether the event came beside the source's own: injected "
				       "by a plugin, "
				       "or about the state of the machine."),
			 FIELD("evt.asynctype", GYR_STRING, evt_asynctype,
			       .desc = "Name of such an event; absent for all others."),
			 FIELD("evt.hostname", GYR_STRING, evt_hostname,
			       .desc = "Name of this host, or what the environment variable "
				       "FALCO_HOSTNAME "
				       "says."),
			 {0}});
