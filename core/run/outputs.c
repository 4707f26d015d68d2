/*
 * outputs: from configuration to running outputs, and from one set of them to the next.
 */
#include "run/outputs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "run/mount.h"
#include "util/clock.h"
#include "util/mem.h"

/* An output and what it is bound to. */
struct bound {
	const char *name;
	struct output *output;
	struct mount *first;   /* what it was made of: its name and folders are there */
	struct mount *now;     /* what it works on; maybe the first */
	struct mount *next;    /* NULL but during a change */
	bool is_new, is_tried; /* in the change under way */
	bool is_stopped;
	uint64_t leaving_ms; /* since when */
};

/* What outputs of one name counted that are gone. */
struct past {
	struct past *next;
	struct output_counters counters;
	char name[64];
};

struct outputs {
	struct setup *setup;
	bool blocks;
	struct loop *loop;
	struct bound *list[OUTPUTS_MAX];
	uint32_t n;
	struct outset *set;
	/* The change under way; no next set: there is none. */
	struct bound *next[OUTPUTS_MAX];
	uint32_t n_next;
	struct outset *next_set;
	/* On their way out. */
	struct bound *leaving[OUTPUTS_LEAVING_MAX];
	uint32_t n_leaving;
	struct outset *old_sets[OUTPUTS_SETS_MAX];
	uint32_t n_old_sets;
	struct past *past;
};

static void wake(void *ctx)
{
	loop_wake(ctx);
}

static struct bound *bound_free(struct bound *b)
{
	if (!b)
		return NULL;
	(void)output_free(b->output);
	if (b->now != b->first)
		(void)mount_free(b->now);
	(void)mount_free(b->next);
	(void)mount_free(b->first);
	return mem_free(b);
}

/* --- a change is prepared --------------------------------------------------------------------- */

static struct bound *find(const struct outputs *o, const char *name)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (strcmp(o->list[i]->name, name) == 0)
			return o->list[i];
	return NULL;
}

static int start(struct outputs *o, struct mount *m, struct bound **ret, struct err *err)
{
	struct bound *b = mem_new(sizeof(*b));
	int r;

	if (!b) {
		(void)mount_free(m);
		return -ENOMEM;
	}
	*b = (struct bound){.name = m->setup.name, .first = m, .now = m, .is_new = true};
	m->setup.on_end = wake;
	m->setup.on_end_ctx = o->loop;
	r = output_new(&m->setup, &b->output, err);
	if (r < 0) {
		err_context(err, "output '%s'", b->name);
		(void)bound_free(b);
		return r;
	}
	*ret = b;
	return 0;
}

/* Whether what waits in it must not be lost, or waits in a folder that only one can have. */
static bool holds_much(const struct bound *b, const struct mount *m)
{
	return output_is_required(b->output) || (b->first->setup.spool.dir && m->setup.spool.dir);
}

/* The output that is there, with what may change of it while it runs. */
static int renew(struct bound *b, struct mount *m, struct err *err)
{
	int r;

	if (mount_is_same_sink(b->now, m) && mount_is_same_pace(b->now, m)) {
		(void)mount_free(m);
		return 0;
	}
	r = b->next ? -EBUSY : output_try(b->output, &m->setup, err);
	if (r < 0) {
		if (!err->is_set)
			err_set(err, 0, 0, "it is still taking up the last change");
		err_context(err, "output '%s'", b->name);
		(void)mount_free(m);
		return r;
	}
	b->next = m;
	b->is_tried = true;
	return 0;
}

/* What becomes of the output that @m asks for: the one that is there, or a new one. */
static int prepare_one(struct outputs *o, struct mount *m, struct bound **ret, struct err *err)
{
	struct bound *b = find(o, m->setup.name);

	if (!b || output_is_over(b->output))
		return start(o, m, ret, err);
	if (!mount_is_same_frame(b->first, m)) {
		if (!holds_much(b, m))
			return start(o, m, ret, err);
		log_warn(&o->setup->log,
			 "reload: output '%s': delivery, queue, dead_letter and spool change at a "
			 "restart: alerts that must not be lost may wait in it",
			 b->name);
		mount_keep_frame(m, b->first);
	}
	*ret = b;
	return renew(b, m, err);
}

static int check_name(const struct outputs *o, const char *name, struct err *err)
{
	for (uint32_t i = 0; i < o->n_next; i++)
		if (strcmp(o->next[i]->name, name) == 0) {
			err_set(err, 0, 0, "two outputs are called '%s': give one a 'name'", name);
			return -EINVAL;
		}
	return 0;
}

static int prepare_all(struct outputs *o, const struct asked *asked, uint32_t n, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++) {
		struct mount *m;

		r = check_name(o, asked[i].name, err);
		if (r == 0)
			r = mount_new(o->setup, &asked[i], o->blocks, &m, err);
		if (r == 0)
			r = prepare_one(o, m, &o->next[o->n_next], err);
		if (r == 0)
			o->n_next++;
		else if (err->is_set)
			config_place_context(asked[i].node->place, err);
	}
	return r;
}

