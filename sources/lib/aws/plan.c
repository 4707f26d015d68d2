#include "plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "profile.h"
#include "text.h"

enum { ROLE_SECONDS = 3600, IMDS_TIMEOUT_S = 1, IMDS_TRIES = 3 };

struct maker {
	const struct aws_chain_options *o;
	struct plan *p;
	struct aws_profiles *ps;
	const char *profile; /* that is used where none is named */
	bool is_asked_for;   /* it was asked for by name */
	char *err;
	size_t err_size;
	bool no_memory;
};

static int fail(struct maker *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct maker *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(m->err, m->err_size, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* A text that lives as long as the plan; NULL stays NULL. */
static const char *own(struct maker *m, const char *text)
{
	char *copy = aws_dup(text);

	if (!text)
		return NULL;
	if (!copy || m->p->n_texts == PLAN_TEXTS) {
		aws_wipe(copy);
		m->no_memory = true;
		return NULL;
	}
	m->p->texts[m->p->n_texts++] = copy;
	return copy;
}

static const char *own_joined(struct maker *m, const char *a, const char *b)
{
	struct aws_text t = {0};
	const char *s;

	aws_text_puts(&t, a);
	aws_text_puts(&t, b);
	s = own(m, aws_text_get(&t));
	aws_text_free(&t);
	return s;
}

static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

static void name_add(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void name_add(struct plan *p, const char *fmt, ...)
{
	const size_t len = strlen(p->name);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(p->name + len, sizeof p->name - len, fmt, args);
	va_end(args);
}

/* Reads an URL; @what says where it was written. */
static int read_url(struct maker *m, const char *url, const char *what, struct aws_endpoint *ret)
{
	char why[AWS_ENDPOINT_WHY];
	int r = aws_endpoint_parse(url, what, ret, why);

	return r ? fail(m, "%s", why) : 0;
}

/* A number of the environment from 1 to @max; without one, or with another, @otherwise. */
static long env_number(const char *name, long max, long otherwise)
{
	const char *text = env(name);
	const long n = text ? strtol(text, NULL, 10) : otherwise;

	return n > 0 && n <= max ? n : otherwise;
}

/* ---- values of a profile ---- */

static bool get(struct maker *m, const char *profile, const char *key, struct aws_value *ret)
{
	return aws_profile_get(m->ps, AWS_PROFILE, profile, key, ret);
}

static const char *get_own(struct maker *m, const char *profile, const char *key)
{
	struct aws_value v;

	return get(m, profile, key, &v) ? own(m, v.text) : NULL;
}

static bool has(struct maker *m, const char *profile, const char *key)
{
	struct aws_value v;

	return get(m, profile, key, &v);
}

static int no_profile(struct maker *m, const char *name, const char *why)
{
	return fail(m, "profile '%s'%s: it is neither in '%s' (as [profile %s]) nor in '%s'", name,
		    why, aws_profiles_config(m->ps), name, aws_profiles_credentials(m->ps));
}

/* ---- sources ---- */

static int take_static(struct maker *m, const char *id, const char *secret, const char *token)
{
	struct plan *p = m->p;

	p->source = PLAN_STATIC;
	p->keys.id = aws_dup(id);
	p->keys.secret = aws_dup(secret);
	p->keys.token = aws_dup(token);
	m->no_memory |= !p->keys.id || !p->keys.secret || (token && !p->keys.token);
	return 0;
}

static int take_env_keys(struct maker *m)
{
	const char *id = env("AWS_ACCESS_KEY_ID"), *secret = env("AWS_SECRET_ACCESS_KEY");

	if (!id || !secret)
		return fail(m, "%s is set, but %s is not",
			    id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
			    id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	name_add(m->p, "keys of the environment");
	return take_static(m, id, secret, env("AWS_SESSION_TOKEN"));
}

static const char *session_or_usual(const char *name)
{
	return name ? name : "gyr";
}

static int take_env_web(struct maker *m)
{
	if (!env("AWS_ROLE_ARN"))
		return fail(m, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
	m->p->source = PLAN_WEB_IDENTITY;
	m->p->token_file = own(m, env("AWS_WEB_IDENTITY_TOKEN_FILE"));
	m->p->web.arn = own(m, env("AWS_ROLE_ARN"));
	m->p->web.session = own(m, session_or_usual(env("AWS_ROLE_SESSION_NAME")));
	m->p->web.seconds = ROLE_SECONDS;
	name_add(m->p, "web identity of the environment as %s", env("AWS_ROLE_ARN"));
	return 0;
}

/* Source: "Container credential provider": plain http goes to these alone. */
static bool is_container_host(const char *host)
{
	return aws_host_is_loopback(host) || strcmp(host, "169.254.170.2") == 0 ||
	       strcmp(host, "169.254.170.23") == 0 || strcmp(host, "[fd00:ec2::23]") == 0;
}

static int take_container(struct maker *m)
{
	const char *relative = env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct aws_endpoint e;
	int r = 0;

	m->p->source = PLAN_CONTAINER;
	m->p->container_auth = own(m, env("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
	m->p->container_auth_file = own(m, env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
	name_add(m->p, "credentials of the container");
	if (relative) {
		m->p->container_url = own_joined(m, "http://169.254.170.2", relative);
		return 0;
	}
	if (!full)
		return fail(m, "credential_source = EcsContainer: neither "
			       "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
			       "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
	m->p->container_url = own(m, full);
	/* A query is fine there, of which an endpoint knows nothing. */
	if (strncmp(full, "http://", 7) == 0) {
		char base[512];

		(void)aws_copy(base, sizeof base, full, strcspn(full, "?"));
		r = read_url(m, base, "AWS_CONTAINER_CREDENTIALS_FULL_URI", &e);
		if (r)
			return r;
		e.host[e.host[0] == '[' ? strcspn(e.host, "]") + 1 : strcspn(e.host, ":")] = '\0';
		if (!is_container_host(e.host))
			r = fail(m,
				 "AWS_CONTAINER_CREDENTIALS_FULL_URI: '%s': http:// only to this "
				 "machine, 169.254.170.2 or 169.254.170.23; want https://",
				 full);
	} else if (strncmp(full, "https://", 8) != 0) {
		r = fail(m, "AWS_CONTAINER_CREDENTIALS_FULL_URI: '%s': not an URL", full);
	}
	return r;
}

static int take_imds(struct maker *m)
{
	m->p->source = PLAN_IMDS;
	name_add(m->p, "role of the instance");
	if (!m->p->imds_url)
		return fail(m, "the metadata service is asked for, but it is off "
			       "(aws.imds, AWS_EC2_METADATA_DISABLED)");
	return 0;
}

/* ---- SSO ---- */

static const char *cache_file(struct maker *m, const char *name)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char hash[EVP_MAX_MD_SIZE];
	const char *home = env("HOME");
	char file[96] = "/.aws/sso/cache/";
	size_t at = strlen(file);

	if (EVP_Digest(name, strlen(name), hash, NULL, EVP_sha1(), NULL) != 1) {
		m->no_memory = true;
		return NULL;
	}
	for (int i = 0; i < 20; i++) {
		file[at++] = hex[hash[i] >> 4];
		file[at++] = hex[hash[i] & 15];
	}
	memcpy(file + at, ".json", 6);
	return own_joined(m, home ? home : "", file);
}

static int take_sso(struct maker *m, const char *profile)
{
	struct plan *p = m->p;
	struct aws_value session = {.text = NULL}, v = {.text = NULL};
	const bool has_session = get(m, profile, "sso_session", &session);
	const char *where = has_session ? session.text : profile;
	const enum aws_section kind = has_session ? AWS_SSO_SESSION : AWS_PROFILE;

	p->source = PLAN_SSO;
	p->sso_account = get_own(m, profile, "sso_account_id");
	p->sso_role = get_own(m, profile, "sso_role_name");
	if (aws_profile_get(m->ps, kind, where, "sso_region", &v))
		p->sso_region = own(m, v.text);
	if (!aws_profile_get(m->ps, kind, where, "sso_start_url", &v) || !p->sso_region)
		return fail(m,
			    "profile '%s': SSO needs 'sso_region' and 'sso_start_url' in [%s %s]",
			    profile, has_session ? "sso-session" : "profile", where);
	if (!p->sso_account || !p->sso_role)
		return fail(m, "profile '%s': SSO needs 'sso_account_id' and 'sso_role_name'",
			    profile);
	if (!aws_region_is_valid(p->sso_region))
		return fail(m, "%s:%u: 'sso_region': '%s' is not a region", v.file, v.line,
			    p->sso_region);
	p->sso_cache = cache_file(m, has_session ? session.text : v.text);
	p->sso_login = own_joined(m, "aws sso login --profile ", profile);
	name_add(p, "SSO of profile '%s'", profile);
	return 0;
}

/* ---- profiles ---- */

static int take_profile(struct maker *m, const char *profile, unsigned depth);

static int add_role(struct maker *m, const struct plan_role *role)
{
	if (m->p->n_roles == AWS_ROLES)
		return fail(m, "more than %d roles, one after another", AWS_ROLES);
	m->p->roles[m->p->n_roles++] = *role;
	name_add(m->p, ", then %s", role->arn ? role->arn : "");
	return 0;
}

static int read_role(struct maker *m, const char *profile, struct plan_role *ret)
{
	struct aws_value v;
	char *end;

	*ret = (struct plan_role){
		.arn = get_own(m, profile, "role_arn"),
		.session = get_own(m, profile, "role_session_name"),
		.external_id = get_own(m, profile, "external_id"),
		.seconds = ROLE_SECONDS,
	};
	if (!ret->session)
		ret->session = own(m, session_or_usual(env("AWS_ROLE_SESSION_NAME")));
	if (get(m, profile, "mfa_serial", &v))
		return fail(m,
			    "%s:%u: 'mfa_serial': a role that asks for a code needs a person; use "
			    "another profile",
			    v.file, v.line);
	if (!get(m, profile, "duration_seconds", &v))
		return 0;
	ret->seconds = (unsigned)strtoul(v.text, &end, 10);
	if (*end || end == v.text || ret->seconds < 900 || ret->seconds > 43200)
		return fail(m, "%s:%u: 'duration_seconds': want 900 to 43200, got '%s'", v.file,
			    v.line, v.text);
	return 0;
}

static int take_profile_keys(struct maker *m, const char *profile)
{
	struct aws_value id, secret, token = {.text = NULL};

	if (!get(m, profile, "aws_access_key_id", &id)) {
		(void)get(m, profile, "aws_secret_access_key", &id);
		return fail(m, "%s:%u: 'aws_secret_access_key' without 'aws_access_key_id'",
			    id.file, id.line);
	}
	if (!get(m, profile, "aws_secret_access_key", &secret))
		return fail(m, "%s:%u: 'aws_access_key_id' without 'aws_secret_access_key'",
			    id.file, id.line);
	(void)get(m, profile, "aws_session_token", &token);
	name_add(m->p, "keys of profile '%s'", profile);
	return take_static(m, id.text, secret.text, token.text);
}

static bool has_keys(struct maker *m, const char *profile)
{
	return has(m, profile, "aws_access_key_id") || has(m, profile, "aws_secret_access_key");
}

/* The keys that a role is taken on with. */
static int take_role_source(struct maker *m, const char *profile, unsigned depth)
{
	struct aws_value from, source;

	if (get(m, profile, "source_profile", &from)) {
		if (strcmp(from.text, profile) == 0 && has_keys(m, profile))
			return take_profile_keys(m, profile);
		if (depth + 1 > AWS_ROLES || strcmp(from.text, profile) == 0)
			return fail(m, "%s:%u: 'source_profile': profiles that lead to each other",
				    from.file, from.line);
		if (!aws_profile_exists(m->ps, from.text))
			return no_profile(m, from.text, " (a 'source_profile')");
		return take_profile(m, from.text, depth + 1);
	}
	if (!get(m, profile, "credential_source", &source))
		return fail(m,
			    "profile '%s': 'role_arn' needs 'source_profile', "
			    "'credential_source' or 'web_identity_token_file'",
			    profile);
	if (strcmp(source.text, "Environment") == 0)
		return take_env_keys(m);
	if (strcmp(source.text, "Ec2InstanceMetadata") == 0)
		return take_imds(m);
	if (strcmp(source.text, "EcsContainer") == 0)
		return take_container(m);
	return fail(m,
		    "%s:%u: 'credential_source': want Environment, Ec2InstanceMetadata or "
		    "EcsContainer, got '%s'",
		    source.file, source.line, source.text);
}

static int take_role(struct maker *m, const char *profile, unsigned depth)
{
	struct plan_role role;
	int r = read_role(m, profile, &role);

	if (r)
		return r;
	if (!has(m, profile, "source_profile") && has(m, profile, "web_identity_token_file")) {
		m->p->source = PLAN_WEB_IDENTITY;
		m->p->token_file = get_own(m, profile, "web_identity_token_file");
		m->p->web = role;
		name_add(m->p, "web identity of profile '%s'", profile);
		return 0;
	}
	r = take_role_source(m, profile, depth);
	return r ? r : add_role(m, &role);
}

static int take_process(struct maker *m, const char *profile, const struct aws_value *command)
{
	if (!command->is_trusted)
		return fail(
			m,
			"%s:%u: 'credential_process' runs a program, so the file must belong to "
			"root or to the user that runs this, and be writable by nobody else "
			"(chmod go-w)",
			command->file, command->line);
	m->p->source = PLAN_PROCESS;
	m->p->command = own(m, command->text);
	name_add(m->p, "program of profile '%s'", profile);
	return 0;
}

static int take_profile(struct maker *m, const char *profile, unsigned depth)
{
	struct aws_value command;

	if (has(m, profile, "role_arn"))
		return take_role(m, profile, depth);
	if (has_keys(m, profile))
		return take_profile_keys(m, profile);
	if (has(m, profile, "sso_session") || has(m, profile, "sso_start_url"))
		return take_sso(m, profile);
	if (get(m, profile, "credential_process", &command))
		return take_process(m, profile, &command);
	return fail(m, "profile '%s': no credentials in it (looked in '%s' and '%s')", profile,
		    aws_profiles_config(m->ps), aws_profiles_credentials(m->ps));
}

static bool has_credentials(struct maker *m, const char *profile)
{
	static const char *const keys[] = {
		"role_arn",    "aws_access_key_id", "aws_secret_access_key",
		"sso_session", "sso_start_url",     "credential_process"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (has(m, profile, keys[i]))
			return true;
	}
	return false;
}

/* ---- the order ---- */

static int take_first(struct maker *m)
{
	if (m->o->profile)
		return take_profile(m, m->profile, 0);
	if (env("AWS_ACCESS_KEY_ID") || env("AWS_SECRET_ACCESS_KEY"))
		return take_env_keys(m);
	if (env("AWS_WEB_IDENTITY_TOKEN_FILE"))
		return take_env_web(m);
	if (has_credentials(m, m->profile))
		return take_profile(m, m->profile, 0);
	if (env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
	    env("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
		return take_container(m);
	if (m->p->imds_url)
		return take_imds(m);
	return fail(m,
		    "no credentials: not in the environment (AWS_ACCESS_KEY_ID, "
		    "AWS_WEB_IDENTITY_TOKEN_FILE), not in profile '%s' of '%s' and '%s', and the "
		    "metadata service of the instance is off",
		    m->profile, aws_profiles_config(m->ps), aws_profiles_credentials(m->ps));
}

/* An option of ours wins over the environment. */
static bool imds_is_off(const struct maker *m)
{
	const char *off = env("AWS_EC2_METADATA_DISABLED");

	if (m->o->imds)
		return strcmp(m->o->imds, "off") == 0;
	return off && strcasecmp(off, "true") == 0;
}

/* Where the metadata service of an instance is when nothing else is said. */
static const char *imds_default(void)
{
	const char *mode = env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");

	return mode && strcasecmp(mode, "IPv6") == 0 ? "http://[fd00:ec2::254]"
						     : "http://169.254.169.254";
}

static int plan_imds(struct maker *m)
{
	const char *what = m->o->imds ? "aws.imds (want \"off\" or an URL)"
				      : "AWS_EC2_METADATA_SERVICE_ENDPOINT";
	const char *url = m->o->imds ? m->o->imds : env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	struct aws_endpoint e;
	size_t len;
	int r;

	m->p->imds_timeout_ms =
		1000 * env_number("AWS_METADATA_SERVICE_TIMEOUT", 3600, IMDS_TIMEOUT_S);
	m->p->imds_tries = (int)env_number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1000, IMDS_TRIES);
	if (imds_is_off(m))
		return 0;
	if (!url)
		url = imds_default();
	r = read_url(m, url, what, &e);
	m->p->imds_url = r ? NULL : own(m, url);
	len = m->p->imds_url ? strlen(m->p->imds_url) : 0;
	if (len && m->p->imds_url[len - 1] == '/')
		m->p->texts[m->p->n_texts - 1][len - 1] = '\0';
	return r;
}

static int plan_region(struct maker *m)
{
	struct aws_value v = {.text = NULL};
	const char *region = m->o->region, *where = "aws.region";

	if (!region) {
		where = "AWS_REGION";
		region = env(where);
	}
	if (!region) {
		where = "AWS_DEFAULT_REGION";
		region = env(where);
	}
	if (!region && get(m, m->profile, "region", &v)) {
		where = "'region' of the profile";
		region = v.text;
	}
	if (region && !aws_region_is_valid(region))
		return fail(m, "%s: '%s': want small letters, digits and '-', as in eu-west-1",
			    where, region);
	m->p->region = own(m, region);
	return 0;
}

static bool is_true(const char *text)
{
	return text && strcasecmp(text, "true") == 0;
}

static void plan_endpoints(struct maker *m)
{
	static const char *const variables[AWS_N_SERVICES] = {
		[AWS_S3] = "AWS_ENDPOINT_URL_S3",
		[AWS_SQS] = "AWS_ENDPOINT_URL_SQS",
		[AWS_STS] = "AWS_ENDPOINT_URL_STS",
		[AWS_SSO] = "AWS_ENDPOINT_URL_SSO",
	};
	struct aws_endpoint_options *e = m->o->endpoints;
	struct aws_value v;

	if (is_true(env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")))
		return;
	for (int s = 0; s < AWS_N_SERVICES; s++) {
		if (!e->url[s])
			e->url[s] = own(m, env(variables[s]));
		if (!e->url[s])
			e->url[s] = own(m, env("AWS_ENDPOINT_URL"));
		if (!e->url[s] && get(m, m->profile, "endpoint_url", &v))
			e->url[s] = own(m, v.text);
	}
}

static void plan_variants(struct maker *m)
{
	struct aws_endpoint_options *e = m->o->endpoints;
	struct aws_value v;

	e->use_fips |= is_true(env("AWS_USE_FIPS_ENDPOINT")) ||
		       (get(m, m->profile, "use_fips_endpoint", &v) && is_true(v.text));
	e->use_dualstack |= is_true(env("AWS_USE_DUALSTACK_ENDPOINT")) ||
			    (get(m, m->profile, "use_dualstack_endpoint", &v) && is_true(v.text));
	e->path_style |=
		get(m, m->profile, "s3.addressing_style", &v) && strcmp(v.text, "path") == 0;
}

static int check_endpoints(struct maker *m)
{
	struct aws_endpoint e;
	char what[48];
	int r = 0;

	for (int s = 0; s < AWS_N_SERVICES && r == 0; s++) {
		(void)snprintf(what, sizeof what, "endpoint of %s", aws_service_name(s));
		if (m->o->endpoints->url[s])
			r = read_url(m, m->o->endpoints->url[s], what, &e);
	}
	return r;
}

static int plan_chosen_role(struct maker *m)
{
	const char *session = m->o->session_name;
	const struct plan_role role = {
		.arn = own(m, m->o->role_arn),
		.external_id = own(m, m->o->external_id),
		.session =
			own(m, session_or_usual(session ? session : env("AWS_ROLE_SESSION_NAME"))),
		.seconds = ROLE_SECONDS};

	return m->o->role_arn ? add_role(m, &role) : 0;
}

int plan_make(const struct aws_chain_options *o, struct plan *p, char *err, size_t err_size)
{
	struct maker m = {.o = o, .p = p, .err = err, .err_size = err_size};
	int r;

	*p = (struct plan){.n_texts = 0};
	m.profile = o->profile ? o->profile : env("AWS_PROFILE");
	if (!m.profile)
		m.profile = env("AWS_DEFAULT_PROFILE");
	m.is_asked_for = m.profile != NULL;
	if (!m.profile)
		m.profile = "default";
	r = aws_profiles_load(o->config_file, o->credentials_file, &m.ps, err, err_size);
	if (r)
		return r;
	if (m.is_asked_for && !aws_profile_exists(m.ps, m.profile))
		r = no_profile(&m, m.profile, "");
	if (r == 0)
		r = plan_imds(&m);
	if (r == 0)
		r = plan_region(&m);
	if (r == 0)
		r = take_first(&m);
	if (r == 0)
		r = plan_chosen_role(&m);
	plan_endpoints(&m);
	plan_variants(&m);
	if (r == 0)
		r = check_endpoints(&m);
	if (r == 0 && m.no_memory) {
		(void)snprintf(err, err_size, "no memory");
		r = -ENOMEM;
	}
	aws_profiles_free(m.ps);
	return r;
}

void plan_clear(struct plan *p)
{
	for (size_t i = 0; i < p->n_texts; i++)
		aws_wipe(p->texts[i]);
	aws_keys_clear(&p->keys);
	*p = (struct plan){.n_texts = 0};
}
