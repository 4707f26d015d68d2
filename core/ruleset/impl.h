/*
 * impl: what a ruleset holds beyond what it shows. Private to this folder.
 */
#pragma once

#include <stdatomic.h>

#include "filter/evttypes.h"
#include "ruleset/decl.h"
#include "ruleset/ruleset.h"

struct rule_detail {
	const struct decl_rule *decl;
	const struct ast *tree; /* everything in place */
	struct names macros, lists;
	struct evttypes events; /* of sources with event types */
	bool has_events;        /* false: every event is tried */
};

struct ruleset_impl {
	struct ruleset pub;
	atomic_uint refs;
	struct store *store;
	struct arena arena;
	struct use_table **uses; /* by source */
	struct strmap by_name;
};
