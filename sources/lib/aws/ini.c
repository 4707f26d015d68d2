#include "ini.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct reader {
	aws_ini_fn on_value;
	void *arg;
	char section[256], key[128];   /* key: of the last line that was not indented */
	bool has_section, key_is_open; /* it had no value: what is indented below belongs to it */
	struct aws_ini_stop stop;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *s)
{
	size_t len;

	while (is_blank(*s))
		s++;
	len = strlen(s);
	while (len && is_blank(s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

static void cut_comment(char *s)
{
	for (size_t i = 0; s[i]; i++) {
		if ((s[i] == '#' || s[i] == ';') && (i == 0 || is_blank(s[i - 1]))) {
			s[i] = '\0';
			return;
		}
	}
}

static int refuse(struct reader *rd, const char *why, int r)
{
	rd->stop.why = why;
	return r;
}

static int read_section(struct reader *rd, char *s)
{
	char *end = strchr(s, ']');

	if (!end)
		return refuse(rd, "a section without ']'", -EINVAL);
	*end = '\0';
	if (*trim(end + 1))
		return refuse(rd, "something behind the section's ']'", -EINVAL);
	s = trim(s + 1);
	if (!*s)
		return refuse(rd, "a section without a name", -EINVAL);
	if (!aws_copy(rd->section, sizeof rd->section, s, strlen(s)))
		return refuse(rd, "a section's name of more than 255 bytes", -E2BIG);
	rd->has_section = true;
	rd->key_is_open = false;
	rd->key[0] = '\0';
	return 0;
}

/* An indented line: a key of the key before, or more of its value, of which nothing here has any use. */
static int read_inner(struct reader *rd, char *key, char *value)
{
	char whole[sizeof rd->key * 2 + 2];
	const size_t n = strlen(rd->key), m = strlen(key);

	if (!rd->key_is_open || !value || n + m + 2 > sizeof whole)
		return 0;
	memcpy(whole, rd->key, n);
	whole[n] = '.';
	memcpy(whole + n + 1, key, m + 1);
	return rd->on_value(rd->arg, rd->section, whole, value, rd->stop.line);
}

static int read_pair(struct reader *rd, char *s, bool is_inner)
{
	char *equals = strchr(s, '='), *key, *value = NULL;

	if (equals) {
		*equals = '\0';
		value = trim(equals + 1);
	}
	key = trim(s);
	if (is_inner)
		return read_inner(rd, key, value);
	if (!value)
		return refuse(rd, "neither \"[section]\" nor \"key = value\"", -EINVAL);
	if (!*key)
		return refuse(rd, "no key before '='", -EINVAL);
	if (!rd->has_section)
		return refuse(rd, "a key before the first section", -EINVAL);
	if (!aws_copy(rd->key, sizeof rd->key, key, strlen(key)))
		return refuse(rd, "a key of more than 127 bytes", -E2BIG);
	rd->key_is_open = !*value;
	return rd->on_value(rd->arg, rd->section, key, value, rd->stop.line);
}

static int read_line(struct reader *rd, char *s)
{
	const bool is_inner = is_blank(*s) && rd->key[0];

	cut_comment(s);
	s = trim(s);
	if (!*s)
		return 0;
	if (*s == '[' && !is_inner)
		return read_section(rd, s);
	return read_pair(rd, s, is_inner);
}

int aws_ini_read(const char *text, size_t len, aws_ini_fn on_value, void *arg,
		 struct aws_ini_stop *ret)
{
	struct reader rd = {.on_value = on_value, .arg = arg, .stop.why = ""};
	char *line = malloc(AWS_INI_LINE);
	int r = line ? 0 : -ENOMEM;

	if (len > AWS_INI_BYTES)
		r = refuse(&rd, "more than 1 MiB", -E2BIG);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3; /* a byte order mark */
		len -= 3;
	}
	while (len && r == 0) {
		const char *end = memchr(text, '\n', len);
		const size_t n = end ? (size_t)(end - text) : len;

		rd.stop.line++;
		if (memchr(text, '\0', n))
			r = refuse(&rd, "a zero byte", -EINVAL);
		else if (!aws_copy(line, AWS_INI_LINE, text, n))
			r = refuse(&rd, "a line of more than 64 KiB", -E2BIG);
		else
			r = read_line(&rd, line);
		text += n + (end != NULL);
		len -= n + (end != NULL);
	}
	*ret = rd.stop;
	if (line)
		explicit_bzero(line, AWS_INI_LINE);
	free(line);
	return r;
}
