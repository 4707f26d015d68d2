#include "expect.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <gyr/events.h>
#include <gyr/params.h>

enum { LINE = 16384 };

struct out {
	char *at, *end;
};

static void add(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct out *o, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(o->at, (size_t)(o->end - o->at), format, args);
	va_end(args);
	o->at = n >= o->end - o->at ? o->end - 1 : o->at + n;
}

static void add_bytes(struct out *o, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		add(o, p[i] > ' ' && p[i] < 127 ? "%c" : "\\x%02x", p[i]);
}

static bool is_enum(uint8_t type)
{
	return type == GYR_PT_ENUMFLAGS8 || type == GYR_PT_ENUMFLAGS16 ||
	       type == GYR_PT_ENUMFLAGS32;
}

static void add_flags(struct out *o, const struct gyr_param_info *info, uint64_t v)
{
	const char *bar = "";

	for (uint32_t i = 0; i < info->flags->n; i++) {
		const struct gyr_flag *f = &info->flags->rows[i];

		if (is_enum(info->type) ? f->value == v : f->value && (v & f->value) == f->value) {
			add(o, "%s%s", bar, f->name);
			bar = "|";
			v &= ~(uint64_t)f->value;
			if (is_enum(info->type))
				return;
		}
	}
	if (v || !*bar)
		add(o, "%s%llu", bar, (unsigned long long)v);
}

static bool is_signed(uint8_t type)
{
	return type == GYR_PT_INT8 || type == GYR_PT_INT16 || type == GYR_PT_INT32 ||
	       type == GYR_PT_INT64 || type == GYR_PT_ERRNO || type == GYR_PT_FD ||
	       type == GYR_PT_PID;
}

static void add_value(struct out *o, const struct gyr_param_info *info, const struct gyr_params *p,
		      uint32_t i)
{
	const uint32_t size = gyr_type_size(info->type);
	const struct gyr_param *q = &p->at[i];
	const uint32_t text = info->type == GYR_PT_CHARBUF || info->type == GYR_PT_FSPATH ||
			      info->type == GYR_PT_FSRELPATH;

	if (size && q->len != size)
		add(o, "(%u-bytes)", q->len);
	else if (!size)
		add_bytes(o, q->data, q->len - (text && q->len && !q->data[q->len - 1]));
	else if (info->flags && size <= 4)
		add_flags(o, info, gyr_param_u64(p, i, 0));
	else if (is_signed(info->type))
		add(o, "%lld", (long long)gyr_param_i64(p, i, 0));
	else
		add(o, info->print == GYR_PF_OCT ? "0%llo" : "%llu",
		    (unsigned long long)gyr_param_u64(p, i, 0));
}

void expect_line(const ss_plugin_event *evt, char *line, size_t size)
{
	const struct gyr_event_info *info = gyr_event(evt->type);
	struct out o = {line, line + size};
	struct gyr_params p;
	uint32_t n;

	add(&o, "%s", info ? info->name : "?");
	if (gyr_params_read(evt, &p))
		add(&o, " MALFORMED");
	(void)gyr_event_params(evt->type, &n);
	if (p.n != n)
		add(&o, " (%u-parameters)", p.n);
	for (uint32_t i = 0; i < n && i < p.n; i++) {
		const struct gyr_param_info *q = gyr_event_param(evt->type, i);

		add(&o, " %s=", q->name);
		add_value(&o, q, &p, i);
	}
	if (gyr_params_cpu(evt, &p) < 0)
		add(&o, " NO-CPU");
}

/* ---- matching ---- */

/* Puts what {NAME} stands for. The end of it in the pattern. */
static const char *stand_in(const struct seen *seen, const char *pattern, struct out *o)
{
	const struct told *t = watch_told();
	const char *end = strchr(pattern, '}');

	if (!strncmp(pattern, "{pid}", 5))
		add(o, "%d", seen->family[0]);
	else if (!strncmp(pattern, "{ppid}", 6))
		add(o, "%d", getpid());
	else if (!strncmp(pattern, "{dir}", 5))
		add(o, "%s", watch_dir());
	else if (!strncmp(pattern, "{text}", 6))
		add(o, "%s", t->text);
	else
		add(o, "%ld", t->r[pattern[1] - '0']);
	return end + 1;
}

int expect_match(const struct seen *seen, const char *pattern, const char *line)
{
	char full[LINE];
	struct out o = {full, full + sizeof full};
	const char *p;

	while (*pattern) {
		if (*pattern == '{')
			pattern = stand_in(seen, pattern, &o);
		else
			add(&o, "%c", *pattern++);
	}
	for (p = full; *p && *line;) {
		if (*p == '*' && (p[1] == ' ' || !p[1])) {
			line += strcspn(line, " ");
			p++;
		} else if (*p++ != *line++) {
			return 0;
		}
	}
	return (!*p || !strcmp(p, "*")) && !*line;
}

void expect_show(const struct seen *seen)
{
	char line[LINE];

	for (size_t i = 0; i < seen->n; i++) {
		expect_line(seen->events[i], line, sizeof line);
		fprintf(stderr, "    %llu %s\n", (unsigned long long)seen->events[i]->tid, line);
	}
}

/* Fails if the process has an event called @name. */
static void expect_none(const struct seen *seen, const char *name)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->events[i]->tid == (uint64_t)seen->family[0] &&
		    !strcmp(gyr_event(seen->events[i]->type)->name, name))
			fail_msg("seen: %s", name);
}

void expect_lines(const struct seen *seen, const char *const *expected)
{
	char line[LINE];
	size_t at = 0;

	for (; *expected; expected++) {
		bool found = false;

		if (**expected == '!') {
			expect_none(seen, *expected + 1);
			continue;
		}
		for (; at < seen->n && !found; at++) {
			if (seen->events[at]->tid != (uint64_t)seen->family[0])
				continue;
			expect_line(seen->events[at], line, sizeof line);
			found = expect_match(seen, *expected, line);
		}
		if (!found) {
			fprintf(stderr, "  not seen: %s\n  but:\n", *expected);
			expect_show(seen);
			fail_msg("not seen: %s", *expected);
		}
	}
}
