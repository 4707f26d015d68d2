#include "filter/print.h"

#include <errno.h>

#include "filter/token.h"
#include "util/ascii.h"

/* Whether a value cannot be written as a bare word. Canonical text leaves brackets bare, although a
 * bare word does not hold them: only what @exact writes is meant to be read again. */
static bool needs_quotes(struct str s, bool exact)
{
	const char *special = exact ? "()\"'=,\\" : "\"'=,\\";

	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] <= ' ' || strchr(special, s.p[i]))
			return true;
	}
	return s.len == 0;
}

/* A text that ends in a backslash cannot end in an escaped one, since that would hide the closing
 * quote: there the exact form uses the escape made of backslash and blank. */
static void add_quoted(struct buf *b, struct str s, bool exact)
{
	static const char plain[] = "\b\f\n\r\t\\\"", letter[] = "bfnrt\\\"";

	buf_add_char(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		const char *at = s.p[i] ? strchr(plain, s.p[i]) : NULL;

		if (at)
			buf_add_char(b, '\\');
		if (exact && i + 1 == s.len && s.p[i] == '\\')
			buf_add_char(b, ' ');
		else
			buf_add_char(b, at ? letter[at - plain] : s.p[i]);
	}
	buf_add_char(b, '"');
}

void filter_escape(struct buf *b, struct str s)
{
	if (needs_quotes(s, false))
		add_quoted(b, s, false);
	else
		buf_add_str(b, s);
}

/* The byte that "\x.." at @i stands for; -EINVAL with @err. */
static int hex_escape(struct str s, size_t i, size_t end, struct err *err)
{
	int high = i + 2 < end ? ascii_hex(s.p[i + 2]) : -1;
	int low = i + 3 < end ? ascii_hex(s.p[i + 3]) : -1;

	if (high >= 0 && low >= 0)
		return high << 4 | low;
	err_set(err, i, i + 4 < end ? 4 : end - i, "'\\x' needs two hexadecimal digits");
	return -EINVAL;
}

static int plain_escape(char c, char quote)
{
	static const char letter[] = "bfnrt\\/ ", plain[] = "\b\f\n\r\t\\/\\";
	const char *at = c ? strchr(letter, c) : NULL;

	if (at)
		return plain[at - letter];
	return c == quote ? c : -EINVAL;
}

int filter_unescape(struct buf *b, struct str s, struct err *err)
{
	size_t end = s.len - 1;

	if (s.len < 2 || (s.p[0] != '"' && s.p[0] != '\'') || s.p[end] != s.p[0]) {
		err_set(err, 0, s.len, "not a quoted text");
		return -EINVAL;
	}
	for (size_t i = 1; i < end; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '\\' && i + 1 < end && s.p[i + 1] == 'x') {
			c = hex_escape(s, i, end, err);
			i += 3;
		} else if (c == '\\') {
			c = i + 1 < end ? plain_escape(s.p[i + 1], s.p[0]) : -EINVAL;
			if (c < 0)
				err_set(err, i, i + 1 < end ? 2 : 1,
					"unknown escape in a text quoted with %c", s.p[0]);
			i++;
		}
		if (c < 0)
			return -EINVAL;
		buf_add_char(b, (char)c);
	}
	return b->failed ? -ENOMEM : 0;
}

static void print_arg(struct buf *b, const struct ast_term *t, bool exact)
{
	bool quote = needs_quotes(t->arg, false) || memchr(t->arg.p, '[', t->arg.len) ||
		     memchr(t->arg.p, ']', t->arg.len);

	if (!t->has_arg)
		return;
	buf_add_char(b, '[');
	if (quote)
		add_quoted(b, t->arg, exact);
	else
		buf_add_str(b, t->arg);
	buf_add_char(b, ']');
}

static void print_items(struct buf *b, const struct ast_term *t, const char *separator, bool exact,
			bool in_call);

/* @exact keeps the quotes of constants, which the canonical text drops. */
static void print_term(struct buf *b, const struct ast_term *t, bool exact, bool in_call)
{
	switch (t->kind) {
	case AST_TERM_FIELD:
		buf_add_str(b, t->text);
		print_arg(b, t, exact);
		return;
	case AST_TERM_CALL:
		buf_add_str(b, filter_transformer(t->call)->name);
		print_items(b, t, ",", exact, true);
		print_arg(b, t, exact);
		return;
	case AST_TERM_LIST:
		print_items(b, t, in_call ? "," : ", ", exact, in_call);
		return;
	case AST_TERM_NAME:
		buf_add_str(b, t->text);
		return;
	case AST_TERM_TEXT:
		if (in_call && !exact)
			buf_add_str(b, t->text);
		else if (exact && (t->is_quoted || needs_quotes(t->text, true)))
			add_quoted(b, t->text, true);
		else
			filter_escape(b, t->text);
		return;
	}
}

static void print_items(struct buf *b, const struct ast_term *t, const char *separator, bool exact,
			bool in_call)
{
	buf_add_char(b, '(');
	for (uint32_t i = 0; i < t->n; i++) {
		if (i)
			buf_add_cstr(b, separator);
		print_term(b, t->args[i], exact, in_call);
	}
	buf_add_char(b, ')');
}

static void print_tree(struct buf *b, const struct ast *t, bool exact);

static void print_chain(struct buf *b, const struct ast *t, bool exact)
{
	buf_add_char(b, '(');
	for (uint32_t i = 0; i < t->n; i++) {
		if (i)
			buf_add_cstr(b, t->kind == AST_AND ? " and " : " or ");
		print_tree(b, t->kids[i], exact);
	}
	buf_add_char(b, ')');
}

static void print_check(struct buf *b, const struct ast *t, bool exact)
{
	print_term(b, t->left, exact, false);
	buf_add_char(b, ' ');
	buf_add_str(b, filter_operator(t->op)->name);
	if (t->modifier != FILTER_MOD_NONE) {
		buf_add_char(b, ' ');
		buf_add_cstr(b, filter_modifier_name(t->modifier));
	}
	if (!t->right)
		return;
	buf_add_char(b, ' ');
	print_term(b, t->right, exact, false);
}

static void print_tree(struct buf *b, const struct ast *t, bool exact)
{
	switch (t->kind) {
	case AST_AND:
	case AST_OR:
		print_chain(b, t, exact);
		return;
	case AST_NOT:
		/* Twice "not" would cancel when read again. */
		buf_add_cstr(b, exact && t->kids[0]->kind == AST_NOT ? "not (" : "not ");
		print_tree(b, t->kids[0], exact);
		if (exact && t->kids[0]->kind == AST_NOT)
			buf_add_char(b, ')');
		return;
	case AST_NAME:
		buf_add_str(b, t->name);
		return;
	case AST_CHECK:
		print_check(b, t, exact);
		return;
	}
}

void ast_print(struct buf *b, const struct ast *tree)
{
	print_tree(b, tree, false);
}

void ast_write(struct buf *b, const struct ast *tree)
{
	print_tree(b, tree, true);
}

void ast_term_print(struct buf *b, const struct ast_term *term)
{
	print_term(b, term, false, false);
}
