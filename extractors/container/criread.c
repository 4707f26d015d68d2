/* criread: see criread.h. */
#include "criread.h"

#include <gyr/json.h>

#include "cgroup.h"
#include "inspect.h"

/* ---- fields ---- */

static struct cri_text text_of(const struct pb_field *f)
{
	return f->type == PB_BYTES ? (struct cri_text){f->data, f->len} : (struct cri_text){0};
}

/* The field of this number; false when there is none, or the message is broken before it. */
static bool field(struct pb m, uint32_t which, struct pb_field *ret)
{
	struct pb_field f;

	while (pb_next(&m, &f) == 1)
		if (f.number == which) {
			*ret = f;
			return true;
		}
	return false;
}

static struct pb message(struct pb m, uint32_t which)
{
	struct pb_field f;

	return field(m, which, &f) ? pb_inside(&f) : pb_of(NULL, 0);
}

static struct cri_text text(struct pb m, uint32_t which)
{
	struct pb_field f;

	return field(m, which, &f) ? text_of(&f) : (struct cri_text){0};
}

static uint64_t number(struct pb m, uint32_t which)
{
	struct pb_field f;

	return field(m, which, &f) && f.type == PB_NUMBER ? f.n : 0;
}

/* Every byte of it can be read. */
static bool is_whole(struct pb m)
{
	struct pb_field f;
	int r;

	while ((r = pb_next(&m, &f)) == 1)
		continue;
	return r == 0;
}

/* The value of a map of texts. An entry is a message of key (1) and value (2). */
static struct cri_text map_value(struct pb m, uint32_t map, const char *key)
{
	struct pb_field f;

	while (pb_next(&m, &f) == 1) {
		const struct cri_text k =
			f.number == map ? text(pb_inside(&f), 1) : (struct cri_text){0};

		if (k.len == strlen(key) && !memcmp(k.p, key, k.len))
			return text(pb_inside(&f), 2);
	}
	return (struct cri_text){0};
}

/* ---- members ---- */

static void put(struct jsonout *out, const char *key, struct cri_text t)
{
	if (t.len)
		jsonout_member(out, key, t.p, t.len);
}

static void put_id(struct jsonout *out, struct cri_text id)
{
	put(out, "full_id", id);
	id.len = id.len < CGROUP_SHORT_ID ? id.len : CGROUP_SHORT_ID;
	put(out, "id", id);
}

static void put_labels(struct jsonout *out, const char *key, struct pb m, uint32_t map,
		       size_t max_len)
{
	struct pb_field f;

	jsonout_key(out, key);
	jsonout_put(out, "{");
	while (pb_next(&m, &f) == 1 && !out->failed) {
		const struct cri_text k = text(pb_inside(&f), 1), v = text(pb_inside(&f), 2);

		if (f.number != map || !k.len || v.len > max_len)
			continue;
		jsonout_raw(out, ",", out->p[out->n - 1] != '{');
		jsonout_text(out, k.p, k.len);
		jsonout_put(out, ":");
		jsonout_text(out, v.p ? v.p : "", v.len);
	}
	jsonout_put(out, "}");
}

/* Mount: container_path 1, host_path 2, readonly 3, propagation 5. */
static void put_mount(struct jsonout *out, struct pb m)
{
	static const char *const propagation[] = {"private", "rslave", "rshared"};
	const struct cri_text dest = text(m, 1), source = text(m, 2);
	const uint64_t n = number(m, 5);

	jsonout_put(out, "{");
	put(out, "Source", source);
	put(out, "Destination", dest);
	jsonout_flag(out, "RW", !number(m, 3));
	jsonout_key(out, "Propagation");
	jsonout_text(out, n < 3 ? propagation[n] : "", n < 3 ? strlen(propagation[n]) : 0);
	jsonout_put(out, "}");
}

static void put_mounts(struct jsonout *out, struct pb status)
{
	struct pb_field f;

	jsonout_key(out, "Mounts");
	jsonout_put(out, "[");
	while (pb_next(&status, &f) == 1 && !out->failed) {
		if (f.number != 14)
			continue;
		jsonout_raw(out, ",", out->p[out->n - 1] != '[');
		put_mount(out, pb_inside(&f));
	}
	jsonout_put(out, "]");
}

static struct cri_text without_prefix(struct cri_text t, const char *prefix)
{
	const size_t n = strlen(prefix);

	if (t.len > n && !memcmp(t.p, prefix, n))
		return (struct cri_text){t.p + n, t.len - n};
	return t;
}

/* Image 8 (name 1); image_ref 9 is repository@digest, or the ID; image_id 17. */
static void put_image(struct jsonout *out, struct pb status)
{
	const struct cri_text name = text(message(status, 8), 1), ref = text(status, 9);
	struct cri_text id = text(status, 17);
	const char *sign = ref.len ? memchr(ref.p, '@', ref.len) : NULL;

	if (name.len)
		inspect_put_image(out, name.p, name.len);
	if (sign)
		jsonout_member(out, "imagedigest", sign + 1, (size_t)(ref.p + ref.len - sign) - 1);
	else if (!id.len)
		id = ref;
	put(out, "imageid", without_prefix(id, "sha256:"));
}

