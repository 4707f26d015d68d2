/*
 * config_alerts: rows of `routes:`, `suppression:` and `redact:`.
 */
#include "config/config_alerts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_rules.h"
#include "util/nearest.h"
#include "util/text.h"

static bool is_true(const struct config_node *map, struct str key)
{
	const struct config_node *n = config_node_child(map, key);
	bool b = false;

	return n && config_node_bool(n, &b) == 0 && b;
}

/* `match:` of an entry; without it every rule fits. */
static int read_match(struct config *c, const struct config_node *entry, struct selector *ret,
		      struct err *err)
{
	const struct config_node *match = config_node_child(entry, STR("match"));
	const char *priority = config_node_text(match, STR("priority"));

	ret->rule = config_node_text(match, STR("rule"));
	ret->source = config_node_text(match, STR("source"));
	ret->has_priority = priority != NULL;
	if (priority && rule_priority_parse(str_from(priority), &ret->priority) < 0)
		return config_node_refuse(match, err,
					  "match: priority is one of emergency to debug");
	return config_node_strings(c, config_node_child(match, STR("tags")), &ret->tags,
				   &ret->n_tags);
}

/* --- routes ----------------------------------------------------------------------------------- */

static int find_output(const struct output_names *outputs, const char *name, route_set *set,
		       struct err *err)
{
	struct nearest near;

	for (uint32_t i = 0; i < outputs->n; i++)
		if (strcmp(outputs->names[i], name) == 0) {
			*set |= (route_set)1 << i;
			return 0;
		}
	err_set(err, 0, 0, "routes: no output is called '%s'", name);
	nearest_init(&near, str_from(name));
	for (uint32_t i = 0; i < outputs->n; i++)
		nearest_offer(&near, str_from(outputs->names[i]));
	nearest_hint(&near, err);
	return -EINVAL;
}

static int read_route(struct config *c, const struct config_node *e,
		      const struct output_names *outputs, struct route *ret, struct err *err)
{
	const struct config_node *to = config_node_child(e, STR("outputs"));
	const char *const *names;
	uint32_t n;
	int r = read_match(c, e, &ret->match, err);

	if (r == 0 && !to)
		r = config_node_refuse(e, err,
				       "routes: an entry needs outputs, a list of names; [] drops");
	if (r == 0)
		r = config_node_strings(c, to, &names, &n);
	ret->condition = config_node_text(e, STR("condition"));
	ret->is_final = is_true(e, STR("final"));
	for (uint32_t i = 0; r == 0 && i < n; i++)
		if (find_output(outputs, names[i], &ret->outputs, err) < 0) {
			config_place_context(to->place, err);
			r = -EINVAL;
		}
	return r;
}

int config_routes(struct config *c, const struct output_names *outputs, struct route_table *ret,
		  struct err *err)
{
	const struct config_node *list = config_at(c, "routes");
	uint32_t count = config_node_count(list), n = 0;
	struct route *routes = arena_alloc(&c->arena, (count + 1) * sizeof(*routes));
	int r = 0;

	if (!routes)
		return -ENOMEM;
	if (count > ROUTES_MAX)
		return config_node_refuse(list, err, "routes: too many entries");
	for (const struct config_node *e = list ? list->first : NULL; e && r == 0; e = e->next)
		r = read_route(c, e, outputs, &routes[n++], err);
	*ret = (struct route_table){
		.n = n,
		.routes = routes,
		.all = outputs->n >= 32 ? UINT32_MAX : ((route_set)1 << outputs->n) - 1,
	};
	return r;
}

/* --- suppression ------------------------------------------------------------------------------ */

static bool number_of(const char *text, size_t len, double *ret)
{
	char *end;

	if (len == 0)
		return false;
	*ret = strtod(text, &end);
	return end == text + len && *ret > 0 && *ret < 1e9;
}

/* "0.5" (a second) or "10/1m". */
static int read_rate(const struct config_node *n, struct suppress_policy *p, struct err *err)
{
	const char *slash = strchr(n->text.p, '/');
	uint64_t ms = slash ? text_interval_ms(str_from(slash + 1)) : 1000;
	size_t len = slash ? (size_t)(slash - n->text.p) : n->text.len;
	double count;

	if (!number_of(n->text.p, len, &count) || ms == 0)
		return config_node_refuse(
			n, err, "suppression: a rate is a number a second, or as in 10/1m");
	p->rate = count * 1000 / (double)ms;
	p->burst = slash && count > 1 ? count : 1;
	return 0;
}

