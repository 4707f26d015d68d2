/* cgroup: see cgroup.h for the forms. */
#include "cgroup.h"

#include <string.h>

struct span {
	const char *p;
	size_t len;
};

static bool span_begins(struct span s, const char *with)
{
	const size_t n = strlen(with);

	return s.len >= n && !memcmp(s.p, with, n);
}

static bool span_ends(struct span s, const char *with)
{
	const size_t n = strlen(with);

	return s.len >= n && !memcmp(s.p + s.len - n, with, n);
}

static struct span span_cut(struct span s, size_t front, size_t back)
{
	return (struct span){s.p + front, s.len - front - back};
}

static const char *span_find(struct span s, const char *what)
{
	return s.len ? memmem(s.p, s.len, what, strlen(what)) : NULL;
}

static bool is_id(struct span s)
{
	if (s.len != CGROUP_ID)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		const char c = s.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

static bool answer(struct cgroup_match *ret, enum cgroup_engine engine, struct span id, size_t max)
{
	if (!id.len || id.len > CGROUP_NAME_MAX)
		return false;
	*ret = (struct cgroup_match){
		.engine = engine, .id = id.p, .len = id.len, .shown = id.len < max ? id.len : max};
	return true;
}

/* ---- runtimes with IDs: one component of the path ---- */

/* What a component looks like. The engine of the first row that fits and is asked for answers. */
static const struct {
	const char *prefix, *suffix;
	bool within; /* the prefix may come anywhere in the component */
	unsigned engines;
} forms[] = {
	{"libpod-", ".scope", false, CGROUP_PODMAN},
	{"libpod-", "", false, CGROUP_PODMAN},
	{"docker-", ".scope", false, CGROUP_DOCKER | CGROUP_CRI},
	{"cri-containerd-", ".scope", false, CGROUP_CRI},
	{"crio-", ".scope", false, CGROUP_CRI},
	{"crio-", "", false, CGROUP_CRI},
	{":cri-containerd:", "", true, CGROUP_CRI},
	{":crio:", "", true, CGROUP_CRI},
	{":docker:", "", true, CGROUP_DOCKER},
	{"", "", false, CGROUP_DOCKER | CGROUP_CRI},
};

static bool match_component(struct span s, unsigned engines, struct cgroup_match *ret)
{
	if (s.len < CGROUP_ID) /* nearly every one of the host */
		return false;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		const size_t prefix = strlen(forms[i].prefix), suffix = strlen(forms[i].suffix);
		const unsigned engine = forms[i].engines & engines;
		struct span id = s;

		if (!engine || s.len < prefix + CGROUP_ID + suffix)
			continue;
		if (forms[i].within)
			id = span_cut(s, s.len - prefix - CGROUP_ID, 0);
		if (!span_begins(id, forms[i].prefix) || !span_ends(id, forms[i].suffix))
			continue;
		id = span_cut(id, prefix, suffix);
		if (is_id(id)) /* the lowest bit: the first of several engines */
			return answer(ret, (enum cgroup_engine)(engine & -engine), id,
				      CGROUP_SHORT_ID);
	}
	return false;
}

/* The last component that is that of a container. */
static bool match_ids(struct span path, unsigned engines, struct cgroup_match *ret)
{
	size_t end = path.len;

	while (end > 0) {
		size_t begin = end;

		while (begin > 0 && path.p[begin - 1] != '/')
			begin--;
		if (match_component((struct span){path.p + begin, end - begin}, engines, ret))
			return true;
		end = begin ? begin - 1 : 0;
	}
	return false;
}

/* ---- lxc ---- */

static bool match_lxc(struct span path, struct cgroup_match *ret)
{
	static const char *const prefixes[] = {"/lxc/", "/lxc.payload/", "/lxc.payload."};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		const char *at = span_find(path, prefixes[i]);

		if (!at)
			continue;
		const struct span rest =
			span_cut(path, (size_t)(at - path.p) + strlen(prefixes[i]), 0);
		const char *slash = memchr(rest.p, '/', rest.len);
		const struct span name = {rest.p, slash ? (size_t)(slash - rest.p) : rest.len};

		if (answer(ret, CGROUP_LXC, name, CGROUP_NAME_MAX))
			return true;
	}
	return false;
}

