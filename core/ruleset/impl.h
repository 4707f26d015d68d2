/*
 * impl: what a ruleset holds beyond what it shows. Private to this folder.
 */
#pragma once

#include <stdatomic.h>

#include "ruleset/ruleset.h"
#include "util/arena.h"
#include "util/strmap.h"

struct ruleset_impl {
	struct ruleset pub;
	atomic_uint refs;
	struct arena arena;
	struct use_table **uses; /* by source */
	struct strmap by_name;
};