static int read_limits(const struct config_node *e, struct suppress_policy *p, struct err *err)
{
	const struct config_node *rate = config_node_child(e, STR("rate"));
	const struct config_node *burst = config_node_child(e, STR("burst"));
	const struct config_node *dedupe = config_node_child(e, STR("dedupe"));
	int r = rate && rate->kind == CONFIG_SCALAR ? read_rate(rate, p, err) : 0;

	if (r < 0)
		return r;
	if (burst &&
	    (config_node_double(burst, &p->burst) < 0 || !(p->burst >= 1) || p->burst > 1e9))
		return config_node_refuse(burst, err,
					  "suppression: a burst is a number, 1 or more");
	if (burst && !rate)
		return config_node_refuse(burst, err, "suppression: a burst goes with a rate");
	if (dedupe && dedupe->kind == CONFIG_SCALAR)
		p->dedupe_ms = text_interval_ms(dedupe->text);
	if (p->rate <= 0 && !p->dedupe_ms)
		return config_node_refuse(e, err,
					  "suppression: a policy needs a rate, or dedupe: TIME");
	return 0;
}

static int read_policy(struct config *c, const struct config_node *e, struct suppress_policy *p,
		       struct err *err)
{
	const struct config_node *key = config_node_child(e, STR("key"));
	int r = read_match(c, e, &p->match, err);

	if (r == 0)
		r = config_node_strings(c, key, &p->key, &p->n_key);
	if (r == 0 && p->n_key > SUPPRESS_KEY_MAX)
		r = config_node_refuse(key, err, "suppression: a key has up to 8 fields");
	p->is_shared = is_true(e, STR("shared"));
	return r < 0 ? r : read_limits(e, p, err);
}

/* `outputs: {rate: N, max_burst: N}` of older releases: one bucket for everything. */
static int read_old(const struct config_node *outputs, struct suppress_policy *p, struct err *err)
{
	const struct config_node *rate = config_node_child(outputs, STR("rate"));
	const struct config_node *burst = config_node_child(outputs, STR("max_burst"));

	*p = (struct suppress_policy){.is_shared = true, .rate = 1, .burst = 1000};
	if ((rate && config_node_double(rate, &p->rate) < 0) ||
	    (burst && config_node_double(burst, &p->burst) < 0) || p->rate < 0 || p->burst < 1)
		return config_node_refuse(outputs, err, "outputs: rate and max_burst are numbers");
	return 0;
}

int config_suppression(struct config *c, struct suppress_policies *ret, struct err *err)
{
	const struct config_node *list = config_at(c, "suppression.policies");
	const struct config_node *outputs = config_at(c, "outputs");
	uint32_t count = config_node_count(list), n = 0;
	struct suppress_policy *p = arena_alloc(&c->arena, (count + 2) * sizeof(*p));
	int r = 0;

	if (!p)
		return -ENOMEM;
	if (count > SUPPRESS_POLICIES_MAX)
		return config_node_refuse(list, err, "suppression: too many policies");
	for (const struct config_node *e = list ? list->first : NULL; e && r == 0; e = e->next)
		r = read_policy(c, e, &p[n++], err);
	if (r == 0 && outputs && outputs->kind == CONFIG_MAP && config_node_count(outputs))
		r = read_old(outputs, &p[n++], err);
	*ret = (struct suppress_policies){n, p};
	return r;
}

/* --- redaction -------------------------------------------------------------------------------- */

int config_redaction(struct config *c, const struct redaction **ret)
{
	struct redaction *red = arena_alloc(&c->arena, sizeof(*red));
	const char *text = config_str(c, "redact.text");
	int r;

	if (!red)
		return -ENOMEM;
	r = config_strings(c, "redact.fields", &red->fields, &red->n_fields);
	red->text = text && *text ? text : "[redacted]";
	*ret = red->n_fields ? red : NULL;
	return r;
}
