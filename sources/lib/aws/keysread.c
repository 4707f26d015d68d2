#include "keysread.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "rfc3339.h"
#include "text.h"
#include "xml.h"

enum { JSON_DEPTH = 16 };

/* Takes a text into *to; false when it is none that may stand in a header. */
static bool take(char **to, const char *text, size_t len, size_t max)
{
	struct aws_text t = {.max = max};

	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	if (len == 0 || len > max)
		return false;
	aws_text_add(&t, text, len);
	aws_wipe(*to);
	*to = t.p;
	return !t.failed;
}

static bool take_time(int64_t *to, const char *text, size_t len)
{
	uint64_t ns;

	if (rfc3339_parse(text, len, &ns) != 0)
		return false;
	*to = (int64_t)(ns / 1000000000);
	return true;
}

static int check(struct aws_keys *k, int r, const char *wrong, char *err, size_t err_size)
{
	if (r == 0 && (!k->id || !k->secret))
		wrong = !k->id ? "no access key id in it" : "no secret access key in it";
	if (!wrong)
		return 0;
	(void)snprintf(err, err_size, "%s", wrong);
	aws_keys_clear(k);
	return r ? r : -EINVAL;
}

/* ---- JSON ---- */

static struct json_object *parse(const char *body, size_t len)
{
	struct json_tokener *tok = len < INT_MAX ? json_tokener_new_ex(JSON_DEPTH) : NULL;
	struct json_object *o = tok ? json_tokener_parse_ex(tok, body, (int)len) : NULL;

	if (tok)
		json_tokener_free(tok);
	if (o && !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

/* A text of one of two names; an empty one is none. */
static const char *text_of(struct json_object *o, const char *name, const char *other,
			   size_t *ret_len)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, name, &v) && !json_object_object_get_ex(o, other, &v))
		return NULL;
	if (!json_object_is_type(v, json_type_string))
		return NULL;
	*ret_len = (size_t)json_object_get_string_len(v);
	return *ret_len ? json_object_get_string(v) : NULL;
}

static const char *read_times(struct json_object *o, struct aws_keys *ret)
{
	struct json_object *ms;
	size_t n;
	const char *s = text_of(o, "Expiration", "expiration", &n);

	if (s && !take_time(&ret->expires, s, n))
		return "its expiration is no time";
	if (!s && json_object_object_get_ex(o, "expiration", &ms) &&
	    json_object_is_type(ms, json_type_int))
		ret->expires = json_object_get_int64(ms) / 1000;
	return NULL;
}

static const char *read_object(struct json_object *o, struct aws_keys *ret)
{
	size_t n;
	const char *s = text_of(o, "Code", "Code", &n);

	if (s && strcmp(s, "Success") != 0)
		return "it says that it has none for now";
	s = text_of(o, "AccessKeyId", "accessKeyId", &n);
	if (s && !take(&ret->id, s, n, AWS_KEY_ID_MAX))
		return "its access key id cannot be one";
	s = text_of(o, "SecretAccessKey", "secretAccessKey", &n);
	if (s && !take(&ret->secret, s, n, AWS_SECRET_MAX))
		return "its secret access key cannot be one";
	s = text_of(o, "Token", "SessionToken", &n);
	if (!s)
		s = text_of(o, "sessionToken", "sessionToken", &n);
	if (s && !take(&ret->token, s, n, AWS_TOKEN_MAX))
		return "its session token cannot be one";
	return read_times(o, ret);
}

int keys_read_json(const char *body, size_t len, struct aws_keys *ret, char *err, size_t err_size)
{
	struct json_object *o = parse(body, len), *inner;
	const char *wrong = "not JSON";

	aws_keys_clear(ret);
	if (o)
		wrong = read_object(json_object_object_get_ex(o, "roleCredentials", &inner) &&
						    json_object_is_type(inner, json_type_object)
					    ? inner
					    : o,
				    ret);
	json_object_put(o);
	return check(ret, wrong ? -EINVAL : 0, wrong, err, err_size);
}

int keys_read_sso_login(const char *body, size_t len, struct aws_sso_login *ret, char *err,
			size_t err_size)
{
	struct json_object *o = parse(body, len);
	const char *wrong = "not JSON", *s;
	size_t n = 0;

	*ret = (struct aws_sso_login){.token = NULL};
	if (o) {
		s = text_of(o, "expiresAt", "expiresAt", &n);
		wrong = NULL;
		if (!s || !take_time(&ret->expires, s, n))
			wrong = "no time in 'expiresAt'";
		s = text_of(o, "accessToken", "accessToken", &n);
		if (!wrong && (!s || !take(&ret->token, s, n, AWS_TOKEN_MAX)))
			wrong = "no 'accessToken'";
	}
	json_object_put(o);
	if (wrong)
		(void)snprintf(err, err_size, "%s", wrong);
	return wrong ? -EINVAL : 0;
}

/* ---- XML ---- */

struct sts {
	struct aws_keys *keys;
	const char *wrong;
};

static int on_element(void *arg, const char *path, const char *text, size_t len)
{
	struct sts *s = arg;
	const char *in = strstr(path, "/Credentials/");

	if (!in)
		return 0;
	in += strlen("/Credentials/");
	if (strcmp(in, "AccessKeyId") == 0 && !take(&s->keys->id, text, len, AWS_KEY_ID_MAX))
		s->wrong = "its access key id cannot be one";
	else if (strcmp(in, "SecretAccessKey") == 0 &&
		 !take(&s->keys->secret, text, len, AWS_SECRET_MAX))
		s->wrong = "its secret access key cannot be one";
	else if (strcmp(in, "SessionToken") == 0 &&
		 !take(&s->keys->token, text, len, AWS_TOKEN_MAX))
		s->wrong = "its session token cannot be one";
	else if (strcmp(in, "Expiration") == 0 && !take_time(&s->keys->expires, text, len))
		s->wrong = "its expiration is no time";
	return s->wrong ? -EINVAL : 0;
}

int keys_read_sts(const char *body, size_t len, struct aws_keys *ret, char *err, size_t err_size)
{
	struct sts s = {.keys = ret};
	int r;

	aws_keys_clear(ret);
	r = aws_xml_read(body, len, on_element, &s);
	if (r && !s.wrong)
		s.wrong = "not XML";
	return check(ret, r, s.wrong, err, err_size);
}
