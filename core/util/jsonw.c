#include "util/jsonw.h"

static void begin(struct jsonw *w, const char *key)
{
	if (w->comma)
		buf_add_char(w->b, ',');
	w->comma = true;
	if (!key)
		return;
	buf_add_char(w->b, '"');
	buf_add_json(w->b, str_from(key));
	buf_add_cstr(w->b, "\":");
}

void jsonw_open(struct jsonw *w, const char *key, char bracket)
{
	begin(w, key);
	buf_add_char(w->b, bracket);
	w->comma = false;
}

void jsonw_close(struct jsonw *w, char bracket)
{
	buf_add_char(w->b, bracket);
	w->comma = true;
}

void jsonw_text(struct jsonw *w, const char *key, struct str value)
{
	begin(w, key);
	buf_add_char(w->b, '"');
	buf_add_json(w->b, value);
	buf_add_char(w->b, '"');
}

void jsonw_u64(struct jsonw *w, const char *key, uint64_t value)
{
	begin(w, key);
	buf_add_u64(w->b, value);
}

void jsonw_dbl(struct jsonw *w, const char *key, double value)
{
	begin(w, key);
	if (value != value || value - value != 0) /* no number, or infinite */
		buf_add_cstr(w->b, "null");
	else
		buf_printf(w->b, "%.17g", value);
}

void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
	begin(w, key);
	buf_add_cstr(w->b, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
	begin(w, key);
	buf_add_cstr(w->b, "null");
}

void jsonw_bare(struct jsonw *w, const char *key, struct str value)
{
	begin(w, key);
	buf_add_str(w->b, value);
}
