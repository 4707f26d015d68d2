#include "sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <gyr/events.h>
#include <gyr/params.h>

#include "expect.h"

enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10, LINE = 16384 };

/* Numbers that are passed on as calls were given them, and tests give them nonsense, too. */
static const struct {
	const char *event, *param;
} free_numbers[] = {
	{"socket", "domain"},
};

static bool is_enum(uint8_t type)
{
	return type == GYR_PT_ENUMFLAGS8 || type == GYR_PT_ENUMFLAGS16 ||
	       type == GYR_PT_ENUMFLAGS32;
}

static bool is_named(const struct gyr_param_info *info, uint64_t v)
{
	uint64_t left = v;

	for (uint32_t i = 0; i < info->flags->n; i++) {
		const uint64_t value = info->flags->rows[i].value;

		if (v == value)
			return true;
		if (!is_enum(info->type) && value && (v & value) == value)
			left &= ~value;
	}
	return !left;
}

static bool is_free(const char *event, const char *param)
{
	for (size_t i = 0; i < sizeof free_numbers / sizeof *free_numbers; i++)
		if (!strcmp(free_numbers[i].event, event) && !strcmp(free_numbers[i].param, param))
			return true;
	return false;
}

/* A text has its NUL at the end and nowhere else; none at all is absent. */
static bool is_text(const struct gyr_param *q)
{
	return !q->len || memchr(q->data, 0, q->len) == q->data + q->len - 1;
}

/* Family, then @n_ends addresses with ports; of unix, @n_ends - 1 pairs of pointers, then a text. */
static bool is_address(const struct gyr_param *q, uint32_t n_ends)
{
	const uint32_t head = n_ends == 2 ? 1 + 2 * 8 : 1;

	if (!q->len)
		return true;
	switch (q->data[0]) {
	case FAMILY_INET:
		return q->len == 1 + n_ends * 6;
	case FAMILY_INET6:
		return q->len == 1 + n_ends * 18;
	case FAMILY_UNIX:
		return q->len > head && !q->data[q->len - 1];
	default:
		return q->len == 1;
	}
}

static bool is_fd_list(const struct gyr_param *q)
{
	uint16_t n;

	if (!q->len)
		return true;
	if (q->len < sizeof n)
		return false;
	memcpy(&n, q->data, sizeof n);
	return q->len == sizeof n + n * 10u;
}

static bool is_variant(const struct gyr_param_info *info, const struct gyr_param *q)
{
	uint32_t size;

	if (!q->len)
		return true;
	if (!info->variants || q->data[0] >= info->variants->n)
		return false;
	size = gyr_type_size(info->variants->rows[q->data[0]].type);
	return !size || q->len == 1 + size;
}

static const char *wrong_with(const char *event, const struct gyr_param_info *info,
			      const struct gyr_params *p, uint32_t i)
{
	const struct gyr_param *q = &p->at[i];
	const uint32_t size = gyr_type_size(info->type);

	if (size && q->len && q->len != size)
		return "length";
	if (info->flags && q->len && size <= 4 && !is_named(info, gyr_param_u64(p, i, 0)) &&
	    !is_free(event, info->name))
		return "no name for it";
	switch (info->type) {
	case GYR_PT_CHARBUF:
	case GYR_PT_FSPATH:
	case GYR_PT_FSRELPATH:
		return is_text(q) ? NULL : "no text";
	case GYR_PT_SOCKADDR:
		return is_address(q, 1) ? NULL : "no address";
	case GYR_PT_SOCKTUPLE:
		return is_address(q, 2) ? NULL : "no pair of addresses";
	case GYR_PT_FDLIST:
		return is_fd_list(q) ? NULL : "no list of descriptors";
	case GYR_PT_DYN:
		return is_variant(info, q) ? NULL : "no variant";
	default:
		return NULL;
	}
}

static void check_one(const ss_plugin_event *evt)
{
	const struct gyr_event_info *info = gyr_event(evt->type);
	char line[LINE];
	struct gyr_params p;
	uint32_t n;

	assert_non_null(info);
	assert_int_equal(gyr_params_read(evt, &p), 0);
	(void)gyr_event_params(evt->type, &n);
	assert_int_equal(p.n, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct gyr_param_info *q = gyr_event_param(evt->type, i);
		const char *wrong = wrong_with(info->name, q, &p, i);

		if (wrong) {
			expect_line(evt, line, sizeof line);
			fail_msg("%s: %s, in: %s", q->name, wrong, line);
		}
	}
}

void sound_check(const struct seen *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		check_one(seen->events[i]);
}
