/*
 * fuzz_awsanswer: what services answer: errors, keys, XML; the first byte says which. What comes out may stand in a header,
 * a host name or a log.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "endpoint.h"
#include "keysread.h"
#include "xml.h"

static void check_text(const char *s, char least)
{
	for (; s && *s; s++) {
		if ((unsigned char)*s < (unsigned char)least || *s == 127)
			abort();
	}
}

static void read_error(const char *p, size_t len)
{
	struct aws_error e;

	aws_error_read(p, len, &e);
	check_text(e.code, '-');
	check_text(e.message, ' ');
	if (e.region[0] && !aws_region_is_valid(e.region))
		abort();
	(void)aws_error_judge(400, e.code);
}

static void read_keys(const char *p, size_t len, int is_xml)
{
	struct aws_keys k = {.id = NULL};
	char err[128] = "";
	const int r = is_xml ? keys_read_sts(p, len, &k, err, sizeof err)
			     : keys_read_json(p, len, &k, err, sizeof err);

	if (r ? k.id || k.secret || !*err : !k.id || !k.secret)
		abort();
	check_text(k.id, '!');
	check_text(k.secret, '!');
	check_text(k.token, '!');
	aws_keys_clear(&k);
}

static void read_login(const char *p, size_t len)
{
	struct aws_sso_login login;
	char err[128] = "";
	const int r = keys_read_sso_login(p, len, &login, err, sizeof err);

	if (r ? login.token || !*err : !login.token)
		abort();
	check_text(login.token, '!');
	free(login.token);
}

static int on_end(void *arg, const char *path, const char *text, size_t len)
{
	size_t *n = arg;

	if (!*path || strlen(path) >= AWS_XML_PATH || len > AWS_XML_TEXT || text[len] != '\0')
		abort();
	return ++*n > 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data + 1;
	size_t n = 0;

	if (size == 0)
		return 0;
	switch (data[0] % 5) {
	case 0:
		read_error(p, size - 1);
		break;
	case 1:
	case 2:
		read_keys(p, size - 1, data[0] % 5 == 2);
		break;
	case 3:
		read_login(p, size - 1);
		break;
	default:
		if (aws_xml_read(p, size - 1, on_end, &n) == 0 && n == 0)
			abort();
	}
	return 0;
}
