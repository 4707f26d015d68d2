/*
 * cmd_top: a live view of a running gyr, drawn from what its control endpoint tells.
 *
 * Two answers of /status make the rates. On a terminal the view is drawn anew every second on the
 * terminal's other screen, until q or a signal; elsewhere, or with --once, it is printed once.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "command/cmd.h"
#include "host/digest.h"
#include "route/alert.h"
#include "util/httpget.h"
#include "util/json.h"
#include "util/mem.h"
#include "util/utf8.h"

enum {
	PERIOD_MS = 1000,
	TIMEOUT_MS = 5000,
	WIDTH = 100, /* where the terminal does not say */
	NAME_MIN = 16,
	RULES_MAX = 4096, /* that are sorted and shown */
};

#define SCREEN_ON "\033[?1049h\033[?25l"
#define SCREEN_OFF "\033[?25h\033[?1049l"

static volatile sig_atomic_t wants_end;

static void on_signal(int signum)
{
	(void)signum;
	wants_end = 1;
}

/* An answer of /status. */
struct sample {
	struct json *root;
	double at; /* seconds */
};

struct top {
	struct httpget ask;
	struct buf token;
	struct sample now, before;
	struct buf page;
	uint32_t width, height; /* height 0: as long as it gets */
	struct err err;         /* why the last question had no answer */
};

/* --- asking ----------------------------------------------------------------------------------- */

static void sample_drop(struct sample *s)
{
	s->root = json_close(s->root);
}

static int ask(struct top *t)
{
	struct buf body;
	struct json *root;
	unsigned status;
	int r;

	t->err = ERR_NULL;
	buf_init(&body, HTTPGET_MAX);
	r = httpget(&t->ask, &status, &body, &t->err);
	if (r == 0 && status != 200) {
		err_set(&t->err, 0, 0, "%s: answered %u%s", t->ask.url, status,
			status == 401 ? ": it wants the token of webserver.bearer_token_file" : "");
		r = -EIO;
	}
	if (r == 0)
		r = json_parse(buf_str(&body), &root, &t->err);
	buf_deinit(&body);
	if (r < 0)
		return r;
	sample_drop(&t->before);
	t->before = t->now;
	t->now = (struct sample){root, (double)json_int(json_member(root, "time_ns")) / 1e9};
	return 0;
}

/* The member of @list in the answer before that has the name of @item, which may be the @i-th. */
static const struct json *same_before(const struct top *t, const char *list,
				      const struct json *item, uint32_t i)
{
	const struct json *old = json_member(t->before.root, list);
	struct str name = json_text(json_member(item, "name"));
	const struct json *at = json_item(old, i);

	if (at && str_eq(json_text(json_member(at, "name")), name))
		return at;
	for (uint32_t k = 0; k < json_count(old); k++) {
		at = json_item(old, k);
		if (str_eq(json_text(json_member(at, "name")), name))
			return at;
	}
	return NULL;
}

/* How much @key grew a second; -1: not known. */
static double rate(const struct top *t, const struct json *now, const struct json *before,
		   const char *key)
{
	double seconds = t->now.at - t->before.at;
	int64_t grown;

	if (!t->before.root || !(seconds > 0))
		return -1;
	grown = json_int(json_member(now, key)) - (before ? json_int(json_member(before, key)) : 0);
	return grown > 0 ? (double)grown / seconds : 0;
}

/* --- drawing ---------------------------------------------------------------------------------- */

/* @text in exactly @width columns, cut or padded; nothing in it that a terminal would obey. */
static void add_name(struct buf *b, struct str text, uint32_t width)
{
	struct buf clean;
	size_t at = 0;
	uint32_t n = 0;

	buf_init(&clean, 64 << 10);
	alert_escape(&clean, text);
	while (at < clean.len && n < width) {
		size_t bad = 1, len = utf8_next(clean.p + at, clean.len - at, &bad);

		buf_add(b, clean.p + at, len ? len : bad);
		at += len ? len : bad;
		n++;
	}
	buf_deinit(&clean);
	for (; n < width; n++)
		buf_add_char(b, ' ');
}

