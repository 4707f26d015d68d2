/*
 * value: a row of encoders by type.
 */
#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/ppm.h>

#include "address.h"

static int flag_value(const struct gyr_flags *flags, const char *name, size_t len, uint64_t *ret)
{
	for (uint32_t i = 0; i < flags->n; i++)
		if (strlen(flags->rows[i].name) == len && !memcmp(flags->rows[i].name, name, len)) {
			*ret = flags->rows[i].value;
			return 0;
		}
	return -ENOENT;
}

/* "A|B", names of @flags, to the bits of them. */
static int read_flags(const struct gyr_param_info *info, const char *text, int64_t *ret,
		      struct fault *f)
{
	uint64_t all = 0, one;

	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "|");

		if (flag_value(info->flags, at, len, &one) < 0)
			return fault_set(f, "'%.60s' of '%s' is none of its flags (%s ...)", at,
					 info->name, info->flags->rows[0].name);
		all |= one;
		at += len;
		at += *at == '|';
	}
	*ret = (int64_t)all;
	return 0;
}

static int read_number(const struct gyr_param_info *info, json_object *value, int64_t *ret,
		       struct fault *f)
{
	const char *text;
	char *end;

	if (json_object_is_type(value, json_type_int) ||
	    json_object_is_type(value, json_type_boolean)) {
		*ret = json_object_get_int64(value);
		return 0;
	}
	if (!json_object_is_type(value, json_type_string))
		return fault_set(f, "'%s' wants a number", info->name);
	text = json_object_get_string(value);
	if (!strcmp(text, "AT_FDCWD")) {
		*ret = PPM_AT_FDCWD;
		return 0;
	}
	if (info->flags)
		return read_flags(info, text, ret, f);
	*ret = strtoll(text, &end, 0);
	if (end == text || *end)
		return fault_set(f, "'%s' wants a number, not '%.60s'", info->name, text);
	return 0;
}

static int put_number(const struct gyr_param_info *info, json_object *value, struct bytes *out,
		      struct fault *f)
{
	int64_t n;
	int r = read_number(info, value, &n, f);

	if (r == 0)
		bytes_add(out, &n, gyr_type_size(info->type)); /* little endian */
	return r;
}

static int put_text(const struct gyr_param_info *info, json_object *value, struct bytes *out,
		    struct fault *f)
{
	if (!json_object_is_type(value, json_type_string))
		return fault_set(f, "'%s' wants a text", info->name);
	bytes_add(out, json_object_get_string(value),
		  (size_t)json_object_get_string_len(value) + 1);
	return 0;
}

int value_put_texts(json_object *value, struct bytes *out, struct fault *f)
{
	if (json_object_is_type(value, json_type_string)) {
		bytes_add(out, json_object_get_string(value),
			  (size_t)json_object_get_string_len(value) + 1);
		return 0;
	}
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, item)
		{
			const char *text = json_object_get_string(item);

			bytes_add(out, key, strlen(key));
			bytes_add(out, "=", 1);
			bytes_add(out, text ? text : "", text ? strlen(text) + 1 : 1);
		}
		return 0;
	}
	if (!json_object_is_type(value, json_type_array))
		return fault_set(f, "a text, a list of texts or a map of them is wanted");
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		json_object *item = json_object_array_get_idx(value, i);

		if (!json_object_is_type(item, json_type_string))
			return fault_set(f, "item %zu of a list is no text", i + 1);
		bytes_add(out, json_object_get_string(item),
			  (size_t)json_object_get_string_len(item) + 1);
	}
	return 0;
}

static int put_hex(const struct gyr_param_info *info, const char *hex, struct bytes *out,
		   struct fault *f)
{
	for (; hex[0] && hex[1]; hex += 2) {
		const char pair[] = {hex[0], hex[1], '\0'};
		char *end;
		const uint8_t byte = (uint8_t)strtoul(pair, &end, 16);

		if (*end)
			break;
		bytes_add(out, &byte, 1);
	}
	return *hex ? fault_set(f, "'%s': '%.20s' is no pair of hexadecimal digits", info->name,
				hex)
		    : 0;
}