/* ---- libvirt ---- */

static bool match_libvirt(struct span path, struct cgroup_match *ret)
{
	static const char plain[] = ".libvirt-lxc", escaped[] = "-lxc\\x2", old[] = "/libvirt/lxc/";
	const char *at;

	if (span_ends(path, plain)) {
		const struct span name = span_cut(path, 0, sizeof plain - 1);
		const char *slash = memrchr(name.p, '/', name.len);

		if (slash &&
		    answer(ret, CGROUP_LIBVIRT_LXC, span_cut(name, (size_t)(slash + 1 - name.p), 0),
			   CGROUP_NAME_MAX))
			return true;
	}
	/* The digit that ends the escaped sign is not part of the name. */
	at = span_find(path, escaped);
	if (at && (span_ends(path, ".scope") || span_ends(path, ".scope/libvirt"))) {
		const size_t front = (size_t)(at - path.p) + sizeof escaped;
		const size_t back = span_ends(path, ".scope") ? sizeof ".scope" - 1
							      : sizeof ".scope/libvirt" - 1;

		if (front + back < path.len &&
		    answer(ret, CGROUP_LIBVIRT_LXC, span_cut(path, front, back), CGROUP_NAME_MAX))
			return true;
	}
	at = span_find(path, old);
	return at &&
	       answer(ret, CGROUP_LIBVIRT_LXC,
		      span_cut(path, (size_t)(at - path.p) + sizeof old - 1, 0), CGROUP_NAME_MAX);
}

/* ---- bpm ---- */

static bool match_bpm(struct span path, struct cgroup_match *ret)
{
	static const char prefix[] = "bpm-",
			  allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	const char *at = span_find(path, prefix);

	if (!at)
		return false;
	struct span name = span_cut(path, (size_t)(at - path.p) + sizeof prefix - 1, 0);
	const char *scope = span_find(name, ".scope");
	if (scope)
		name.len = (size_t)(scope - name.p);
	for (size_t i = 0; i < name.len; i++)
		if (!memchr(allowed, name.p[i], sizeof allowed - 1))
			return false;
	return answer(ret, CGROUP_BPM, name, CGROUP_NAME_MAX);
}

/* ---- containerd without kubernetes: /NAMESPACE/NAME ---- */

static bool is_word(struct span s)
{
	bool was_sign = true;

	for (size_t i = 0; i < s.len; i++) {
		const char c = s.p[i];
		const bool is_sign = c == '.' || c == '_' || c == '-';

		if (!is_sign &&
		    !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
			return false;
		if (is_sign && was_sign)
			return false;
		was_sign = is_sign;
	}
	return s.len && !was_sign;
}

/* Units of systemd have groups of this shape, too. */
static bool is_unit(struct span s)
{
	return span_ends(s, ".slice") || span_ends(s, ".scope") || span_ends(s, ".service") ||
	       span_ends(s, ".socket") || span_ends(s, ".mount") || span_ends(s, ".swap");
}

static bool match_containerd(struct span path, struct cgroup_match *ret)
{
	if (path.len < 4 || path.p[0] != '/')
		return false;
	const struct span rest = span_cut(path, 1, 0);
	const char *slash = memchr(rest.p, '/', rest.len);
	if (!slash)
		return false;

	const struct span ns = {rest.p, (size_t)(slash - rest.p)};
	const struct span name = span_cut(rest, ns.len + 1, 0);
	if (!is_word(ns) || is_unit(ns) || !is_word(name) || is_unit(name) ||
	    name.len > CGROUP_ID || !answer(ret, CGROUP_CONTAINERD, name, CGROUP_SHORT_ID))
		return false;
	ret->ns = ns.p;
	ret->ns_len = ns.len;
	return true;
}

bool cgroup_match(const char *path, size_t len, unsigned engines, struct cgroup_match *ret)
{
	const struct span s = {path, len};

	return match_ids(s, engines, ret) ||
	       ((engines & CGROUP_LIBVIRT_LXC) && match_libvirt(s, ret)) ||
	       ((engines & CGROUP_LXC) && match_lxc(s, ret)) ||
	       ((engines & CGROUP_BPM) && match_bpm(s, ret)) ||
	       ((engines & CGROUP_CONTAINERD) && match_containerd(s, ret));
}