/* ---- the JSON text that runtimes add when asked for more ("info" of the map 2) ---- */

static struct gyr_json info_at(struct cri_text info, const char *const *path)
{
	struct gyr_json v = {0}, next;

	if (!info.len || gyr_json_value(info.p, info.len, &v))
		return (struct gyr_json){0};
	for (size_t i = 0; path[i]; i++) {
		if (gyr_json_member(&v, path[i], strlen(path[i]), &next))
			return (struct gyr_json){0};
		v = next;
	}
	return v;
}

static bool is_privileged(struct cri_text info)
{
	static const char *const containerd[] = {"config", "linux", "security_context",
						 "privileged", NULL};
	static const char *const crio[] = {"privileged", NULL};

	return info_at(info, containerd).type == GYR_JSON_TRUE ||
	       info_at(info, crio).type == GYR_JSON_TRUE;
}

/* What the network plugin answered, as text that holds JSON. */
static void put_cni(struct jsonout *out, struct cri_text info)
{
	static const char *const path[] = {"cniResult", NULL};
	const struct gyr_json v = info_at(info, path);

	if (v.type == GYR_JSON_OBJECT)
		jsonout_member(out, "cni_json", v.p, v.len);
}

/* ---- answers ---- */

/* ContainerStatus 1: id 1, metadata 2 (name 1), labels 12, mounts 14. */
int criread_container(const struct criread *in, struct jsonout *out, struct cri_text *ret_sandbox)
{
	static const char *const path[] = {"sandboxID", NULL};
	const struct pb all = pb_of(in->message, in->len), status = message(all, 1);
	const struct cri_text info = map_value(all, 2, "info");
	const struct gyr_json sandbox = info_at(info, path);

	if (!is_whole(all) || !is_whole(status) || !text(status, 1).len)
		return -EBADMSG;
	put_id(out, text(status, 1));
	put(out, "name", text(message(status, 2), 1));
	put_image(out, status);
	put_labels(out, "labels", status, 12, in->label_max_len);
	put_mounts(out, status);
	jsonout_flag(out, "privileged", is_privileged(info));
	*ret_sandbox = (struct cri_text){0};
	if (sandbox.type == GYR_JSON_STRING && sandbox.len && sandbox.len <= CGROUP_ID)
		*ret_sandbox = (struct cri_text){sandbox.p, sandbox.len};
	return 0;
}

/* PodSandboxStatus 1: id 1, metadata 2 (name 1), network 5 (ip 1), linux 6 (namespaces 1 (options 2
 * (network 1, pid 2, ipc 3))), labels 7. A namespace of the node is 2. */
int criread_sandbox(const struct criread *in, struct jsonout *out, bool is_own)
{
	enum { NODE = 2 };
	const struct pb all = pb_of(in->message, in->len), status = message(all, 1);
	const struct pb spaces = message(message(message(status, 6), 1), 2);

	if (!is_whole(all) || !is_whole(status) || !text(status, 1).len)
		return -EBADMSG;
	if (is_own) {
		put_id(out, text(status, 1));
		put(out, "name", text(message(status, 2), 1));
		put_labels(out, "labels", status, 7, in->label_max_len);
		jsonout_flag(out, "is_pod_sandbox", true);
	}
	put(out, "pod_sandbox_id", text(status, 1));
	put(out, "ip", text(message(status, 5), 1));
	put_labels(out, "pod_sandbox_labels", status, 7, in->label_max_len);
	put_cni(out, map_value(all, 2, "info"));
	jsonout_flag(out, "host_network", number(spaces, 1) == NODE);
	jsonout_flag(out, "host_pid", number(spaces, 2) == NODE);
	jsonout_flag(out, "host_ipc", number(spaces, 3) == NODE);
	return 0;
}

int criread_version(const void *bytes, size_t len, struct cri_text *ret_name)
{
	const struct pb all = pb_of(bytes, len);

	*ret_name = text(all, 2);
	return is_whole(all) && ret_name->len ? 0 : -EBADMSG;
}

/* Container 1: id 1, labels 2, image 3. */
int criread_bare(const struct criread *in, struct jsonout *out)
{
	const struct pb all = pb_of(in->message, in->len), c = message(all, 1);
	const struct cri_text image = text(c, 3);

	if (!is_whole(all) || !is_whole(c) || !text(c, 1).len)
		return -EBADMSG;
	put_id(out, text(c, 1));
	put(out, "name", text(c, 1));
	if (image.len)
		inspect_put_image(out, image.p, image.len);
	put_labels(out, "labels", c, 2, in->label_max_len);
	return 0;
}
