/*
 * control: pages by path.
 */
#include "report/control.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "report/httpd.h"
#include "report/pages.h"
#include "report/prometheus.h"
#include "report/versions.h"
#include "util/mem.h"

struct control {
	struct engine *engine;
	struct httpd *httpd;
	const char *health_path;
	bool has_metrics; /* if there are any */
	_Atomic uint64_t beat_ms;
};

typedef void (*page_fn)(struct control *c, const struct status *s, struct httpd_answer *a);

static void answer_ready(struct control *c, const struct status *s, struct httpd_answer *a)
{
	(void)c;
	if (!page_ready(s, &a->body))
		a->status = 503;
}

static void answer_status(struct control *c, const struct status *s, struct httpd_answer *a)
{
	(void)c;
	page_status(s, &a->body);
}

static void answer_rules(struct control *c, const struct status *s, struct httpd_answer *a)
{
	(void)c;
	page_rules(s, &a->body);
}

static void answer_metrics(struct control *c, const struct status *s, struct httpd_answer *a)
{
	if (!c->has_metrics || !config_bool(c->engine->config, "metrics.enabled")) {
		a->status = 404;
		buf_add_cstr(&a->body,
			     "{\"error\":\"metrics are off: they need metrics.enabled and "
			     "webserver.prometheus_metrics_enabled\"}");
		return;
	}
	a->type = "text/plain; version=0.0.4; charset=utf-8";
	prometheus_write(s, &a->body);
}

static void answer_config(struct control *c, const struct status *s, struct httpd_answer *a)
{
	(void)s;
	page_config(c->engine->config, &a->body);
}

static void answer_versions(struct control *c, const struct status *s, struct httpd_answer *a)
{
	(void)c;
	(void)s;
	versions_json(&a->body);
}

static void answer_health(struct control *c, struct httpd_answer *a)
{
	uint64_t beat = atomic_load(&c->beat_ms), now = vitals_now_ms();
	bool is_dead = now > beat && now - beat > CONTROL_DEAD_S * 1000;

	a->status = is_dead ? 503 : 200;
	buf_add_cstr(&a->body, is_dead ? "{\"status\": \"stuck\"}" : "{\"status\": \"ok\"}");
}

static bool answer(void *ctx, const char *path, struct httpd_answer *a)
{
	static const struct {
		const char *path;
		page_fn fn;
	} pages[] = {
		{"/readyz", answer_ready},  {"/status", answer_status},
		{"/rules", answer_rules},   {"/metrics", answer_metrics},
		{"/config", answer_config}, {"/versions", answer_versions},
	};
	struct control *c = ctx;
	struct status s;

	if (strcmp(path, c->health_path) == 0) {
		answer_health(c, a);
		return true;
	}
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(path, pages[i].path) != 0)
			continue;
		if (status_take(c->engine, &s) < 0) {
			a->status = 500;
			return true;
		}
		pages[i].fn(c, &s, a);
		status_drop(&s);
		return true;
	}
	return false;
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static void fill_setup(struct control *c, struct httpd_setup *s)
{
	const struct config *cfg = &c->engine->setup->config;

	*s = (struct httpd_setup){
		.address = config_str(cfg, "webserver.listen_address"),
		.threads = (uint32_t)config_u64(cfg, "webserver.threadiness"),
		.cert = config_bool(cfg, "webserver.ssl_enabled")
				? config_str(cfg, "webserver.ssl_certificate")
				: NULL,
		.token_file = config_str(cfg, "webserver.bearer_token_file"),
		.open_path = c->health_path,
		.answer = answer,
		.ctx = c,
		.log = &c->engine->setup->log,
	};
	if (!is_loopback(s->address) && (!s->cert || !s->token_file))
		log_warn(s->log, "webserver: %s is open to others, without %s", s->address,
			 s->cert         ? "a token"
			 : s->token_file ? "TLS"
					 : "TLS and a token");
}

static int start(struct control *c, struct err *err)
{
	const struct config *cfg = &c->engine->setup->config;
	uint64_t port = config_u64(cfg, "webserver.listen_port");
	struct httpd_setup setup;
	int r;

	c->health_path = config_str(cfg, "webserver.k8s_healthz_endpoint");
	c->has_metrics = config_bool(cfg, "webserver.prometheus_metrics_enabled");
	if (c->health_path[0] != '/' || port > 65535) {
		err_set(err, 0, 0, "webserver: %s",
			port > 65535 ? "a port is 0 to 65535"
				     : "k8s_healthz_endpoint begins with '/'");
		return -EINVAL;
	}
	fill_setup(c, &setup);
	setup.port = (uint16_t)port;
	r = httpd_new(&setup, &c->httpd, err);
	if (r < 0) {
		err_context(err, "webserver");
		return r;
	}
	log_write(setup.log, LOG_LEVEL_NOTICE, NULL, "webserver: http%s://%s:%u",
		  setup.cert ? "s" : "", setup.address, httpd_port(c->httpd));
	return 0;
}

int control_start(struct engine *e, struct control **ret, struct err *err)
{
	struct control *c;
	int r;

	*ret = NULL;
	if (!config_bool(&e->setup->config, "webserver.enabled"))
		return 0;
	c = mem_new(sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->engine = e;
	control_beat(c);
	r = start(c, err);
	if (r < 0) {
		(void)control_stop(c);
		return r;
	}
	*ret = c;
	return 0;
}

struct control *control_stop(struct control *c)
{
	if (!c)
		return NULL;
	c->httpd = httpd_free(c->httpd);
	return mem_free(c);
}

void control_beat(struct control *c)
{
	if (c)
		atomic_store(&c->beat_ms, vitals_now_ms());
}
