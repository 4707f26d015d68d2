/*
 * cmd_events: the types of events that rules may name, and the system calls no rule sees unless it
 * asks for them.
 */
#include <stdio.h>

#include "command/cmd.h"
#include "gyr/events.h"

/* Categories of the event schema: reading and writing of file descriptors. */
enum {
	CATEGORY_MASK = 0x1ff,
	CATEGORY_READ = 0x20,
	CATEGORY_WRITE = 0x21,
	CATEGORY_SCHEDULER = 0x80,
	CATEGORY_TRACEPOINT = 0x400,
};

static void event_row(struct buf *b, const struct gyr_event_info *e, enum options_format format)
{
	const char *way = e->is_exit ? "exit" : "enter";

	if (format == FORMAT_JSON)
		buf_printf(b, "%s{\"code\":%u,\"name\":\"%s\",\"direction\":\"%s\"}",
			   b->len > 1 ? "," : "", e->code, e->name, way);
	else if (format == FORMAT_MARKDOWN)
		buf_printf(b, "| %u | `%s` | %s |\n", e->code, e->name, way);
	else
		buf_printf(b, "%5u  %s %s\n", e->code, e->is_exit ? "<" : ">", e->name);
}

int cmd_list_events(struct setup *s, struct err *err)
{
	enum options_format format = s->opts->format;
	struct buf b;

	(void)err;
	buf_init(&b, 16 << 20);
	if (format == FORMAT_JSON)
		buf_add_char(&b, '[');
	else if (format == FORMAT_MARKDOWN)
		buf_add_cstr(&b, "| Code | Name | Direction |\n|--:|---|---|\n");
	for (uint16_t code = 0; code < gyr_event_count(); code++) {
		const struct gyr_event_info *e = gyr_event(code);

		if (!(e->flags & (GYR_EF_UNUSED | GYR_EF_OLD_VERSION)))
			event_row(&b, e, format);
	}
	if (format == FORMAT_JSON)
		buf_add_cstr(&b, "]\n");
	(void)fwrite(b.p, 1, b.len, stdout);
	buf_deinit(&b);
	return 0;
}

static bool moves_data(const struct gyr_event_info *e)
{
	const unsigned category = e->category & CATEGORY_MASK;

	return e->is_exit && (category == CATEGORY_READ || category == CATEGORY_WRITE) &&
	       !(e->flags & (GYR_EF_MODIFIES_STATE | GYR_EF_UNUSED));
}

/* Of the scheduler, or about no thread's calls at all: they come by the million. */
static bool is_frequent_tracepoint(const struct gyr_event_info *e)
{
	return e->category & CATEGORY_TRACEPOINT &&
	       ((e->category & CATEGORY_MASK) == CATEGORY_SCHEDULER ||
		e->flags & GYR_EF_SKIPPARSERESET) &&
	       !(e->flags & (GYR_EF_UNUSED | GYR_EF_OLD_VERSION));
}

static void print_events(bool (*is_one)(const struct gyr_event_info *e))
{
	for (uint16_t code = 0; code < gyr_event_count(); code++)
		if (is_one(gyr_event(code)))
			(void)printf("- %s\n", gyr_event(code)->name);
}

int cmd_ignored_events(struct setup *s, struct err *err)
{
	(void)s;
	(void)err;
	(void)printf("Ignored syscall(s), traced only when a rule names them:\n");
	print_events(moves_data);
	(void)printf("Ignored tracepoint(s), traced only when a rule names them:\n");
	print_events(is_frequent_tracepoint);
	return 0;
}
