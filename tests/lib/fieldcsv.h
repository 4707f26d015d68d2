/*
 * fieldcsv: a fieldset from a table of fields in CSV (name,type,list,arg,flags,role,deprecated),
 * for tests that need the names of fields and nobody who answers.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/field.h"

static uint32_t fieldcsv_flags(const char *words)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} table[] = {
		{"no_rhs", FIELD_NO_RHS},
		{"no_transformer", FIELD_NO_TRANSFORMER},
		{"filter_only", FIELD_FILTER_ONLY},
		{"hidden", FIELD_HIDDEN},
		{"not_any", FIELD_NOT_ANY},
		{"any", FIELD_ANY},
		{"slow", FIELD_SLOW},
		{"volatile", FIELD_VOLATILE},
		{"within", FIELD_WITHIN},
		{"index", FIELD_ARG_INDEX},
		{"key", FIELD_ARG_KEY},
		{"suffix", FIELD_ARG_SUFFIX},
		{"param", FIELD_ARG_SUFFIX | FIELD_ARG_PARAM},
		{"!", FIELD_ARG_REQUIRED},
		{"yes", FIELD_LIST},
	};
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strstr(words, table[i].word))
			flags |= table[i].flag;
	}
	if (flags & FIELD_NOT_ANY)
		flags &= ~(uint32_t)FIELD_ANY;
	return flags;
}

static enum field_role fieldcsv_role(const char *word)
{
	if (strcmp(word, "event_type") == 0)
		return FIELD_ROLE_EVENT_TYPE;
	if (strcmp(word, "syscall_type") == 0)
		return FIELD_ROLE_SYSCALL_TYPE;
	return strcmp(word, "event_num") == 0 ? FIELD_ROLE_EVENT_NUM : FIELD_ROLE_NONE;
}

/* Adds the rows of @path to @set; the number of rows, or -1 when the file cannot be read. */
static int fieldcsv_load(struct fieldset *set, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[512];
	int n = 0;

	if (!f)
		return -1;
	while (fgets(line, sizeof line, f)) {
		char *cell[7] = {line}, *p = line;
		struct field field;

		line[strcspn(line, "\n")] = '\0';
		for (int i = 1; i < 7 && (p = strchr(p, ',')); i++) {
			*p++ = '\0';
			cell[i] = p;
		}
		if (line[0] == '#' || strcmp(line, "name") == 0 || !cell[6])
			continue;
		field = (struct field){.name = str_from(cell[0]),
				       .type = field_type_parse(str_from(cell[1])),
				       .flags = fieldcsv_flags(cell[2]) | fieldcsv_flags(cell[3]) |
						fieldcsv_flags(cell[4]),
				       .role = fieldcsv_role(cell[5]),
				       .deprecated = str_from(cell[6])};
		n += fieldset_add(set, &field, NULL) == 0;
	}
	(void)fclose(f);
	return n;
}
