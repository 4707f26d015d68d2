#include "credentials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "answer.h"
#include "keysread.h"
#include "plan.h"
#include "process.h"
#include "profile.h"
#include "text.h"

enum {
	STS_TIMEOUT_MS = 30000,
	STS_TRIES = 4,
	LOCAL_TIMEOUT_MS = 5000,
	IMDS_TOKEN_MAX = 1024,
	IMDS_AGAIN = 1, /* times that a refused token is asked for anew */
};

/* What is asked next. */
enum at {
	AT_IDLE,
	AT_REGION_TOKEN,
	AT_REGION,
	AT_SOURCE, /* all but the metadata service: one step */
	AT_IMDS_TOKEN,
	AT_IMDS_NAME,
	AT_IMDS_KEYS,
	AT_ROLE,
	AT_END,
};

struct aws_chain {
	struct plan plan;
	const struct aws_endpoint_options *endpoints;
	enum at at;
	size_t role;          /* that AT_ROLE takes on */
	struct aws_keys work; /* of the steps so far */
	struct aws_keys keys; /* that are used */
	int64_t renew_at;     /* seconds since the epoch */
	bool wants_region, asked_region;
	bool for_region; /* keys are not what is looked for */
	char region[64];
	char imds_token[IMDS_TOKEN_MAX + 1], imds_name[256];
	int imds_again;
	struct process process;
	struct aws_text url, body, secret; /* of the fetch; secret: a header */
	char error[512];
};

static int64_t now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

/* ---- open and close ---- */

int aws_chain_open(const struct aws_chain_options *o, struct aws_chain **ret, char *err,
		   size_t err_size)
{
	struct aws_chain *ch = calloc(1, sizeof *ch);
	int r;

	if (!ch) {
		(void)snprintf(err, err_size, "no memory");
		return -ENOMEM;
	}
	ch->process.fd = -1;
	ch->endpoints = o->endpoints;
	r = plan_make(o, &ch->plan, err, err_size);
	if (r) {
		aws_chain_close(ch);
		return r;
	}
	if (ch->plan.region)
		(void)aws_copy(ch->region, sizeof ch->region, ch->plan.region,
			       strlen(ch->plan.region));
	*ret = ch;
	return 0;
}

struct aws_chain *aws_chain_close(struct aws_chain *ch)
{
	if (!ch)
		return NULL;
	process_stop(&ch->process);
	plan_clear(&ch->plan);
	aws_keys_clear(&ch->work);
	aws_keys_clear(&ch->keys);
	aws_text_free(&ch->url);
	aws_text_free(&ch->body);
	aws_text_free(&ch->secret);
	explicit_bzero(ch, sizeof *ch);
	free(ch);
	return NULL;
}

/* ---- what is known ---- */

const struct aws_keys *aws_chain_keys(const struct aws_chain *ch, int64_t now)
{
	const struct aws_keys *k = &ch->keys;

	return k->id && (k->expires == 0 || now < k->expires) ? k : NULL;
}

static bool region_is_due(const struct aws_chain *ch)
{
	return !ch->region[0] && !ch->asked_region && ch->plan.imds_url &&
	       (ch->wants_region || ch->plan.source == PLAN_IMDS);
}

static bool keys_are_due(const struct aws_chain *ch, int64_t now)
{
	return !ch->keys.id || (ch->keys.expires && now >= ch->renew_at);
}

bool aws_chain_is_due(const struct aws_chain *ch, int64_t now)
{
	return keys_are_due(ch, now) || region_is_due(ch);
}

bool aws_chain_expire(struct aws_chain *ch)
{
	if (ch->plan.source == PLAN_STATIC && ch->plan.n_roles == 0)
		return false;
	aws_keys_clear(&ch->keys);
	return true;
}

bool aws_chain_want_region(struct aws_chain *ch)
{
	if (ch->region[0] || ch->asked_region || !ch->plan.imds_url)
		return false;
	ch->wants_region = true;
	return true;
}

bool aws_chain_is_busy(const struct aws_chain *ch)
{
	return ch->at != AT_IDLE;
}

const char *aws_chain_error(const struct aws_chain *ch)
{
	return ch->error;
}