int outputs_prepare(struct outputs *o, struct config *c, struct err *err)
{
	struct asked asked[OUTPUTS_MAX];
	struct output *list[OUTPUTS_MAX];
	int r = mount_list(o->setup, c, asked, true, err);

	outputs_tidy(o);
	if (o->n_old_sets == OUTPUTS_SETS_MAX || o->n_leaving + o->n > OUTPUTS_LEAVING_MAX) {
		err_set(err, 0, 0, "outputs: too many earlier changes are still under way");
		return -EBUSY;
	}
	if (r == 0) {
		err_set(err, 0, 0, "no output is enabled");
		err_hint(err, "enable one in the configuration, or on the command line: "
			      "-o NAME_output.enabled=true");
		return -EINVAL;
	}
	if (r > 0)
		r = prepare_all(o, asked, (uint32_t)r, err);
	for (uint32_t i = 0; i < o->n_next; i++)
		list[i] = o->next[i]->output;
	if (r == 0) {
		o->next_set = outset_new(list, o->n_next);
		r = o->next_set ? 0 : -ENOMEM;
	}
	if (r < 0)
		outputs_abort(o);
	return r;
}

/* --- and made --------------------------------------------------------------------------------- */

void outputs_abort(struct outputs *o)
{
	o->next_set = outset_unref(o->next_set);
	for (uint32_t i = 0; i < o->n_next; i++) {
		if (o->next[i]->is_new) {
			(void)bound_free(o->next[i]);
			continue;
		}
		if (o->next[i]->is_tried)
			output_decide(o->next[i]->output, false);
		o->next[i]->is_tried = false;
	}
	o->n_next = 0;
}

static bool stays(const struct outputs *o, const struct bound *b)
{
	for (uint32_t i = 0; i < o->n_next; i++)
		if (o->next[i] == b)
			return true;
	return false;
}

void outputs_commit(struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++) {
		if (stays(o, o->list[i]))
			continue;
		output_retire(o->list[i]->output);
		o->list[i]->leaving_ms = clock_ms();
		o->leaving[o->n_leaving++] = o->list[i];
	}
	for (uint32_t i = 0; i < o->n_next; i++) {
		if (o->next[i]->is_tried)
			output_decide(o->next[i]->output, true);
		o->next[i]->is_tried = o->next[i]->is_new = false;
		o->list[i] = o->next[i];
	}
	o->n = o->n_next;
	o->n_next = 0;
	if (o->set)
		o->old_sets[o->n_old_sets++] = o->set;
	o->set = o->next_set;
	o->next_set = NULL;
}

/* --- what goes -------------------------------------------------------------------------------- */

/* The sink that is not in use, after a change. */
static void drop_mount(struct bound *b)
{
	if (!b->next || b->is_tried || !output_is_settled(b->output))
		return;
	if (b->next->inst) {
		if (b->now != b->first)
			(void)mount_free(b->now);
		b->now = b->next;
	} else {
		(void)mount_free(b->next);
	}
	b->next = NULL;
}

static bool is_used(const struct outputs *o, const struct output *output)
{
	for (uint32_t i = 0; i < o->n_old_sets; i++)
		if (outset_has(o->old_sets[i], output))
			return true;
	return false;
}

/* Names beyond what is kept apart are counted together. */
static struct past *past_of(struct outputs *o, const char *name)
{
	struct past *p = o->past;
	uint32_t n = 0;

	for (; p && strncmp(p->name, name, sizeof(p->name) - 1) != 0; p = p->next)
		n++;
	if (p || n > OUTPUTS_PAST_MAX)
		return p ? p : o->past;
	p = mem_new(sizeof(*p));
	if (!p)
		return NULL;
	(void)snprintf(p->name, sizeof(p->name), "%s", n < OUTPUTS_PAST_MAX ? name : "others");
	p->next = o->past;
	o->past = p;
	return p;
}

static void remember(struct outputs *o, const struct bound *b)
{
	struct output_counters c;
	struct past *p = past_of(o, b->name);

	output_count(b->output, &c);
	if (p)
		output_counters_add(&p->counters, &c);
}

/* Whether it is gone. */
static bool leave(struct outputs *o, struct bound *b)
{
	if (!b->is_stopped && !is_used(o, b->output)) {
		output_stop(b->output);
		b->is_stopped = true;
	} else if (!b->is_stopped && clock_ms() > b->leaving_ms + OUTPUTS_PATIENCE_MS) {
		output_let_go(b->output); /* a source may wait for it in the middle of a batch */
	}
	if (!b->is_stopped || !output_is_ended(b->output))
		return false;
	output_join(b->output);
	remember(o, b);
	log_info(&o->setup->log, "output '%s': gone", b->name);
	(void)bound_free(b);
	return true;
}

