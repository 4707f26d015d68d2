// The one C++ file of the product: RE2 behind a C interface. Nothing here throws or lets anything
// pass that could; RE2 reports what is wrong with an expression by a return value.
#include <cerrno>
#include <new>

#include <re2/re2.h>

extern "C" {
#include "filter/regex.h"
}

struct regex {
	RE2 re;

	regex(const re2::StringPiece &pattern, const RE2::Options &options) : re(pattern, options)
	{
	}
};

extern "C" int regex_new(struct str pattern, struct regex **ret_regex, struct err *err)
{
	RE2::Options options(RE2::POSIX);
	struct regex *r;

	if (pattern.len > REGEX_PATTERN_MAX) {
		err_set(err, 0, pattern.len, "expression of %zu bytes is longer than %d",
			pattern.len, REGEX_PATTERN_MAX);
		return -EINVAL;
	}
	options.set_log_errors(false);
	options.set_never_capture(true);
	options.set_max_mem(REGEX_MEMORY_MAX);
	r = new (std::nothrow) regex(re2::StringPiece(pattern.p, pattern.len), options);
	if (!r)
		return -ENOMEM;
	if (!r->re.ok()) {
		err_set(err, 0, pattern.len, "not an expression: %.400s", r->re.error().c_str());
		delete r;
		return -EINVAL;
	}
	*ret_regex = r;
	return 0;
}

extern "C" struct regex *regex_free(struct regex *r)
{
	delete r;
	return nullptr;
}

extern "C" bool regex_match(const struct regex *r, struct str text)
{
	return RE2::FullMatch(re2::StringPiece(text.p, text.len), r->re);
}