const char *aws_chain_region(const struct aws_chain *ch)
{
	return ch->region;
}

const char *aws_chain_name(const struct aws_chain *ch)
{
	return ch->plan.name;
}

/* ---- from step to step ---- */

static void fail(struct aws_chain *ch, const char *where, const char *why)
{
	(void)snprintf(ch->error, sizeof ch->error, "%.200s: %.280s", where, why);
	process_stop(&ch->process);
	aws_keys_clear(&ch->work);
	ch->at = AT_END;
}

/* Renewed so long before the end, a little earlier at random; keys that do not last that long, at three quarters. */
static void commit(struct aws_chain *ch)
{
	const int64_t now = now_s(), left = ch->work.expires - now;
	int64_t before = AWS_RENEW_BEFORE_S;
	unsigned char random = 0;

	(void)getrandom(&random, 1, GRND_NONBLOCK);
	before += random * (AWS_RENEW_BEFORE_S / 10) / 255;
	if (before > left / 4)
		before = left / 4;
	aws_keys_clear(&ch->keys);
	ch->keys = ch->work;
	ch->work = (struct aws_keys){0};
	ch->renew_at = ch->keys.expires - before;
	ch->at = AT_END;
}

static void begin_source(struct aws_chain *ch)
{
	ch->role = 0;
	ch->imds_again = 0;
	if (ch->for_region)
		ch->at = AT_END;
	else
		ch->at = ch->plan.source == PLAN_IMDS ? AT_IMDS_TOKEN : AT_SOURCE;
}

/* There are keys: those of the source, or of a role. */
static void advance(struct aws_chain *ch)
{
	if (ch->work.expires && ch->work.expires <= now_s())
		fail(ch, ch->plan.name, "its keys have ended already; is the clock right?");
	else if (ch->role == ch->plan.n_roles)
		commit(ch);
	else
		ch->at = AT_ROLE;
}

void aws_chain_begin(struct aws_chain *ch)
{
	if (ch->at != AT_IDLE)
		return;
	ch->error[0] = '\0';
	aws_keys_clear(&ch->work);
	ch->for_region = region_is_due(ch) && !keys_are_due(ch, now_s());
	if (region_is_due(ch))
		ch->at = AT_REGION_TOKEN;
	else
		begin_source(ch);
}

/* ---- what to ask ---- */

static void put_header(struct aws_fetch *f, const char *name, const char *value)
{
	f->headers[f->n_headers++] = (struct aws_pair){name, value};
}

static void ask_imds(struct aws_chain *ch, struct aws_fetch *f)
{
	const bool for_token = ch->at == AT_IMDS_TOKEN || ch->at == AT_REGION_TOKEN;

	aws_text_puts(&ch->url, ch->plan.imds_url);
	f->method = for_token ? "PUT" : "GET";
	f->is_local = true;
	f->timeout_ms = ch->plan.imds_timeout_ms;
	f->tries = ch->plan.imds_tries;
	if (for_token) {
		aws_text_puts(&ch->url, "/latest/api/token");
		put_header(f, "X-aws-ec2-metadata-token-ttl-seconds", "21600");
		return;
	}
	put_header(f, "X-aws-ec2-metadata-token", ch->imds_token);
	if (ch->at == AT_REGION) {
		aws_text_puts(&ch->url, "/latest/meta-data/placement/region");
		return;
	}
	aws_text_puts(&ch->url, "/latest/meta-data/iam/security-credentials/");
	if (ch->at == AT_IMDS_KEYS)
		aws_text_encode(&ch->url, ch->imds_name, strlen(ch->imds_name), false);
}

static void add_form(struct aws_chain *ch, const char *name, const char *value)
{
	aws_text_puts(&ch->body, "&");
	aws_text_puts(&ch->body, name);
	aws_text_puts(&ch->body, "=");
	aws_text_encode(&ch->body, value, strlen(value), false);
}

