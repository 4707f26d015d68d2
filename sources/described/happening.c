#include "happening.h"

#include <errno.h>
#include <string.h>

#include <gyr/events.h>
#include <gyr/params.h>

#include "value.h"

enum { GENERIC_EXIT = 1 };

/* What is called @name: its current exit event, an event that only begins, or the generic event of a
 * system call, whose code is then *ret_call. */
static const struct gyr_event_info *find_event(const char *name, uint16_t *ret_call)
{
	const size_t len = strlen(name);
	const struct gyr_event_info *info, *found = NULL;
	const struct gyr_syscall_info *call;

	for (uint16_t from = 0; (info = gyr_event_find(name, len, from)); from = info->code + 1) {
		if (info->flags & (GYR_EF_OLD_VERSION | GYR_EF_UNUSED))
			continue;
		if (!found || info->is_exit || !found->is_exit)
			found = info;
	}
	if (found)
		return found;
	call = gyr_syscall_find(name, len);
	if (!call)
		return NULL;
	*ret_call = call->code;
	return gyr_event(GENERIC_EXIT);
}

/* Whether the event carries a description of the process it is about. */
static bool describes_process(const struct gyr_event_info *info)
{
	return gyr_event_param_find(info->code, "comm", 4) >= 0 &&
	       gyr_event_param_find(info->code, "exe", 3) >= 0;
}

struct making {
	const struct gyr_event_info *info;
	const struct process *process;
	json_object *args;
	uint16_t call;
	struct fault *f;
};

static int put_param(const struct making *m, const struct gyr_param_info *row, struct bytes *out)
{
	static const uint8_t zero[8];
	json_object *value;

	if (m->args && json_object_object_get_ex(m->args, row->name, &value))
		return value ? value_put(row, value, out, m->f) : 0;
	if (m->info->code == GENERIC_EXIT && row->type == GYR_PT_SYSCALLID)
		bytes_add(out, &m->call, sizeof m->call);
	else if (!strcmp(row->name, "res"))
		bytes_add(out, zero, gyr_type_size(row->type));
	else if (describes_process(m->info))
		process_put(m->process, row, out);
	return 0;
}

/* Arguments that the event does not have. */
static int check_args(const struct making *m)
{
	if (!m->args)
		return 0;
	if (!json_object_is_type(m->args, json_type_object))
		return fault_set(m->f, "'args' is an object");
	json_object_object_foreach(m->args, key, value)
	{
		(void)value;
		if (gyr_event_param_find(m->info->code, key, strlen(key)) < 0)
			return fault_set(m->f, "event '%s' has no parameter '%.40s'", m->info->name,
					 key);
	}
	return 0;
}

/* Parameters one by one, behind room for their lengths. */
static int put_params(const struct making *m, size_t head, struct bytes *out)
{
	const size_t width = gyr_event_is_large(m->info->code) ? 4 : 2;
	uint32_t n;
	const struct gyr_param_info *rows = gyr_event_params(m->info->code, &n);

	for (uint32_t i = 0; i < n; i++) {
		const size_t at = out->len;
		int r = put_param(m, &rows[i], out);
		size_t len = out->len - at;

		if (r < 0)
			return r;
		if (width == 2 && len > UINT16_MAX)
			return fault_set(m->f, "'%s' is longer than an event can carry",
					 rows[i].name);
		if (!out->failed)
			memcpy(out->p + head + i * width, &len, width); /* little endian */
	}
	return out->failed ? fault_set(m->f, "the event is too large") : 0;
}

/* The processor, where it is told: behind the parameters. */
static int put_cpu(json_object *json, struct bytes *out, struct fault *f)
{
	json_object *cpu;
	uint16_t n;

	if (!json_object_object_get_ex(json, "cpu", &cpu))
		return 0;
	if (!json_object_is_type(cpu, json_type_int) || json_object_get_int64(cpu) < 0 ||
	    json_object_get_int64(cpu) >= INT16_MAX)
		return fault_set(f, "'cpu' is the number of a processor");
	n = (uint16_t)json_object_get_int64(cpu);
	bytes_add(out, &n, sizeof n);
	return 0;
}

int happening_put(json_object *json, const struct process *p, uint64_t ts, struct bytes *out,
		  struct fault *f)
{
	static const uint8_t no_lengths[GYR_PARAMS_MAX * 4];
	struct making m = {.process = p, .f = f};
	json_object *type = NULL;
	ss_plugin_event head = {.ts = ts, .tid = (uint64_t)p->meta.tid};
	const size_t begin = out->len;
	uint32_t n;
	int r;

	(void)json_object_object_get_ex(json, "args", &m.args);
	if (!json_object_object_get_ex(json, "type", &type) ||
	    !json_object_is_type(type, json_type_string))
		return fault_set(f, "an event has a 'type': the name of a system call or event");
	m.info = find_event(json_object_get_string(type), &m.call);
	if (!m.info)
		return fault_set(f, "there is no event '%.40s'", json_object_get_string(type));
	r = check_args(&m);
	if (r < 0)
		return r;
	head.type = m.info->code;
	(void)gyr_event_params(head.type, &n);
	head.nparams = n;
	bytes_add(out, &head, sizeof head);
	bytes_add(out, no_lengths, (size_t)head.nparams * (gyr_event_is_large(head.type) ? 4 : 2));
	r = put_params(&m, begin + sizeof head, out);
	if (r == 0)
		r = put_cpu(json, out, f);
	if (r == 0) {
		head.len = (uint32_t)(out->len - begin);
		memcpy(out->p + begin, &head, sizeof head);
	}
	return r;
}
