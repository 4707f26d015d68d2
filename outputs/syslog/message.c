/*
 * message: header, structured data, text, all cut at one bound.
 */
#include "message.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Lengths of RFC 5424, section 6. */
enum { HOSTNAME_MAX = 255, APP_NAME_MAX = 48 };

/* Output that grows up to a bound and remembers what did not fit. */
struct writer {
	char *p;
	size_t len, max;
	bool is_cut;
};

static void put(struct writer *w, const char *text, size_t len)
{
	if (len > w->max - w->len) {
		len = w->max - w->len;
		w->is_cut = true;
	}
	memcpy(w->p + w->len, text, len);
	w->len += len;
}

static void putf(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void putf(struct writer *w, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	const int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n > 0)
		put(w, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* A word of the header: printable ASCII only, "-" when there is none. */
static void put_word(struct writer *w, const char *text, size_t max)
{
	size_t n = 0;

	for (; text && *text && n < max; text++) {
		if (*text > ' ' && *text < 0x7f) {
			put(w, text, 1);
			n++;
		}
	}
	if (n == 0)
		put(w, "-", 1);
}

/* ` name="value"`, with " \ ] escaped. */
static void put_pair(struct writer *w, const char *name, const char *value)
{
	putf(w, " %s=\"", name);
	for (const char *p = value ? value : ""; *p; p++) {
		if (*p == '"' || *p == '\\' || *p == ']')
			put(w, "\\", 1);
		put(w, p, 1);
	}
	put(w, "\"", 1);
}

static void put_data(struct writer *w, const struct gyr_alert *a)
{
	put(w, "[gyr@32473", 10);
	put_pair(w, "rule", a->rule);
	put_pair(w, "priority", a->priority_name);
	put_pair(w, "source", a->source);
	putf(w, " id=\"%016llx\"]", (unsigned long long)a->id);
}

static void put_local_head(struct writer *w, const struct message_setup *s)
{
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	const time_t now = time(NULL);
	struct tm tm = {0};

	(void)localtime_r(&now, &tm);
	putf(w, "%s %2d %02d:%02d:%02d ", months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min,
	     tm.tm_sec);
	put_word(w, s->app_name, APP_NAME_MAX);
	putf(w, "[%ld]: ", s->pid);
}

static void put_head(struct writer *w, const struct message_setup *s, const struct gyr_alert *a)
{
	const time_t t = (time_t)(a->ts / 1000000000);
	struct tm tm = {0};

	(void)gmtime_r(&t, &tm);
	putf(w, "1 %04d-%02d-%02dT%02d:%02d:%02d.%06uZ ", tm.tm_year + 1900, tm.tm_mon + 1,
	     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)(a->ts % 1000000000 / 1000));
	put_word(w, s->hostname && *s->hostname ? s->hostname : a->hostname, HOSTNAME_MAX);
	put(w, " ", 1);
	put_word(w, s->app_name, APP_NAME_MAX);
	putf(w, " %ld alert ", s->pid);
	if (s->has_data)
		put_data(w, a);
	else
		put(w, "-", 1);
	put(w, " \xef\xbb\xbf", 4); /* what follows is UTF-8 */
}

/* Room for the dots, and no part of a character before them. */
static void cut(struct writer *w)
{
	static const char dots[] = "...";
	size_t len = w->max - (sizeof dots - 1);

	while (len > 0 && (w->p[len] & 0xc0) == 0x80)
		len--;
	memcpy(w->p + len, dots, sizeof dots - 1);
	w->len = len + sizeof dots - 1;
}

size_t message_build(const struct message_setup *setup, const struct gyr_alert *a, char *out,
		     bool *ret_is_cut)
{
	struct writer w = {.p = out, .max = setup->max};

	putf(&w, "<%u>", setup->facility * 8 + (a->priority & 7));
	if (setup->is_local)
		put_local_head(&w, setup);
	else
		put_head(&w, setup, a);
	if (setup->body == MESSAGE_JSON)
		put(&w, a->json, a->json_len);
	else if (setup->body == MESSAGE_BARE)
		put(&w, a->message, a->message_len);
	else
		put(&w, a->text, a->text_len);
	if (w.is_cut)
		cut(&w);
	*ret_is_cut = w.is_cut;
	return w.len;
}