/* Reads a token that others renew; without the line break at its end. */
static int read_token(struct aws_chain *ch, const char *path, char **ret)
{
	char why[320];
	size_t len = 0;
	int r = aws_read_file(path, AWS_CREDENTIAL_BYTES, ret, &len, NULL);

	if (r) {
		(void)snprintf(why, sizeof why, "'%.200s': %s", path,
			       r == -E2BIG ? "more than 64 KiB" : strerror(-r));
		fail(ch, ch->plan.name, why);
		return r;
	}
	while (len &&
	       ((*ret)[len - 1] == '\n' || (*ret)[len - 1] == '\r' || (*ret)[len - 1] == ' '))
		(*ret)[--len] = '\0';
	if (len && strlen(*ret) == len && !(*ret)[strcspn(*ret, "\r\n")])
		return 0;
	(void)snprintf(why, sizeof why, "'%.200s': %s", path,
		       len ? "more than a line" : "there is nothing in it");
	aws_wipe(*ret);
	*ret = NULL;
	fail(ch, ch->plan.name, why);
	return -EINVAL;
}

static int ask_sts(struct aws_chain *ch, const struct plan_role *role, const char *action,
		   struct aws_fetch *f)
{
	const char *region = ch->region[0] ? ch->region : "us-east-1";
	char seconds[16], why[AWS_ENDPOINT_WHY];
	struct aws_endpoint e;

	if (aws_endpoint_find(ch->endpoints, AWS_STS, region, &e, why) != 0) {
		fail(ch, role->arn, why);
		return -EINVAL;
	}
	(void)snprintf(seconds, sizeof seconds, "%u", role->seconds);
	aws_text_puts(&ch->url, e.scheme);
	aws_text_puts(&ch->url, "://");
	aws_text_puts(&ch->url, e.host);
	aws_text_puts(&ch->url, e.base);
	aws_text_puts(&ch->url, "/");
	aws_text_puts(&ch->body, "Action=");
	aws_text_puts(&ch->body, action);
	add_form(ch, "Version", "2011-06-15");
	add_form(ch, "RoleArn", role->arn);
	add_form(ch, "RoleSessionName", role->session);
	add_form(ch, "DurationSeconds", seconds);
	if (role->external_id)
		add_form(ch, "ExternalId", role->external_id);
	put_header(f, "Content-Type", "application/x-www-form-urlencoded");
	f->method = "POST";
	f->region = ch->region[0] ? ch->region : "us-east-1";
	f->timeout_ms = STS_TIMEOUT_MS;
	f->tries = STS_TRIES;
	return 0;
}

static int ask_web(struct aws_chain *ch, struct aws_fetch *f)
{
	char *token = NULL;
	int r = read_token(ch, ch->plan.token_file, &token);

	if (r == 0)
		r = ask_sts(ch, &ch->plan.web, "AssumeRoleWithWebIdentity", f);
	if (r == 0)
		add_form(ch, "WebIdentityToken", token);
	aws_wipe(token);
	return r;
}

static int ask_role(struct aws_chain *ch, struct aws_fetch *f)
{
	f->keys = &ch->work;
	return ask_sts(ch, &ch->plan.roles[ch->role], "AssumeRole", f);
}

/* The login of a person, as long as it lasts. */
static int read_login(const char *path, struct aws_sso_login *ret, char *err, size_t err_size)
{
	char *text = NULL;
	size_t len = 0;
	int r = aws_read_file(path, AWS_CREDENTIAL_BYTES, &text, &len, NULL);

	if (r) {
		(void)snprintf(err, err_size, "%s", strerror(-r));
		return r;
	}
	r = keys_read_sso_login(text, len, ret, err, err_size);
	aws_wipe(text);
	if (r == 0 && ret->expires <= now_s()) {
		(void)snprintf(err, err_size, "the login has ended");
		r = -EINVAL;
	}
	return r;
}

