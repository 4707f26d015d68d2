/*
 * main: argv to a command, its answer to an exit status.
 *
 * Exit status: 0 done, 1 error at run time, 2 wrong usage or invalid input.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/cmd.h"
#include "engine.h"
#include "ruleset/report.h"

/* A descriptor that came closed would be given to the next file opened, and alerts be written into
 * it. What takes its place here fails when it is used the wrong way. */
static void hold_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY);
}

static int print(void (*fill)(struct buf *b))
{
	struct buf b;

	buf_init(&b, 16 << 20);
	fill(&b);
	(void)fwrite(b.p ? b.p : "", 1, b.len, stdout);
	if (b.len && b.p[b.len - 1] != '\n')
		(void)putchar('\n');
	buf_deinit(&b);
	return 0;
}

/* Commands that need nothing but themselves; false: it is none of them. */
static bool run_plain(const struct options *o)
{
	if (o->help)
		return print(options_help) == 0;
	if (o->config_schema)
		return print(config_schema) == 0;
	if (o->rule_schema)
		return print(rules_schema) == 0;
	if (o->page_size)
		return printf("%ld\n", sysconf(_SC_PAGESIZE)) > 0;
	return false;
}

static int run(struct setup *s, struct err *err)
{
	const struct options *o = s->opts;

	if (o->command && strcmp(o->command, "explain") == 0)
		return cmd_explain(s, err);
	if (o->command && strcmp(o->command, "top") == 0)
		return cmd_top(s, err);
	if (o->command && strcmp(o->command, "test") == 0)
		return cmd_test(s, err);
	if (o->version)
		return cmd_version(s, err);
	if (o->plugin_info)
		return cmd_plugin_info(s, err);
	if (o->list_plugins)
		return cmd_list_plugins(s, err);
	if (o->list_events)
		return cmd_list_events(s, err);
	if (o->ignored_events)
		return cmd_ignored_events(s, err);
	if (o->list)
		return cmd_list_fields(s, err);
	if (o->support)
		return cmd_support(s, err);
	if (o->validate.n)
		return cmd_validate(s, err);
	if (o->describe_rules || o->describe_rule)
		return cmd_describe(s, err);
	return engine_run(s, err);
}

static int tell(int r, const struct err *err)
{
	if (r >= 0)
		return r;
	(void)fflush(stdout);
	(void)fprintf(stderr, "gyr: %s", err->is_set ? err->text : strerror(-r));
	(void)fprintf(stderr, err->hint[0] ? " (%s)\n" : "%s\n", err->hint);
	return r == -ENOMEM ? 1 : 2;
}

int main(int argc, char **argv)
{
	static struct options options;
	static struct setup setup;
	struct err err = ERR_NULL;
	int r;

	hold_standard_streams();
	options_init(&options);
	r = options_parse(&options, argc, argv, &err);
	if (r == 0 && options.command && strcmp(options.command, "fmt") == 0) {
		r = cmd_fmt(&options, &err);
	} else if (r == 0 && !run_plain(&options)) {
		r = setup_init(&setup, &options, &err);
		if (r == 0)
			r = run(&setup, &err);
		setup_deinit(&setup);
	}
	r = tell(r, &err);
	options_deinit(&options);
	return r;
}
