/*
 * alert_plan: the inside of an alert plan, shared by the two halves of alert: plan and writer.
 */
#pragma once

#include "route/alert.h"
#include "route/form.h"
#include "ruleset/template.h"

enum alert_field_kind { ALERT_FIELD_TIME, ALERT_FIELD_USE, ALERT_FIELD_TEXT };

struct alert_field {
	struct str name;
	struct str json_key; /* "\"name\":" */
	enum alert_field_kind kind;
	const struct field_use *use;
	const struct template *text;
};

struct alert_rule {
	struct tally_row *tally;
	const char *name, *source;
	/* Equal ones of all rules are one. */
	const char *const *tags;
	uint32_t n_tags, n_fields;
	const struct alert_field *const *fields;
	struct str json_rule;  /* from "priority" to the name of the rule */
	const char *json_tail; /* from its closing quote to the opening one of time */
};

struct alert_plan {
	atomic_uint refs;
	struct arena arena;
	struct ruleset *rs;
	struct alert_options opts;
	struct suppress *suppress;
	uint32_t n_forms;
	route_set form_sets[ALERT_FORMS_MAX + 1]; /* outputs by text */
	const struct form **forms;                /* of each text, by source; NULL: the usual */
	const struct routes *routes;
	const struct suppress_plan *suppress_plan;
	struct str json_head; /* "{" and the host name */
	struct alert_rule *rules;
};