static int ask_sso(struct aws_chain *ch, struct aws_fetch *f)
{
	const struct plan *p = &ch->plan;
	struct aws_sso_login login = {.token = NULL};
	char why[384], wrong[AWS_ENDPOINT_WHY];
	struct aws_endpoint e;
	int r = read_login(p->sso_cache, &login, wrong, sizeof wrong);

	if (r == 0)
		r = aws_endpoint_find(ch->endpoints, AWS_SSO, p->sso_region, &e, wrong);
	if (r) {
		(void)snprintf(why, sizeof why, "'%.120s': %.80s; log in: %.80s", p->sso_cache,
			       wrong, p->sso_login);
		aws_wipe(login.token);
		fail(ch, p->name, why);
		return r;
	}
	aws_text_puts(&ch->url, e.scheme);
	aws_text_puts(&ch->url, "://");
	aws_text_puts(&ch->url, e.host);
	aws_text_puts(&ch->url, e.base);
	aws_text_puts(&ch->url, "/federation/credentials?account_id=");
	aws_text_encode(&ch->url, p->sso_account, strlen(p->sso_account), false);
	aws_text_puts(&ch->url, "&role_name=");
	aws_text_encode(&ch->url, p->sso_role, strlen(p->sso_role), false);
	aws_text_puts(&ch->secret, login.token);
	aws_wipe(login.token);
	put_header(f, "x-amz-sso_bearer_token", aws_text_get(&ch->secret));
	f->method = "GET";
	f->timeout_ms = STS_TIMEOUT_MS;
	f->tries = STS_TRIES;
	return 0;
}

static int ask_container(struct aws_chain *ch, struct aws_fetch *f)
{
	char *token = NULL;
	int r;

	if (ch->plan.container_auth_file) {
		r = read_token(ch, ch->plan.container_auth_file, &token);
		if (r)
			return r;
		aws_text_puts(&ch->secret, token);
		aws_wipe(token);
	} else if (ch->plan.container_auth) {
		aws_text_puts(&ch->secret, ch->plan.container_auth);
	}
	if (ch->secret.len)
		put_header(f, "Authorization", aws_text_get(&ch->secret));
	put_header(f, "Accept", "application/json");
	aws_text_puts(&ch->url, ch->plan.container_url);
	f->method = "GET";
	f->is_local = strncmp(ch->plan.container_url, "http:", 5) == 0;
	f->timeout_ms = f->is_local ? LOCAL_TIMEOUT_MS : STS_TIMEOUT_MS;
	f->tries = STS_TRIES;
	return 0;
}

/* The source that takes one step. -EINPROGRESS: a program was started, or keys were at hand. */
static int ask_source(struct aws_chain *ch, struct aws_fetch *f)
{
	char why[256];
	int r;

	switch (ch->plan.source) {
	case PLAN_WEB_IDENTITY:
		return ask_web(ch, f);
	case PLAN_SSO:
		return ask_sso(ch, f);
	case PLAN_CONTAINER:
		return ask_container(ch, f);
	case PLAN_PROCESS:
		r = process_start(&ch->process, ch->plan.command, AWS_CREDENTIAL_BYTES, why,
				  sizeof why);
		if (r)
			fail(ch, ch->plan.name, why);
		return r ? r : -EINPROGRESS;
	default:
		if (aws_keys_copy(&ch->work, &ch->plan.keys) != 0)
			fail(ch, ch->plan.name, "no memory");
		else
			advance(ch);
		return -EINPROGRESS;
	}
}

static int ask(struct aws_chain *ch, struct aws_fetch *f)
{
	int r = 0;

	if (ch->at == AT_SOURCE)
		r = ask_source(ch, f);
	else if (ch->at == AT_ROLE)
		r = ask_role(ch, f);
	else
		ask_imds(ch, f);
	if (r == 0 && (ch->url.failed || ch->body.failed || ch->secret.failed)) {
		fail(ch, ch->plan.name, "no memory");
		r = -ENOMEM;
	}
	return r;
}

enum aws_step aws_chain_step(struct aws_chain *ch, struct aws_fetch *ret)
{
	int r = -EINPROGRESS;

	*ret = (struct aws_fetch){.method = "GET", .tries = 1};
	aws_text_reset(&ch->url);
	aws_text_reset(&ch->body);
	aws_text_reset(&ch->secret);
	while (r && ch->at != AT_END && ch->at != AT_IDLE && !ch->process.pid)
		r = ask(ch, ret);
	if (ch->process.pid) {
		ret->fd = ch->process.fd;
		return AWS_STEP_PROCESS;
	}
	if (r == 0) {
		ret->url = aws_text_get(&ch->url);
		ret->body = ch->body.len ? ch->body.p : NULL;
		ret->body_len = ch->body.len;
		return AWS_STEP_HTTP;
	}
	ch->at = AT_IDLE;
	return AWS_STEP_DONE;
}

