/*
 * plan: where keys will come from, decided from the options, the environment and the profiles.
 *
 * A plan is one source of keys and the roles that are taken on with them, in order. It is made without asking anybody,
 * so that all that a person wrote wrongly is said at the start, with its place.
 *
 * Source of names and order: "AWS SDKs and tools reference guide", standardized credential providers.
 *
 * Lifetime: plan_make() to plan_clear(). Threads: one (it reads the environment).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "credentials.h"

enum plan_source {
	PLAN_STATIC,
	PLAN_WEB_IDENTITY,
	PLAN_SSO,
	PLAN_PROCESS,
	PLAN_CONTAINER,
	PLAN_IMDS,
};

struct plan_role {
	const char *arn, *session, *external_id; /* external_id may be NULL */
	unsigned seconds;
};

enum { PLAN_TEXTS = 96 };

struct plan {
	enum plan_source source;
	struct aws_keys keys;   /* PLAN_STATIC */
	struct plan_role web;   /* PLAN_WEB_IDENTITY */
	const char *token_file; /* PLAN_WEB_IDENTITY */
	const char *sso_region, *sso_account, *sso_role, *sso_cache,
		*sso_login;  /* sso_login: what to type */
	const char *command; /* PLAN_PROCESS */
	const char *container_url, *container_auth, *container_auth_file;
	const char *imds_url; /* without '/' at its end; NULL: is off */
	long imds_timeout_ms;
	int imds_tries;
	struct plan_role roles[AWS_ROLES];
	size_t n_roles;
	const char *region; /* NULL: not said anywhere */
	char name[512];     /* for people */

	char *texts[PLAN_TEXTS]; /* what the others point into */
	size_t n_texts;
};

/* 0, or a negative errno with what is wrong, and where, in @err; @p is to be cleared in either case. */
int plan_make(const struct aws_chain_options *o, struct plan *p, char *err, size_t err_size)
	__attribute__((warn_unused_result));
void plan_clear(struct plan *p);