/* A number in eight columns: "1234", "12.3k", "1.23M", and "-" for one that is not known. */
static void add_number(struct buf *b, double v, uint32_t width)
{
	static const char units[] = " kMGTP";
	char text[32];
	int unit = 0;

	for (; v >= 99999.5 && units[unit + 1]; unit++)
		v /= 1000;
	if (v < 0)
		(void)snprintf(text, sizeof(text), "-");
	else if (unit)
		(void)snprintf(text, sizeof(text), "%.1f%c", v, units[unit]);
	else
		(void)snprintf(text, sizeof(text), v < 10 && v != (double)(int)v ? "%.1f" : "%.0f",
			       v);
	buf_printf(b, " %*s", (int)width, text);
}

struct column {
	const char *head;
	uint32_t width;
	const char *key;
	bool is_rate;
};

/* A list of the status, and how it is shown: a name, a word about each, numbers. */
struct table {
	const char *list, *head, *word;
	const struct column *columns;
	uint32_t n;
};

enum { WORD_WIDTH = 13 };

static uint32_t name_width(const struct top *t, const struct table *table)
{
	uint32_t used = WORD_WIDTH + 1;

	for (uint32_t i = 0; i < table->n; i++)
		used += table->columns[i].width + 1;
	return t->width > used + NAME_MIN ? t->width - used : NAME_MIN;
}

static void add_heads(struct top *t, const struct table *table)
{
	buf_add_char(&t->page, '\n');
	add_name(&t->page, str_from(table->head), name_width(t, table));
	buf_printf(&t->page, " %-*s", WORD_WIDTH, table->word);
	for (uint32_t i = 0; i < table->n; i++)
		buf_printf(&t->page, " %*s", (int)table->columns[i].width, table->columns[i].head);
	buf_add_char(&t->page, '\n');
}

static void add_row(struct top *t, const struct table *table, const struct json *item, uint32_t at)
{
	const struct json *before = same_before(t, table->list, item, at);

	add_name(&t->page, json_text(json_member(item, "name")), name_width(t, table));
	buf_add_char(&t->page, ' ');
	add_name(&t->page, json_text(json_member(item, table->word)), WORD_WIDTH);
	for (uint32_t i = 0; i < table->n; i++) {
		const struct column *c = &table->columns[i];
		const struct json *v = json_member(item, c->key);
		double value = json_kind(v) == JSON_KIND_NULL ? -1 : json_num(v);

		add_number(&t->page, c->is_rate ? rate(t, item, before, c->key) : value, c->width);
	}
	buf_add_char(&t->page, '\n');
}

static void draw_table(struct top *t, const struct table *table)
{
	const struct json *list = json_member(t->now.root, table->list);

	add_heads(t, table);
	for (uint32_t i = 0; i < json_count(list); i++)
		add_row(t, table, json_item(list, i), i);
}

#define TABLE(list, head, word, columns)                                                  \
	{                                                                                 \
		list, head, word, columns, (uint32_t)(sizeof(columns) / sizeof(*columns)) \
	}

static const struct column source_columns[] = {
	{"events/s", 8, "events", true},
	{"events", 8, "events", false},
	{"bytes/s", 8, "bytes", true},
	{"alerts/s", 8, "alerts", true},
	{"drops", 7, "drops", false},
	{"skipped", 7, "skipped", false},
	{"last s", 7, "last_event_age_seconds", false},
};

static const struct column output_columns[] = {
	{"sent/s", 8, "accepted", true},  {"sent", 8, "accepted", false},
	{"queue", 7, "queue", false},     {"spool", 7, "spool", false},
	{"retries", 8, "retries", false}, {"refused", 7, "refused", false},
	{"dropped", 7, "dropped", false}, {"lost", 7, "lost", false},
};

static const struct column rule_columns[] = {
	{"alerts/s", 8, "alerts", true},
	{"alerts", 8, "alerts", false},
	{"suppressed", 10, "suppressed", false},
	{"unrouted", 8, "unrouted", false},
};

