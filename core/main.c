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

/* What was asked for beside a run, by a word or by an option; a run when it was neither. */
static int run(struct setup *s, struct err *err)
{
	const struct options *o = s->opts;
	const struct {
		const char *word;
		int (*run)(struct setup *s, struct err *err);
	} commands[] = {{"explain", cmd_explain}, {"top", cmd_top}, {"test", cmd_test}};
	const struct {
		bool is_asked;
		int (*run)(struct setup *s, struct err *err);
	} questions[] = {
		{o->version, cmd_version},
		{o->plugin_info, cmd_plugin_info},
		{o->list_plugins, cmd_list_plugins},
		{o->list_events, cmd_list_events},
		{o->ignored_events, cmd_ignored_events},
		{o->list, cmd_list_fields},
		{o->support, cmd_support},
		{o->validate.n > 0, cmd_validate},
		{o->describe_rules || o->describe_rule, cmd_describe},
	};

	for (size_t i = 0; o->command && i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(o->command, commands[i].word) == 0)
			return commands[i].run(s, err);
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		if (questions[i].is_asked)
			return questions[i].run(s, err);
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
	if (r < 0 || run_plain(&options)) {
		; /* all is said */
	} else if (options.command && strcmp(options.command, "fmt") == 0) {
		r = cmd_fmt(&options, &err);
	} else {
		r = setup_init(&setup, &options, &err);
		if (r == 0)
			r = run(&setup, &err);
		setup_deinit(&setup);
	}
	r = tell(r, &err);
	options_deinit(&options);
	return r;
}
