#include "subject.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *word;
	size_t offset; /* of the text in struct gyr_alert */
} words[] = {
	{"priority", offsetof(struct gyr_alert, priority_name)},
	{"source", offsetof(struct gyr_alert, source)},
	{"rule", offsetof(struct gyr_alert, rule)},
};

/* The row of the word at @p, -1 when there is none. */
static int find_word(const char *p)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strncmp(p, words[i].word, strlen(words[i].word)) == 0)
			return (int)i;
	return -1;
}

const char *subject_check(const char *pattern)
{
	size_t len = strlen(pattern);

	if (len == 0 || len >= SUBJECT_MAX)
		return "wants 1 to 511 characters";
	if (pattern[0] == '.' || pattern[len - 1] == '.' || strstr(pattern, ".."))
		return "has an empty token";
	for (const char *p = pattern; *p; p++) {
		if (isspace((unsigned char)*p) || iscntrl((unsigned char)*p))
			return "has a blank";
		if (*p == '*' || *p == '>')
			return "has a wildcard, and alerts go to one subject";
		if (*p == '%' && find_word(p + 1) < 0)
			return "has a % that is none of %priority, %source, %rule";
	}
	return NULL;
}

static char token_char(char c)
{
	if (isalnum((unsigned char)c))
		return (char)tolower((unsigned char)c);
	return c == '-' ? c : '_';
}

int subject_make(const char *pattern, const struct gyr_alert *a, char *ret, size_t size)
{
	size_t n = 0;

	for (const char *p = pattern; *p;) {
		int word = *p == '%' ? find_word(p + 1) : -1;
		const char *text = NULL;

		if (word < 0) {
			if (n + 1 >= size)
				return -EMSGSIZE;
			ret[n++] = *p++;
			continue;
		}
		memcpy(&text, (const char *)a + words[word].offset, sizeof text);
		if (!text || !*text)
			text = "_";
		for (; *text; text++) {
			if (n + 1 >= size)
				return -EMSGSIZE;
			ret[n++] = token_char(*text);
		}
		p += 1 + strlen(words[word].word);
	}
	ret[n] = '\0';
	return 0;
}
