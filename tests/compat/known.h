/*
 * known: the list of cases that do not pass and why (known.txt: "id reason", one a line).
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Whether known.txt has a line for @id. */
static bool known_has(const char *id)
{
	static char text[64 * 1024];
	static size_t len = SIZE_MAX;
	size_t n = strlen(id);

	if (len == SIZE_MAX) {
		FILE *f = fopen(SOURCE_DIR "/tests/compat/known.txt", "re");

		len = f ? fread(text, 1, sizeof text - 1, f) : 0;
		text[len] = '\0';
		if (f)
			(void)fclose(f);
	}
	for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		if (strncmp(p, id, n) == 0 && (p[n] == ' ' || p[n] == '\n' || !p[n]))
			return true;
	}
	return false;
}
