#include "xml.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <expat.h>

#include "text.h"

struct reader {
	XML_Parser parser;
	aws_xml_fn on_end;
	void *arg;
	char path[AWS_XML_PATH];
	size_t path_len;
	unsigned depth;
	struct aws_text text; /* of the innermost element */
	int r;
};

static void stop(struct reader *x, int r)
{
	if (x->r == 0)
		x->r = r;
	(void)XML_StopParser(x->parser, XML_FALSE);
}

static void XMLCALL start(void *arg, const char *name, const char **attributes)
{
	struct reader *x = arg;
	const size_t len = strlen(name);

	(void)attributes;
	if (x->r)
		return;
	if (++x->depth > AWS_XML_DEPTH || x->path_len + len + 2 > sizeof x->path) {
		stop(x, -E2BIG);
		return;
	}
	if (x->path_len)
		x->path[x->path_len++] = '/';
	memcpy(x->path + x->path_len, name, len + 1);
	x->path_len += len;
	aws_text_reset(&x->text);
}

static void XMLCALL end(void *arg, const char *name)
{
	struct reader *x = arg;
	const size_t len = strlen(name);
	int r;

	if (x->r)
		return;
	if (x->text.failed) {
		stop(x, -E2BIG);
		return;
	}
	r = x->on_end(x->arg, x->path, aws_text_get(&x->text), x->text.len);
	if (r) {
		stop(x, r);
		return;
	}
	x->depth--;
	x->path_len -= len;
	if (x->path_len)
		x->path_len--; /* the slash */
	x->path[x->path_len] = '\0';
	aws_text_reset(&x->text);
}

static void XMLCALL text(void *arg, const char *s, int n)
{
	struct reader *x = arg;

	if (x->r == 0)
		aws_text_add(&x->text, s, (size_t)n);
}

static void XMLCALL doctype(void *arg, const char *name, const char *sysid, const char *pubid,
			    int has_subset)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)has_subset;
	stop(arg, -EINVAL);
}

int aws_xml_read(const char *p, size_t len, aws_xml_fn on_end, void *arg)
{
	struct reader x = {.on_end = on_end, .arg = arg, .text = {.max = AWS_XML_TEXT}};

	if (len > INT_MAX)
		return -E2BIG;
	x.parser = XML_ParserCreate(NULL);
	if (!x.parser)
		return -ENOMEM;
	XML_SetUserData(x.parser, &x);
	XML_SetElementHandler(x.parser, start, end);
	XML_SetCharacterDataHandler(x.parser, text);
	XML_SetStartDoctypeDeclHandler(x.parser, doctype);
	if (XML_Parse(x.parser, p, (int)len, XML_TRUE) != XML_STATUS_OK && x.r == 0)
		x.r = XML_GetErrorCode(x.parser) == XML_ERROR_NO_MEMORY ? -ENOMEM : -EINVAL;
	XML_ParserFree(x.parser);
	aws_text_free(&x.text);
	return x.r;
}
