/*
 * params: types, flag lists and parameters of events as rows, made from their .def files;
 * gyr/events.h has the idea.
 *
 * Each .def file is read with macros that open, fill and close one array a group; the rows of
 * parameters then point at the lists by name, so a misspelt list does not compile.
 */
#include "gyr/events.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- types ---- */

#define TYPE(num, text, bytes) [num] = {.name = #text, .size = bytes},

static const struct {
	const char *name;
	uint8_t size;
} types[] = {
#include "types.def"
};

#undef TYPE
#define TYPE(num, text, bytes) _Static_assert((num) == GYR_PT_##text, "enum gyr_pt and types.def");
#include "types.def"

uint32_t gyr_type_size(uint8_t type)
{
	return type < COUNT(types) ? types[type].size : 0;
}

const char *gyr_type_name(uint8_t type)
{
	return type < COUNT(types) ? types[type].name : NULL;
}

/* ---- flag lists ---- */

#define FLAGS(list) static const struct gyr_flag rows_of_##list[] = {
#define FLAG(text, number) {.name = text, .value = number},
#define FLAGS_END(list)                                \
	}                                              \
	;                                              \
	static const struct gyr_flags flags_##list = { \
		.name = #list, .rows = rows_of_##list, .n = COUNT(rows_of_##list)};
#include "flags.def"

#undef FLAGS
#undef FLAG
#undef FLAGS_END
#define FLAGS(list) &flags_##list,
#define FLAG(text, number)
#define FLAGS_END(list)

static const struct gyr_flags *const flag_lists[] = {
#include "flags.def"
};

const struct gyr_flags *gyr_flags_find(const char *name)
{
	for (size_t i = 0; i < COUNT(flag_lists); i++) {
		if (strcmp(flag_lists[i]->name, name) == 0)
			return flag_lists[i];
	}
	return NULL;
}

/* ---- variants ---- */

#define VARIANTS(list) static const struct gyr_variant rows_of_variants_##list[] = {
#define VARIANT(type_name, format) {.type = GYR_PT_##type_name, .print = GYR_PF_##format},
#define VARIANTS_END(list)                                                                   \
	}                                                                                    \
	;                                                                                    \
	static const struct gyr_variants variants_##list = {.rows = rows_of_variants_##list, \
							    .n = COUNT(rows_of_variants_##list)};
#include "variants.def"

/* ---- parameters ---- */

#define PARAMS(event) static const struct gyr_param_info rows_of_##event[] = {
#define PARAM_(text, type_name, format, ...) \
	{.name = text,                       \
	 .name_len = sizeof(text) - 1,       \
	 .type = GYR_PT_##type_name,         \
	 .print = GYR_PF_##format,           \
	 __VA_ARGS__},
#define PARAM(text, type_name, format) PARAM_(text, type_name, format, .dirfd = -1)
#define PARAM_AT(text, type_name, format, at) PARAM_(text, type_name, format, .dirfd = at)
#define PARAM_FLAGS(text, type_name, format, list) \
	PARAM_(text, type_name, format, .dirfd = -1, .flags = &flags_##list)
#define PARAM_DYN(text, type_name, format, list) \
	PARAM_(text, type_name, format, .dirfd = -1, .variants = &variants_##list)
#define PARAMS_END(event) \
	}                 \
	;
#include "params.def"

#undef PARAMS
#undef PARAM
#undef PARAM_AT
#undef PARAM_FLAGS
#undef PARAM_DYN
#undef PARAMS_END
#define PARAMS(event) [event] = {.rows = rows_of_##event, .n = COUNT(rows_of_##event)},
#define PARAM(...)
#define PARAM_AT(...)
#define PARAM_FLAGS(...)
#define PARAM_DYN(...)
#define PARAMS_END(event)

static const struct {
	const struct gyr_param_info *rows;
	uint32_t n;
} events[] = {
#include "params.def"
};

const struct gyr_param_info *gyr_event_params(uint16_t code, uint32_t *ret_n)
{
	if (code >= COUNT(events)) {
		*ret_n = 0;
		return NULL;
	}
	*ret_n = events[code].n;
	return events[code].rows;
}

const struct gyr_param_info *gyr_event_param(uint16_t code, uint32_t i)
{
	return code < COUNT(events) && i < events[code].n ? &events[code].rows[i] : NULL;
}

int gyr_event_param_find(uint16_t code, const char *name, size_t len)
{
	uint32_t n;
	const struct gyr_param_info *rows = gyr_event_params(code, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].name_len == len && memcmp(rows[i].name, name, len) == 0)
			return (int)i;
	}
	return -1;
}