/* Data: a text as its bytes, a list as texts that end with a NUL, {"hex": "cafe"} as what it says. */
static int put_data(const struct gyr_param_info *info, json_object *value, struct bytes *out,
		    struct fault *f)
{
	json_object *hex;

	if (json_object_is_type(value, json_type_object) &&
	    json_object_object_get_ex(value, "hex", &hex) &&
	    json_object_is_type(hex, json_type_string))
		return put_hex(info, json_object_get_string(hex), out, f);
	if (!json_object_is_type(value, json_type_string))
		return value_put_texts(value, out, f);
	bytes_add(out, json_object_get_string(value), (size_t)json_object_get_string_len(value));
	return 0;
}

/* Descriptors that are waited for: their number, then each with nothing that happened to it. */
static int put_fds(const struct gyr_param_info *info, json_object *value, struct bytes *out,
		   struct fault *f)
{
	const size_t n = json_object_is_type(value, json_type_array)
				 ? json_object_array_length(value)
				 : SIZE_MAX;
	const uint16_t count = (uint16_t)n, events = 0;

	if (n > UINT16_MAX)
		return fault_set(f, "'%s' wants a list of descriptors", info->name);
	bytes_add(out, &count, sizeof count);
	for (size_t i = 0; i < n; i++) {
		json_object *item = json_object_array_get_idx(value, i);
		const int64_t fd = json_object_get_int64(item);

		if (!json_object_is_type(item, json_type_int))
			return fault_set(f, "'%s': item %zu is no number", info->name, i + 1);
		bytes_add(out, &fd, sizeof fd);
		bytes_add(out, &events, sizeof events);
	}
	return 0;
}

static int put_address(const struct gyr_param_info *info, json_object *value, struct bytes *out,
		       struct fault *f)
{
	const char *text = json_object_get_string(value);

	if (!json_object_is_type(value, json_type_string))
		return fault_set(f, "'%s' wants an address", info->name);
	return info->type == GYR_PT_SOCKADDR ? address_put(text, out, f)
					     : address_put_pair(text, out, f);
}

/* One of several types: the first that takes a value of this kind. */
static int put_variant(const struct gyr_param_info *info, json_object *value, struct bytes *out,
		       struct fault *f)
{
	for (uint32_t i = 0; info->variants && i < info->variants->n; i++) {
		const struct gyr_param_info one = {.name = info->name,
						   .type = info->variants->rows[i].type};
		const bool is_number = gyr_type_size(one.type) > 0;
		const uint8_t index = (uint8_t)i;

		if (is_number != !!json_object_is_type(value, json_type_int))
			continue;
		bytes_add(out, &index, 1);
		return value_put(&one, value, out, f);
	}
	return fault_set(f, "'%s' takes no value like this", info->name);
}

int value_put(const struct gyr_param_info *info, json_object *value, struct bytes *out,
	      struct fault *f)
{
	switch (info->type) {
	case GYR_PT_CHARBUF:
	case GYR_PT_FSPATH:
	case GYR_PT_FSRELPATH:
		return put_text(info, value, out, f);
	case GYR_PT_BYTEBUF:
	case GYR_PT_CHARBUFARRAY:
	case GYR_PT_CHARBUF_PAIR_ARRAY:
		return put_data(info, value, out, f);
	case GYR_PT_FDLIST:
		return put_fds(info, value, out, f);
	case GYR_PT_SOCKADDR:
	case GYR_PT_SOCKTUPLE:
		return put_address(info, value, out, f);
	case GYR_PT_DYN:
		return put_variant(info, value, out, f);
	default:
		return gyr_type_size(info->type)
			       ? put_number(info, value, out, f)
			       : fault_set(f, "'%s' cannot be described", info->name);
	}
}