static const struct table sources = TABLE("sources", "SOURCE", "state", source_columns);
static const struct table outputs = TABLE("outputs", "OUTPUT", "state", output_columns);
static const struct table rules = TABLE("rules", "RULE", "priority", rule_columns);

struct ranked {
	const struct json *rule;
	double rate;
	int64_t alerts;
	uint32_t at;
};

static int busiest_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->rate != y->rate)
		return x->rate < y->rate ? 1 : -1;
	return x->alerts != y->alerts ? (x->alerts < y->alerts ? 1 : -1) : 0;
}

static uint32_t lines_of(const struct buf *b)
{
	uint32_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->p[i] == '\n';
	return n;
}

static void draw_rules(struct top *t)
{
	const struct json *list = json_member(t->now.root, rules.list);
	uint32_t n_rules = json_count(list) < RULES_MAX ? json_count(list) : RULES_MAX, room;
	struct ranked *ranked = mem_new((n_rules + 1) * sizeof(*ranked));

	if (!ranked)
		return;
	for (uint32_t i = 0; i < n_rules; i++) {
		const struct json *rule = json_item(list, i);

		ranked[i] = (struct ranked){
			rule, rate(t, rule, same_before(t, rules.list, rule, i), "alerts"),
			json_int(json_member(rule, "alerts")), i};
	}
	qsort(ranked, n_rules, sizeof(*ranked), busiest_first);
	add_heads(t, &rules);
	room = lines_of(&t->page) + 1;
	room = !t->height ? n_rules : t->height > room ? t->height - room : 0;
	for (uint32_t i = 0; i < n_rules && i < room; i++)
		add_row(t, &rules, ranked[i].rule, ranked[i].at);
	(void)mem_free(ranked);
}

static double sum_rate(const struct top *t, const char *list, const char *key)
{
	const struct json *items = json_member(t->now.root, list);
	double sum = 0;

	for (uint32_t i = 0; i < json_count(items); i++) {
		const struct json *item = json_item(items, i);
		double r = rate(t, item, same_before(t, list, item, i), key);

		if (r < 0)
			return -1;
		sum += r;
	}
	return sum;
}

static void draw_head(struct top *t)
{
	const struct json *root = t->now.root;
	uint64_t up = (uint64_t)json_num(json_member(root, "duration_seconds"));
	struct buf *b = &t->page;

	buf_add_cstr(b, "gyr ");
	alert_escape(b, json_text(json_member(root, "version")));
	buf_add_cstr(b, " on ");
	alert_escape(b, json_text(json_member(root, "hostname")));
	buf_printf(b,
		   "   up %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "   cpu %.1f %%   memory %.1f MB"
		   "   %" PRId64 " rules\n",
		   up / 3600, up / 60 % 60, up % 60, json_num(json_member(root, "cpu_percent")),
		   json_num(json_member(root, "rss_bytes")) / 1048576,
		   json_int(json_member(root, "n_rules")));
	buf_add_cstr(b, "events/s");
	add_number(b, sum_rate(t, "sources", "events"), 1);
	buf_add_cstr(b, "   alerts/s");
	add_number(b, sum_rate(t, "sources", "alerts"), 1);
	buf_add_cstr(b, "   sent/s");
	add_number(b, sum_rate(t, "outputs", "accepted"), 1);
	buf_add_char(b, '\n');
}

static void draw(struct top *t)
{
	buf_reset(&t->page);
	if (t->err.is_set) {
		alert_escape(&t->page, str_from(t->err.text));
		buf_add_char(&t->page, '\n');
	}
	if (!t->now.root)
		return;
	draw_head(t);
	draw_table(t, &sources);
	draw_table(t, &outputs);
	draw_rules(t);
}

/* --- the terminal ----------------------------------------------------------------------------- */

static bool write_all(const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static void measure(struct top *t)
{
	struct winsize w;

	t->width = WIDTH;
	t->height = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row) {
		t->width = w.ws_col;
		t->height = w.ws_row;
	}
}

