#include "answer.h"

#include <string.h>

#include <json-c/json.h>

#include "endpoint.h"
#include "text.h"
#include "xml.h"

enum { JSON_DEPTH = 16 };

/* Words of a server become words of ours: printable ASCII and whole UTF-8 pass, controls do not. */
static void set_message(struct aws_error *e, const char *text, size_t len)
{
	(void)aws_copy(e->message, sizeof e->message, text, len);
	for (char *p = e->message; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = ' ';
	}
}

static bool is_code(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

void aws_error_set_code(struct aws_error *e, const char *code, size_t len)
{
	const char *hash = memchr(code, '#', len);
	size_t n = 0;

	if (hash) { /* com.amazonaws.sqs#QueueDoesNotExist */
		len -= (size_t)(hash + 1 - code);
		code = hash + 1;
	}
	while (n < len && is_code(code[n]))
		n++;
	if (n)
		(void)aws_copy(e->code, sizeof e->code, code, n);
}

static void set_region(struct aws_error *e, const char *text, size_t len)
{
	if (!aws_copy(e->region, sizeof e->region, text, len) || !aws_region_is_valid(e->region))
		e->region[0] = '\0';
}

static int on_element(void *arg, const char *path, const char *text, size_t len)
{
	struct aws_error *e = arg;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (!slash || !strstr(path, "Error"))
		return 0;
	if (strcmp(name, "Code") == 0)
		aws_error_set_code(e, text, len);
	else if (strcmp(name, "Message") == 0)
		set_message(e, text, len);
	else if (strcmp(name, "Region") == 0)
		set_region(e, text, len);
	return 0;
}

static const char *text_of(struct json_object *o, const char *name, size_t *ret_len)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_string))
		return NULL;
	*ret_len = (size_t)json_object_get_string_len(v);
	return json_object_get_string(v);
}

static void read_json(const char *body, size_t len, struct aws_error *e)
{
	static const char *const codes[] = {"__type", "code", "Code"};
	static const char *const messages[] = {"message", "Message"};
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH);
	struct json_object *o = tok ? json_tokener_parse_ex(tok, body, (int)len) : NULL;
	const char *s;
	size_t n;

	if (o && json_object_is_type(o, json_type_object)) {
		for (size_t i = 0; i < sizeof codes / sizeof *codes && !e->code[0]; i++) {
			s = text_of(o, codes[i], &n);
			if (s)
				aws_error_set_code(e, s, n);
		}
		for (size_t i = 0; i < sizeof messages / sizeof *messages && !e->message[0]; i++) {
			s = text_of(o, messages[i], &n);
			if (s)
				set_message(e, s, n);
		}
	}
	json_object_put(o);
	if (tok)
		json_tokener_free(tok);
}

void aws_error_read(const char *body, size_t len, struct aws_error *ret)
{
	*ret = (struct aws_error){0};
	if (len > AWS_ERROR_BYTES)
		len = AWS_ERROR_BYTES;
	while (len && (*body == ' ' || *body == '\n' || *body == '\r' || *body == '\t')) {
		body++;
		len--;
	}
	if (len == 0)
		return;
	if (*body == '{')
		read_json(body, len, ret);
	else if (*body == '<' && aws_xml_read(body, len, on_element, ret) != 0)
		return; /* what came before the place where it is broken */
}

/* ---- the verdict ---- */

static bool is_one_of(const char *code, const char *const *list)
{
	for (; *list; list++) {
		if (strcmp(code, *list) == 0)
			return true;
	}
	return false;
}

enum aws_verdict aws_error_judge(int http_status, const char *code)
{
	static const char *const skewed[] = {"RequestTimeTooSkewed",      "RequestExpired",
					     "InvalidSignatureException", "SignatureDoesNotMatch",
					     "RequestInTheFuture",        NULL};
	static const char *const expired[] = {"ExpiredToken", "ExpiredTokenException",
					      "TokenRefreshRequired", NULL};
	static const char *const throttled[] = {"SlowDown",
						"RequestLimitExceeded",
						"RequestThrottled",
						"BandwidthLimitExceeded",
						"TooManyRequestsException",
						"ProvisionedThroughputExceededException",
						"PriorRequestNotComplete",
						"RequestThrottledException",
						NULL};
	static const char *const again[] = {"RequestTimeout",
					    "RequestTimeoutException",
					    "IDPCommunicationError",
					    "InternalError",
					    "InternalFailure",
					    "ServiceUnavailable",
					    NULL};
	static const char *const elsewhere[] = {"AuthorizationHeaderMalformed", "PermanentRedirect",
						"TemporaryRedirect", NULL};

	if (is_one_of(code, elsewhere) || http_status == 301 || http_status == 307)
		return AWS_ELSEWHERE;
	if (is_one_of(code, skewed))
		return AWS_SKEWED;
	if (is_one_of(code, expired))
		return AWS_EXPIRED;
	if (http_status == 429 || is_one_of(code, throttled) || strncmp(code, "Throttl", 7) == 0)
		return AWS_THROTTLED;
	if (http_status == 500 || http_status == 502 || http_status == 503 || http_status == 504 ||
	    is_one_of(code, again))
		return AWS_AGAIN;
	return AWS_FINAL;
}
