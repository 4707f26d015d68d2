/*
 * options: one row an option; parsing and --help are made from the rows.
 *
 * A value may be attached ("--list=source", "-cFILE") or follow; --list takes only an attached one.
 * What is not an option is a source to open, NAME:PARAMS, or a command and what it takes.
 */
#include "config/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/nearest.h"

enum value { VALUE_NO, VALUE_YES, VALUE_ATTACHED };

struct option_row {
	char letter;
	const char *name; /* long; NULL for none */
	enum value value;
	const char *metavar;
	/* NULL: it does nothing any more. */
	int (*set)(struct options *o, const char *value, struct err *err);
	const char *help; /* NULL: not shown */
};

void options_init(struct options *o)
{
	*o = (struct options){0};
}

void options_deinit(struct options *o)
{
	arena_deinit(&o->arena);
	*o = (struct options){0};
}

static int list_add(struct options_list *l, const char *value, struct err *err)
{
	if (!value)
		return -ENOMEM;
	if (l->n == OPTIONS_MAX_LIST) {
		err_set(err, 0, 0, "'%s': more than %d of a kind", value, OPTIONS_MAX_LIST);
		return -EINVAL;
	}
	l->items[l->n++] = value;
	return 0;
}

#define SET_FLAG(name)                                                               \
	static int set_##name(struct options *o, const char *value, struct err *err) \
	{                                                                            \
		(void)value;                                                         \
		(void)err;                                                           \
		o->name = true;                                                      \
		return 0;                                                            \
	}
#define SET_TEXT(name)                                                               \
	static int set_##name(struct options *o, const char *value, struct err *err) \
	{                                                                            \
		(void)err;                                                           \
		o->name = value;                                                     \
		return 0;                                                            \
	}
#define SET_LIST(name)                                                               \
	static int set_##name(struct options *o, const char *value, struct err *err) \
	{                                                                            \
		return list_add(&o->name, value, err);                               \
	}

SET_FLAG(help)
SET_FLAG(version)
SET_FLAG(page_size)
SET_FLAG(config_schema)
SET_FLAG(rule_schema)
SET_FLAG(dry_run)
SET_FLAG(verbose)
SET_FLAG(unbuffered)
SET_FLAG(list_names_only)
SET_FLAG(list_events)
SET_FLAG(ignored_events)
SET_FLAG(list_plugins)
SET_FLAG(describe_rules)
SET_FLAG(check)
SET_FLAG(once)
SET_FLAG(base64)
SET_FLAG(profile)
SET_FLAG(support)
SET_TEXT(junit)
SET_TEXT(record)
SET_TEXT(config)
SET_TEXT(plugin_info)
SET_TEXT(describe_rule)
SET_TEXT(pidfile)
SET_LIST(rules)
SET_LIST(settings)
SET_LIST(validate)
SET_LIST(enable_sources)
SET_LIST(disable_sources)

/* What older releases called -A. */
static int set_every_call(struct options *o, const char *value, struct err *err)
{
	(void)value;
	return list_add(&o->settings, "base_syscalls.all=true", err);
}

/* What older releases called -S. */
static int set_snaplen(struct options *o, const char *value, struct err *err)
{
	return list_add(&o->settings, arena_printf(&o->arena, "falco_libs.snaplen=%s", value), err);
}

/* What older releases called -s and --stats-interval: snapshots of the metrics in a file. */
static int set_stats_file(struct options *o, const char *value, struct err *err)
{
	int r = list_add(&o->settings, "metrics.enabled=true", err);

	return r < 0 ? r
		     : list_add(&o->settings,
				arena_printf(&o->arena, "metrics.output_file=%s", value), err);
}

static int set_stats_interval(struct options *o, const char *value, struct err *err)
{
	return list_add(&o->settings, arena_printf(&o->arena, "metrics.interval=%sms", value), err);
}

/* What older releases called -e. */
static int set_recording(struct options *o, const char *value, struct err *err)
{
	int r = list_add(&o->settings, "engine.kind=replay", err);

	return r < 0 ? r
		     : list_add(&o->settings,
				arena_printf(&o->arena, "engine.replay.capture_file=%s", value),
				err);
}

static int set_list(struct options *o, const char *value, struct err *err)
{
	(void)err;
	o->list = true;
	o->list_source = value;
	return 0;
}

static int set_format(struct options *o, const char *value, struct err *err)
{
	static const char *const names[] = {"text", "markdown", "json"};

	for (unsigned i = 0; i < 3; i++) {
		if (strcasecmp(value, names[i]) != 0)
			continue;
		o->format = (enum options_format)i;
		o->has_format = true;
		return 0;
	}
	err_set(err, 0, 0, "--format %s: it is text, markdown or json", value);
	return -EINVAL;
}

