/*
 * config_rules: what the configuration says about rules, in the form the rules loader takes.
 *
 * Lifetime: everything is in the arena of the configuration.
 */
#pragma once

#include "config/config.h"
#include "event/field.h"
#include "ruleset/loader.h"

/* `rules:`; -EINVAL with @err for an entry that is neither enable nor disable, of rule or tag. */
int config_selections(struct config *c, const struct rules_selection **ret, uint32_t *ret_n,
		      struct err *err);

/* Adds `static_fields:` to the fields of a source, as static.<key>; their texts are in the arena of
 * @c. -EINVAL with @err. */
int config_static_fields(struct config *c, struct fieldset *fields, struct err *err);

/* `append_output:`. -EINVAL with @err. */
int config_append_outputs(struct config *c, const struct rules_append_output **ret, uint32_t *ret_n,
			  struct err *err);

/* The texts of a list (or of the one scalar in its place), of a node (NULL: none) or at @path.
 * -ENOMEM. */
int config_node_strings(struct config *c, const struct config_node *n, const char *const **ret,
			uint32_t *ret_n);
int config_strings(struct config *c, const char *path, const char *const **ret, uint32_t *ret_n);