/* ---- what was answered ---- */

static const char *step_name(const struct aws_chain *ch)
{
	return ch->at == AT_ROLE ? ch->plan.roles[ch->role].arn : ch->plan.name;
}

/* The first line, when it may stand in a header or a path. */
static bool take_line(char *to, size_t size, const char *body, size_t len)
{
	size_t n = 0;

	while (n < len && body[n] > ' ' && body[n] <= '~')
		n++;
	return n && (n == len || body[n] == '\n' || body[n] == '\r') && aws_copy(to, size, body, n);
}

/* The region is a convenience: where there is none, others say so. */
static void take_region(struct aws_chain *ch, int status, const char *body, size_t len)
{
	const bool is_good = status == 200;

	if (ch->at == AT_REGION_TOKEN && is_good &&
	    take_line(ch->imds_token, sizeof ch->imds_token, body, len)) {
		ch->at = AT_REGION;
		return;
	}
	if (ch->at != AT_REGION || !is_good ||
	    !take_line(ch->region, sizeof ch->region, body, len) ||
	    !aws_region_is_valid(ch->region))
		ch->region[0] = '\0';
	ch->asked_region = true;
	begin_source(ch);
}

static void refuse(struct aws_chain *ch, int status, const char *body, size_t len)
{
	struct aws_error e;
	char why[400];

	aws_error_read(body, len, &e);
	if (status == 0)
		(void)snprintf(why, sizeof why, "%.*s", (int)(len < 300 ? len : 300), body);
	else if (ch->at == AT_IMDS_NAME && status == 404)
		(void)snprintf(why, sizeof why, "the instance has no role (instance profile)");
	else
		(void)snprintf(why, sizeof why, "HTTP status %d%s%s%s%.200s", status,
			       e.code[0] ? ", " : "", e.code, e.message[0] ? ": " : "", e.message);
	fail(ch, step_name(ch), why);
}

static void take_keys(struct aws_chain *ch, const char *body, size_t len)
{
	const bool is_xml =
		ch->at == AT_ROLE || (ch->at == AT_SOURCE && ch->plan.source == PLAN_WEB_IDENTITY);
	char why[128];
	int r = is_xml ? keys_read_sts(body, len, &ch->work, why, sizeof why)
		       : keys_read_json(body, len, &ch->work, why, sizeof why);

	if (r) {
		fail(ch, step_name(ch), why);
		return;
	}
	if (ch->at == AT_ROLE)
		ch->role++;
	advance(ch);
}

void aws_chain_answer(struct aws_chain *ch, int status, const char *body, size_t len)
{
	if (ch->at == AT_REGION_TOKEN || ch->at == AT_REGION) {
		take_region(ch, status, body, len);
	} else if (status == 401 && (ch->at == AT_IMDS_NAME || ch->at == AT_IMDS_KEYS) &&
		   ch->imds_again++ < IMDS_AGAIN) {
		ch->at = AT_IMDS_TOKEN;
	} else if (status < 200 || status >= 300) {
		refuse(ch, status, body, len);
	} else if (ch->at == AT_IMDS_TOKEN) {
		if (take_line(ch->imds_token, sizeof ch->imds_token, body, len))
			ch->at = AT_IMDS_NAME;
		else
			fail(ch, ch->plan.name, "the metadata service gave no token");
	} else if (ch->at == AT_IMDS_NAME) {
		if (take_line(ch->imds_name, sizeof ch->imds_name, body, len))
			ch->at = AT_IMDS_KEYS;
		else
			fail(ch, ch->plan.name, "the instance has no role (instance profile)");
	} else {
		take_keys(ch, body, len);
	}
}

void aws_chain_readable(struct aws_chain *ch)
{
	char why[160];

	if (!ch->process.pid || !process_read(&ch->process, why, sizeof why))
		return;
	if (*why)
		fail(ch, ch->plan.name, why);
	else
		take_keys(ch, aws_text_get(&ch->process.out), ch->process.out.len);
	process_stop(&ch->process);
}