/* The page from the upper left corner on, each line cut off behind, and nothing below. */
static bool show(struct top *t)
{
	struct buf b;
	const char *p, *end;
	uint32_t n = 0;
	bool ok;

	draw(t);
	buf_init(&b, 1 << 20);
	buf_add_cstr(&b, "\033[H");
	end = t->page.p + t->page.len;
	for (p = t->page.p; p && p < end && n + 1 < t->height; n++) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		buf_add(&b, p, (size_t)(eol - p));
		buf_add_cstr(&b, "\033[K\n");
		p = eol + 1;
	}
	buf_add_cstr(&b, "\033[Jq quits");
	ok = write_all(b.p, b.len);
	buf_deinit(&b);
	return ok;
}

/* Waits a period; true: a key says that it is enough, or nobody is there any more. */
static bool wait_for_key(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char c;
	int n = poll(&in, 1, PERIOD_MS);

	if (n <= 0)
		return false;
	if (!(in.revents & POLLIN) || read(STDIN_FILENO, &c, 1) <= 0)
		return true;
	return c == 'q' || c == 'Q' || c == 3;
}

static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction a = {.sa_handler = on_signal};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &a, NULL);
}

static int live(struct top *t)
{
	struct termios old, raw;
	bool has_old = tcgetattr(STDIN_FILENO, &old) == 0;

	catch_signals();
	if (has_old) {
		raw = old;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	(void)write_all(SCREEN_ON, sizeof(SCREEN_ON) - 1);
	while (!wants_end) {
		measure(t);
		(void)ask(t);
		if (!show(t) || wait_for_key())
			break;
	}
	(void)write_all(SCREEN_OFF, sizeof(SCREEN_OFF) - 1);
	if (has_old)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &old);
	return 0;
}

/* Two answers, so that there are rates. */
static int once(struct top *t)
{
	int r = ask(t);

	if (r == 0) {
		(void)poll(NULL, 0, PERIOD_MS);
		r = ask(t);
	}
	if (r < 0) {
		(void)fprintf(stderr, "gyr: top: %s\n", t->err.text);
		return 1;
	}
	draw(t);
	return write_all(t->page.p, t->page.len) ? 0 : 1;
}

/* --- the command ------------------------------------------------------------------------------ */

static int read_token(struct top *t, const char *path, struct err *err)
{
	int r;

	if (!path)
		return 0;
	r = digest_read_file(path, &t->token);
	if (r < 0) {
		err_set(err, 0, 0, "token '%s': %s", path, strerror(-r));
		return -EINVAL;
	}
	if (t->token.len) {
		t->token.p[strcspn(t->token.p, "\r\n")] = '\0';
		t->ask.token = t->token.p;
	}
	return 0;
}

/* Where the endpoint of this configuration is, for one who asks from the same host. */
static const char *configured_url(struct setup *s)
{
	const struct config *c = &s->config;
	const char *address = config_str(c, "webserver.listen_address");
	bool is_any = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
	bool is_6 = !is_any && strchr(address, ':');

	return arena_printf(&s->config.arena, "http%s://%s%s%s:%" PRIu64,
			    config_bool(c, "webserver.ssl_enabled") ? "s" : "", is_6 ? "[" : "",
			    is_any ? "127.0.0.1" : address, is_6 ? "]" : "",
			    config_u64(c, "webserver.listen_port"));
}

int cmd_top(struct setup *s, struct err *err)
{
	const struct options *o = s->opts;
	struct top t = {
		.ask = {.url = o->args.n ? o->args.items[0] : configured_url(s),
			.path = "/status",
			.ca_file = config_str(&s->config, "webserver.ssl_certificate"),
			.timeout_ms = TIMEOUT_MS},
		.width = WIDTH,
	};
	int r;

	if (o->args.n > 1) {
		err_set(err, 0, 0, "top: one URL at most");
		return -EINVAL;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	buf_init(&t.token, 4096);
	buf_init(&t.page, 16 << 20);
	r = read_token(&t, config_str(&s->config, "webserver.bearer_token_file"), err);
	if (r == 0)
		r = o->once || !isatty(STDOUT_FILENO) ? once(&t) : live(&t);
	sample_drop(&t.now);
	sample_drop(&t.before);
	buf_deinit(&t.page);
	buf_deinit(&t.token);
	return r;
}