static int set_markdown(struct options *o, const char *value, struct err *err)
{
	(void)value;
	o->format = FORMAT_MARKDOWN;
	o->has_markdown = true;
	return list_add(&o->notes, "--markdown is now --format markdown", err);
}

static int set_duration(struct options *o, const char *value, struct err *err)
{
	char *end;

	o->duration_s = strtod(value, &end);
	o->has_duration = true;
	if (*value && !*end && o->duration_s >= 0 && o->duration_s < 1e9)
		return 0;
	err_set(err, 0, 0, "-M %s: it is a number of seconds", value);
	return -EINVAL;
}

/* -p text: appended to the output of every rule; the short forms once chose one of three texts. */
static int set_print(struct options *o, const char *value, struct err *err)
{
	static const char *const old[] = {"c", "k", "m", "container", "kubernetes", "mesos"};

	for (unsigned i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		if (strcmp(value, old[i]) == 0)
			return list_add(&o->notes, "-p with a short name does nothing any more",
					err);
	return list_add(&o->settings,
			arena_printf(&o->arena, "append_output[].extra_output=%s", value), err);
}

static int add_selection(struct options *o, const char *what, const char *value, struct err *err)
{
	return list_add(&o->settings, arena_printf(&o->arena, "rules[].%s=%s", what, value), err);
}

static int set_without_rules(struct options *o, const char *value, struct err *err)
{
	return list_add(&o->settings, arena_printf(&o->arena, "rules[].disable.rule=*%s*", value),
			err);
}

static int set_without_tag(struct options *o, const char *value, struct err *err)
{
	return add_selection(o, "disable.tag", value, err);
}

static int set_only_tag(struct options *o, const char *value, struct err *err)
{
	for (uint32_t i = 0; i < o->settings.n; i++)
		if (strcmp(o->settings.items[i], "rules[].disable.rule=*") == 0)
			return add_selection(o, "enable.tag", value, err);
	if (add_selection(o, "disable.rule", "*", err) < 0)
		return -EINVAL;
	return add_selection(o, "enable.tag", value, err);
}

static const struct option_row rows[] = {
	{'h', "help", VALUE_NO, NULL, set_help, "this help"},
	{'c', NULL, VALUE_YES, "FILE", set_config, "configuration"},
	{'r', NULL, VALUE_YES, "PATH", set_rules,
	 "rules file, or folder of them (not of folders), in place of rules_files"},
	{'o', "option", VALUE_YES, "KEY=VALUE", set_settings, "set a key of the configuration"},
	{0, "enable-source", VALUE_YES, "NAME", set_enable_sources, "open only this event source"},
	{0, "disable-source", VALUE_YES, "NAME", set_disable_sources, "do not open this one"},
	{'M', NULL, VALUE_YES, "SECONDS", set_duration, "stop after this time"},
	{'p', "print", VALUE_YES, "TEXT", set_print, "append this to the output of all rules"},
	{'w', "record", VALUE_YES, "FILE", set_record, "write all events of the source there"},
	{'P', "pidfile", VALUE_YES, "FILE", set_pidfile, "write the process ID there"},
	{'U', "unbuffered", VALUE_NO, NULL, set_unbuffered, "outputs hold nothing back"},
	{'v', NULL, VALUE_NO, NULL, set_verbose, "say more about rules and what runs"},
	{0, "dry-run", VALUE_NO, NULL, set_dry_run, "load everything, then stop"},
	{'V', "validate", VALUE_YES, "FILE", set_validate, "check this rules file and stop"},
	{'L', NULL, VALUE_NO, NULL, set_describe_rules, "describe all rules and stop"},
	{'l', NULL, VALUE_YES, "RULE", set_describe_rule, "describe this rule and stop"},
	{0, "list", VALUE_ATTACHED, "=SOURCE", set_list, "list fields, of one event source or all"},
	{'N', NULL, VALUE_NO, NULL, set_list_names_only, "with --list: names alone"},
	{0, "list-events", VALUE_NO, NULL, set_list_events, "list event types"},
	{'i', NULL, VALUE_NO, NULL, set_ignored_events,
	 "list system calls that rules must name to see"},
	{0, "format", VALUE_YES, "FORMAT", set_format, "of lists: text, markdown or json"},
	{0, "list-plugins", VALUE_NO, NULL, set_list_plugins, "list the plugins of the registry"},
	{0, "plugin-info", VALUE_YES, "PLUGIN", set_plugin_info,
	 "describe a plugin, by name, ID or path"},
	{0, "config-schema", VALUE_NO, NULL, set_config_schema, "JSON schema of the configuration"},
	{0, "rule-schema", VALUE_NO, NULL, set_rule_schema, "JSON schema of rules files"},
	{0, "profile", VALUE_NO, NULL, set_profile, "at the end, what each rule and field cost"},
	{0, "once", VALUE_NO, NULL, set_once, "with top: print the view once"},
	{0, "check", VALUE_NO, NULL, set_check, "with fmt: only say what would change"},
	{0, "junit", VALUE_YES, "FILE", set_junit, "with test: the results as JUnit XML"},
	{0, "support", VALUE_NO, NULL, set_support,
	 "JSON for those who help: versions, system, configuration and rules as they are"},
	{0, "page-size", VALUE_NO, NULL, set_page_size, "the system's page size"},
	{0, "version", VALUE_NO, NULL, set_version, "versions of the program and its interfaces"},
	/* Of older releases. */
	{'D', NULL, VALUE_YES, NULL, set_without_rules, NULL},
	{'T', NULL, VALUE_YES, NULL, set_without_tag, NULL},
	{'t', NULL, VALUE_YES, NULL, set_only_tag, NULL},
	{0, "list-syscall-events", VALUE_NO, NULL, set_list_events, NULL},
	{0, "markdown", VALUE_NO, NULL, set_markdown, NULL},
	{'A', NULL, VALUE_NO, NULL, set_every_call, NULL},
	{'e', NULL, VALUE_YES, NULL, set_recording, NULL},
	{'b', "print-base64", VALUE_NO, NULL, set_base64, NULL},
	{0, "cri", VALUE_YES, NULL, NULL, NULL},
	{0, "disable-cri-async", VALUE_NO, NULL, NULL, NULL},
	{'d', "daemon", VALUE_NO, NULL, NULL, NULL},
	{'k', "k8s-api", VALUE_YES, NULL, NULL, NULL},
	{'K', "k8s-api-cert", VALUE_YES, NULL, NULL, NULL},
	{0, "k8s-node", VALUE_YES, NULL, NULL, NULL},
	{'m', "mesos-api", VALUE_YES, NULL, NULL, NULL},
	{'S', "snaplen", VALUE_YES, NULL, set_snaplen, NULL},
	{'s', NULL, VALUE_YES, NULL, set_stats_file, NULL},
	{0, "stats-interval", VALUE_YES, NULL, set_stats_interval, NULL},
	{'F', NULL, VALUE_YES, NULL, NULL, NULL},
	{'u', "userspace", VALUE_NO, NULL, NULL, NULL},
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct option_row *row_of_letter(char c)
{
	for (uint32_t i = 0; i < N_ROWS; i++)
		if (rows[i].letter == c)
			return &rows[i];
	return NULL;
}

static const struct option_row *row_of_name(struct str name)
{
	for (uint32_t i = 0; i < N_ROWS; i++)
		if (rows[i].name && str_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

static int unknown(struct str name, struct err *err)
{
	struct nearest near;

	err_set(err, 0, 0, "'--%.*s' is not an option", STR_FMT(name));
	nearest_init(&near, name);
	for (uint32_t i = 0; i < N_ROWS; i++)
		if (rows[i].name)
			nearest_offer(&near, str_from(rows[i].name));
	if (near.best.p)
		err_hint(err, "did you mean '--%.*s'?", STR_FMT(near.best));
	else
		err_hint(err, "--help lists all options");
	return -EINVAL;
}

static int need_value(const char *arg, struct err *err)
{
	err_set(err, 0, 0, "'%s' needs a value", arg);
	err_hint(err, "--help lists all options");
	return -EINVAL;
}

static int apply(struct options *o, const struct option_row *row, const char *value,
		 struct err *err)
{
	if (row->set)
		return row->set(o, value, err);
	if (row->name)
		return list_add(&o->notes,
				arena_printf(&o->arena, "--%s does nothing any more", row->name),
				err);
	return list_add(&o->notes,
			arena_printf(&o->arena, "-%c does nothing any more", row->letter), err);
}

/* "--name", "--name=value", "--name value". Returns how many further arguments were taken. */
static int parse_long(struct options *o, const char *arg, const char *next, struct err *err)
{
	const char *equals = strchr(arg + 2, '=');
	struct str name = {arg + 2, equals ? (size_t)(equals - arg) - 2 : strlen(arg + 2)};
	const struct option_row *row = row_of_name(name);
	const char *value = equals ? equals + 1 : NULL;
	int r;

	if (!row)
		return unknown(name, err);
	if (value && row->value == VALUE_NO) {
		err_set(err, 0, 0, "'--%s' takes no value", row->name);
		return -EINVAL;
	}
	if (!value && row->value == VALUE_YES && !next)
		return need_value(arg, err);
	r = apply(o, row, !value && row->value == VALUE_YES ? next : value, err);
	return r < 0 ? r : !value && row->value == VALUE_YES;
}

/* "-abc", "-c value", "-cvalue", "-c=value" is the value "=value". */
static int parse_short(struct options *o, const char *arg, const char *next, struct err *err)
{
	for (const char *c = arg + 1; *c; c++) {
		const struct option_row *row = row_of_letter(*c);
		int r;

		if (!row) {
			err_set(err, 0, 0, "'-%c' is not an option", *c);
			err_hint(err, "--help lists all options");
			return -EINVAL;
		}
		if (row->value == VALUE_YES && !c[1] && !next)
			return need_value(arg, err);
		r = apply(o, row, row->value != VALUE_YES ? NULL : c[1] ? c + 1 : next, err);
		if (r < 0)
			return r;
		if (row->value == VALUE_YES)
			return !c[1];
	}
	return 0;
}

static int check(const struct options *o, struct err *err)
{
	if (o->enable_sources.n && o->disable_sources.n) {
		err_set(err, 0, 0, "--enable-source and --disable-source exclude each other");
		return -EINVAL;
	}
	if (o->has_format && o->has_markdown) {
		err_set(err, 0, 0, "--markdown and --format exclude each other");
		return -EINVAL;
	}
	if (o->only_record && !o->record && !o->help) {
		err_set(err, 0, 0, "record: -w FILE says where the events go");
		return -EINVAL;
	}
	return 0;
}

static bool is_command(const char *word)
{
	static const char *const commands[] = {"explain", "fmt", "test", "top"};

	for (uint32_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(word, commands[i]) == 0)
			return true;
	return false;
}

/* What is not an option: a command comes first and takes the rest, else they are sources. */
static int parse_word(struct options *o, const char *word, struct err *err)
{
	if (o->command)
		return list_add(&o->args, word, err);
	if (o->sources.n == 0 && !o->only_record && strcmp(word, "record") == 0) {
		o->only_record = true;
		return 0;
	}
	if (o->sources.n == 0 && is_command(word)) {
		o->command = word;
		return 0;
	}
	return list_add(&o->sources, word, err);
}

int options_parse(struct options *o, int argc, char *const *argv, struct err *err)
{
	int r = 0;

	for (int i = 1; i < argc && r >= 0; i += 1 + r) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;

		if (strncmp(argv[i], "--", 2) == 0 && argv[i][2])
			r = parse_long(o, argv[i], next, err);
		else if (argv[i][0] == '-' && argv[i][1])
			r = parse_short(o, argv[i], next, err);
		else
			r = parse_word(o, argv[i], err);
	}
	return r < 0 ? r : check(o, err);
}

static void help_row(struct buf *b, const struct option_row *row)
{
	char left[64];
	int n = 0;

	if (row->letter)
		n = snprintf(left, sizeof(left), "-%c%s", row->letter, row->name ? ", " : "");
	if (row->name)
		n += snprintf(left + n, sizeof(left) - (size_t)n, "--%s", row->name);
	if (row->metavar)
		(void)snprintf(left + n, sizeof(left) - (size_t)n, "%s%s",
			       row->value == VALUE_ATTACHED ? "[" : " ", row->metavar);
	buf_printf(b, "  %s%-*s %s\n", left, (int)(strlen(left) < 27 ? 27 - strlen(left) : 0),
		   row->value == VALUE_ATTACHED ? "]" : "", row->help);
}

void options_help(struct buf *b)
{
	buf_add_cstr(
		b, "gyr: judge events by rules\n\n"
		   "usage: gyr [options] [SOURCE:PARAMS ...]\n\n"
		   "  gyr NAME:PATH               judge logs with the rules that come with gyr\n"
		   "  gyr -c FILE                 run what the configuration says\n"
		   "  gyr -V RULES.yaml           check rules\n"
		   "  gyr record -w FILE SOURCE:PARAMS\n"
		   "                              record events, to be played back by replay:FILE\n"
		   "  gyr fmt PATH ...            lay rules files out in the one way\n"
		   "  gyr test PATH ...           run the tests beside rules files\n"
		   "  gyr explain [RULE]          how rules are looked up, and what they need\n"
		   "  gyr top [URL]               watch a running gyr by its control endpoint\n\n");
	for (uint32_t i = 0; i < N_ROWS; i++)
		if (rows[i].help)
			help_row(b, &rows[i]);
	buf_add_cstr(b,
		     "\nExit status: 0 done, 1 error at run time, 2 wrong usage or invalid input.\n"
		     "Signals: INT, TERM stop; HUP takes up the configuration, rules and outputs "
		     "anew; USR1\n"
		     "reopens files.\n");
}
