/*
 * program: an output that hands alerts to the standard input of a shell line.
 *
 * Without keep_alive the line is run once for each alert and its exit status is the answer. With it
 * one run gets all alerts, a line each, and is started anew when it ends; an alert counts as
 * delivered once it is in the pipe, and stays here until it is read (feed.h).
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include <gyr/plugin.h>

#include "child.h"
#include "feed.h"

enum {
	STATUS_AGAIN = 75, /* EX_TEMPFAIL of sysexits.h */
	STATUS_CANNOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
	DEATHS_MAX = 3, /* of runs with one alert, by a signal, before the alert is at fault */
};

struct program {
	const char *program, *format;
	uint64_t timeout_ms;
	bool keep_alive;
	struct feed feed;
	uint64_t deadly_id; /* the alert whose runs were killed, and how often */
	unsigned n_deaths;
};

static const char *line_of(const struct program *o, const struct gyr_alert *a, size_t *ret_len)
{
	const bool is_json = strcmp(o->format, "json") == 0;

	*ret_len = is_json ? a->json_len : a->text_len;
	return is_json ? a->json : a->text;
}

/* ---- one run an alert ---- */

static bool is_deadly(struct program *o, uint64_t id)
{
	if (o->deadly_id != id)
		o->n_deaths = 0;
	o->deadly_id = id;
	return ++o->n_deaths >= DEATHS_MAX;
}

/* What the end of a run says about its alert: 0, GYR_REFUSED or GYR_RETRY. */
static int judge(struct gyr *p, struct program *o, const struct child *c, uint64_t id)
{
	const int code = WEXITSTATUS(c->status);
	const bool was_killed = WIFSIGNALED(c->status);
	int answer = GYR_REFUSED;
	char how[48];

	if (!was_killed && code == 0)
		return 0;
	if (was_killed
		    ? !is_deadly(o, id)
		    : code == STATUS_AGAIN || code == STATUS_CANNOT_RUN || code == STATUS_NOT_FOUND)
		answer = GYR_RETRY;
	child_describe(c, how, sizeof how);
	return gyr_fail(p, answer, "send: '%s': %s", o->program, how);
}

static int run_once(struct gyr *p, struct program *o, const struct gyr_alert *a)
{
	const uint64_t until = child_clock_ms() + o->timeout_ms;
	struct child c = CHILD_NULL;
	size_t len, done;
	const char *line = line_of(o, a, &len);
	int r = child_start(&c, o->program);

	if (r)
		return gyr_fail(p, r, "send: '%s': cannot start: %s", o->program, strerror(-r));
	r = child_write(&c, line, len, until, &done);
	if (r == 0)
		r = child_write(&c, "\n", 1, until, &done);
	/* One that does not want to read, and ends well, has what it wants: EPIPE is no failure. */
	if (!child_end(&c, until))
		return gyr_fail(p, GYR_RETRY, "send: '%s': not done after %llu ms, ended",
				o->program, (unsigned long long)o->timeout_ms);
	if (r && r != -EPIPE)
		return gyr_fail(p, r, "send: '%s': %s", o->program, strerror(-r));
	return judge(p, o, &c, a->id);
}

static int send_runs(struct gyr *p, struct program *o, const struct gyr_alert *const *alerts,
		     uint32_t n, uint8_t *verdicts)
{
	int worst = 0;

	for (uint32_t i = 0; i < n; i++) {
		const int r = run_once(p, o, alerts[i]);

		if (r && r != GYR_REFUSED)
			return r;
		verdicts[i] = r ? GYR_ALERT_REFUSED : GYR_ALERT_ACCEPTED;
		worst = r ? r : worst;
	}
	return worst;
}

/* ---- one run for all ---- */

static int feed_complain(struct gyr *p, const struct program *o, int r)
{
	switch (r) {
	case -EAGAIN:
		return gyr_fail(p, r, "send: '%s': does not read", o->program);
	case -EPIPE:
		return gyr_fail(p, r, "send: '%s': ended", o->program);
	case -ECHILD:
		return gyr_fail(p, r, "send: '%s': ended, not started again yet", o->program);
	default:
		return gyr_fail(p, r, "send: '%s': %s", o->program, strerror(-r));
	}
}

static int send_lines(struct gyr *p, struct program *o, const struct gyr_alert *const *alerts,
		      uint32_t n, uint8_t *verdicts)
{
	const uint64_t until = child_clock_ms() + o->timeout_ms;
	struct feed_news news;
	int r = feed_ready(&o->feed, until, &news);

	if (news.text[0])
		gyr_log(p, GYR_WARN, "'%s': %s", o->program, news.text);
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		size_t len;
		const char *line = line_of(o, alerts[i], &len);

		r = feed_line(&o->feed, alerts[i]->id, line, len, until);
		if (r == 0)
			verdicts[i] = GYR_ALERT_ACCEPTED;
	}
	return r ? feed_complain(p, o, r) : 0;
}

static int program_send(struct gyr *p, void *inst, const struct gyr_alert *const *alerts,
			uint32_t n, uint8_t *verdicts)
{
	struct program *o = inst;

	return o->keep_alive ? send_lines(p, o, alerts, n, verdicts)
			     : send_runs(p, o, alerts, n, verdicts);
}

static int program_open(struct gyr *p, void *inst, const char *params)
{
	struct program *o = inst;
	struct feed_news news;
	int r = 0;

	(void)params;
	if (o->program[strspn(o->program, " \t\n")] == '\0')
		return gyr_fail(p, -EINVAL, "open: 'program' is empty");
	feed_init(&o->feed, o->program);
	if (o->keep_alive)
		r = feed_ready(&o->feed, child_clock_ms() + o->timeout_ms, &news);
	return r ? gyr_fail(p, r, "open: '%s': %s", o->program, strerror(-r)) : 0;
}

/* Lets the run finish what it has; what it leaves stays held for the next. */
static int program_reopen(struct gyr *p, void *inst)
{
	struct program *o = inst;

	(void)p;
	(void)feed_end(&o->feed, child_clock_ms() + o->timeout_ms);
	return 0;
}

/* A run that ended before it had read all is followed by one more that gets the rest. */
static void program_close(struct gyr *p, void *inst)
{
	struct program *o = inst;
	const uint64_t until = child_clock_ms() + o->timeout_ms;
	size_t left = feed_end(&o->feed, until);
	struct feed_news news;

	if (left) {
		o->feed.not_before_ms = 0;
		(void)feed_ready(&o->feed, until, &news);
		left = feed_end(&o->feed, until);
	}
	if (left)
		gyr_log(p, GYR_ERROR, "'%s': ended with %zu bytes of alerts unread", o->program,
			left);
	feed_deinit(&o->feed);
}

PLUGIN(.name = "program", .version = "0.1.0",
       .description = "Alerts to the standard input of a program", .contact = "the Gyr authors");
PLUGIN_OUTPUT(.instance_size = sizeof(struct program),
	      .params =
		      (const struct gyr_option[]){
			      GYR_OPT_STR(struct program, program, NULL, "shell line to run",
					  .bare = true, .required = true),
			      GYR_OPT_BOOL(struct program, keep_alive, "false",
					   "one run for all alerts, not one each"),
			      GYR_OPT_STR(struct program, format, "text",
					  "what a line is: text or json",
					  .choice = (const char *const[]){"text", "json", NULL}),
			      GYR_OPT_U64(struct program, timeout_ms, "5000",
					  "how long the program may take to read, or to end",
					  .min = 1, .max = 3600000),
			      {0}},
	      .open = program_open, .send_batch = program_send, .close = program_close,
	      .reopen = program_reopen);