void outputs_tidy(struct outputs *o)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->n_old_sets; i++) {
		if (outset_is_alone(o->old_sets[i]))
			(void)outset_unref(o->old_sets[i]);
		else
			o->old_sets[n++] = o->old_sets[i];
	}
	o->n_old_sets = n;
	n = 0;
	for (uint32_t i = 0; i < o->n_leaving; i++)
		if (!leave(o, o->leaving[i]))
			o->leaving[n++] = o->leaving[i];
	o->n_leaving = n;
	for (uint32_t i = 0; i < o->n; i++)
		drop_mount(o->list[i]);
}

bool outputs_past(const struct outputs *o, uint32_t i, const char **name,
		  struct output_counters *ret)
{
	const struct past *p = o->past;

	if (i < o->n_leaving) {
		*name = o->leaving[i]->name;
		output_count(o->leaving[i]->output, ret);
		return true;
	}
	for (i -= o->n_leaving; p && i; i--)
		p = p->next;
	if (!p)
		return false;
	*name = p->name;
	*ret = p->counters;
	return true;
}

/* --- all of them ------------------------------------------------------------------------------ */

int outputs_names(struct setup *s, struct config *c, struct output_names *ret, struct err *err)
{
	struct asked asked[OUTPUTS_MAX];
	const char **names = arena_alloc(&c->arena, OUTPUTS_MAX * sizeof(*names));
	const char **templates = arena_alloc(&c->arena, OUTPUTS_MAX * sizeof(*templates));
	int n = mount_list(s, c, asked, false, err);

	if (!names || !templates)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		names[i] = asked[i].name;
		templates[i] = asked[i].template;
	}
	*ret = (struct output_names){
		.n = n < 0 ? 0 : (uint32_t)n, .names = names, .templates = templates};
	return n < 0 ? n : 0;
}

int outputs_new(struct setup *s, bool blocks, struct loop *loop, struct outputs **ret,
		struct err *err)
{
	struct outputs *o = mem_new(sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	o->setup = s;
	o->blocks = blocks;
	o->loop = loop;
	r = outputs_prepare(o, &s->config, err);
	if (r < 0) {
		(void)outputs_free(o);
		return r;
	}
	outputs_commit(o);
	*ret = o;
	return 0;
}

struct outset *outputs_set(const struct outputs *o)
{
	return o->set;
}

struct outset *outputs_next_set(const struct outputs *o)
{
	return o->next_set;
}

bool outputs_are_over(const struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (!output_is_over(o->list[i]->output))
			return false;
	return true;
}

void outputs_let_go(struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		output_let_go(o->list[i]->output);
	for (uint32_t i = 0; i < o->n_leaving; i++)
		output_let_go(o->leaving[i]->output);
}

void outputs_stop(struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		output_stop(o->list[i]->output);
	for (uint32_t i = 0; i < o->n_leaving; i++)
		output_stop(o->leaving[i]->output);
}

void outputs_hurry(struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		output_hurry(o->list[i]->output);
	for (uint32_t i = 0; i < o->n_leaving; i++)
		output_hurry(o->leaving[i]->output);
}

bool outputs_have_ended(const struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (!output_is_ended(o->list[i]->output))
			return false;
	for (uint32_t i = 0; i < o->n_leaving; i++)
		if (!output_is_ended(o->leaving[i]->output))
			return false;
	return true;
}

void outputs_drain(struct outputs *o)
{
	outputs_stop(o);
	for (uint32_t i = 0; i < o->n; i++)
		output_join(o->list[i]->output);
	for (uint32_t i = 0; i < o->n_leaving; i++)
		output_join(o->leaving[i]->output);
}

struct outputs *outputs_free(struct outputs *o)
{
	if (!o)
		return NULL;
	outputs_drain(o);
	for (uint32_t i = 0; i < o->n; i++)
		(void)bound_free(o->list[i]);
	for (uint32_t i = 0; i < o->n_leaving; i++)
		(void)bound_free(o->leaving[i]);
	for (uint32_t i = 0; i < o->n_old_sets; i++)
		(void)outset_unref(o->old_sets[i]);
	(void)outset_unref(o->set);
	while (o->past) {
		struct past *next = o->past->next;

		(void)mem_free(o->past);
		o->past = next;
	}
	return mem_free(o);
}

void outputs_look(struct outputs *o, uint32_t timeout_ms)
{
	for (uint32_t i = 0; i < o->n; i++)
		output_look(o->list[i]->output, timeout_ms);
}

void outputs_reopen(struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		output_reopen(o->list[i]->output);
}

struct output *const *outputs_list(const struct outputs *o, uint32_t *ret_n)
{
	*ret_n = o->set ? o->set->n : 0;
	return o->set ? o->set->list : NULL;
}
