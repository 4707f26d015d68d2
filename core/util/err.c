#include "util/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void err_set(struct err *e, size_t offset, size_t len, const char *fmt, ...)
{
	va_list ap;

	if (e->is_set)
		return;
	e->is_set = true;
	e->offset = offset;
	e->len = len;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
}

void err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(e->hint, sizeof e->hint, fmt, ap);
	va_end(ap);
}

void err_context(struct err *e, const char *fmt, ...)
{
	char context[256], old[sizeof e->text];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(context, sizeof context, fmt, ap);
	va_end(ap);
	memcpy(old, e->text, sizeof old);
	(void)snprintf(e->text, sizeof e->text, "%s: %.*s", context,
		       (int)(sizeof e->text - sizeof context - 3), old);
}
