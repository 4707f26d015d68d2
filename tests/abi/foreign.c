/*
 * foreign: a plugin as other SDKs make them: written by hand against the ABI of an older minor
 * version, with one field a call, no _ext pointers, no extension of this host. It must load, and
 * run, unchanged.
 *
 * A source of two events, "a" and "b", and a field foreign.letter over them.
 */
#include <stdlib.h>
#include <string.h>

#include <gyr/abi.h>

struct foreign {
	const char *letter;
	char text[2];
	const char *err;
};

struct open_source {
	uint32_t n;
	uint8_t bytes[PLUGIN_EVENT_PAYLOAD_OFFSET + 1];
	ss_plugin_event *evts[1];
};

const char *plugin_get_required_api_version(void)
{
	return "3.0.0";
}

const char *plugin_get_version(void)
{
	return "1.2.3";
}

const char *plugin_get_name(void)
{
	return "foreign";
}

const char *plugin_get_description(void)
{
	return "A plugin of another make";
}

const char *plugin_get_contact(void)
{
	return "nobody";
}

const char *plugin_get_last_error(ss_plugin_t *s)
{
	const struct foreign *f = s;

	return f->err ? f->err : "";
}

ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct foreign *f = calloc(1, sizeof *f);

	*rc = f ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
	if (f && strcmp(in->config, "refuse") == 0) {
		f->err = "told to refuse";
		*rc = SS_PLUGIN_FAILURE;
	}
	return f;
}

void plugin_destroy(ss_plugin_t *s)
{
	free(s);
}

uint32_t plugin_get_id(void)
{
	return 9999;
}

const char *plugin_get_event_source(void)
{
	return "foreign";
}

ss_instance_t *plugin_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc)
{
	struct open_source *h = calloc(1, sizeof *h);

	(void)s;
	(void)params;
	*rc = h ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
	return h;
}

void plugin_close(ss_plugin_t *s, ss_instance_t *h)
{
	(void)s;
	free(h);
}

ss_plugin_rc plugin_next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *nevts,
			       ss_plugin_event ***evts)
{
	struct open_source *o = h;
	const ss_plugin_event head = {.ts = 1000 + o->n,
				      .tid = UINT64_MAX,
				      .len = sizeof o->bytes,
				      .type = GYR_EVENT_PLUGIN,
				      .nparams = 2};
	const uint32_t params[] = {4, 1, 0}; /* no ID: the host puts it */

	(void)s;
	*nevts = 0;
	if (o->n == 2)
		return SS_PLUGIN_EOF;
	memcpy(o->bytes, &head, sizeof head);
	memcpy(o->bytes + sizeof head, params, sizeof params);
	o->bytes[PLUGIN_EVENT_PAYLOAD_OFFSET] = (uint8_t)('a' + o->n++);
	o->evts[0] = (void *)o->bytes;
	*nevts = 1;
	*evts = o->evts;
	return o->n == 2 ? SS_PLUGIN_EOF : SS_PLUGIN_SUCCESS; /* the last one comes with the end */
}

const char *plugin_get_fields(void)
{
	return "[{\"name\":\"foreign.letter\",\"type\":\"string\",\"desc\":\"the letter\"}]";
}

ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *evt,
				   const ss_plugin_field_extract_input *in)
{
	struct foreign *f = s;

	/* One field a call is all that hosts of its time asked for. */
	if (in->num_fields != 1 || evt->evt->len <= PLUGIN_EVENT_PAYLOAD_OFFSET) {
		f->err = "want one field";
		return SS_PLUGIN_FAILURE;
	}
	f->text[0] = ((const char *)evt->evt)[PLUGIN_EVENT_PAYLOAD_OFFSET];
	f->letter = f->text;
	in->fields[0].res.str = &f->letter;
	in->fields[0].res_len = 1;
	return SS_PLUGIN_SUCCESS;
}
