/* inspect: see inspect.h. */
#include "inspect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "image.h"

/* The value at a path of two members at most; absent when there is none. */
static struct gyr_json at(const struct gyr_json *v, const char *first, const char *second)
{
	struct gyr_json a = {0}, b = {0};

	if (gyr_json_member(v, first, strlen(first), &a))
		return (struct gyr_json){0};
	if (!second || a.type == GYR_JSON_ABSENT)
		return a;
	if (gyr_json_member(&a, second, strlen(second), &b))
		return (struct gyr_json){0};
	return b;
}

static bool is_text(const struct gyr_json *v)
{
	return v->type == GYR_JSON_STRING;
}

/* Takes over a text that becomes part of the path of a request. */
static int take_part(const struct gyr_json *v, size_t skip, char *ret, size_t size)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ:_.-";
	size_t n;

	if (v->len >= size || gyr_json_text(v, ret, &n) || n <= skip)
		return -EBADMSG;
	memmove(ret, ret + skip, n - skip);
	n -= skip;
	ret[n] = '\0';
	return strspn(ret, allowed) == n && ret[0] != '.' ? 0 : -EBADMSG;
}

int inspect_neighbour(const char *container, size_t len, char *ret, size_t size)
{
	static const char prefix[] = "container:";
	struct gyr_json root, mode;

	if (gyr_json_value(container, len, &root))
		return -EBADMSG;
	mode = at(&root, "HostConfig", "NetworkMode");
	if (!is_text(&mode) || mode.len < sizeof prefix ||
	    memcmp(mode.p, prefix, sizeof prefix - 1) != 0)
		return -ENOENT;
	return take_part(&mode, sizeof prefix - 1, ret, size);
}

int inspect_image(const char *container, size_t len, char *ret, size_t size)
{
	struct gyr_json root, image;

	if (gyr_json_value(container, len, &root))
		return -EBADMSG;
	image = at(&root, "Image", NULL);
	return is_text(&image) ? take_part(&image, 0, ret, size) : -EBADMSG;
}

void inspect_put_image(struct jsonout *out, const char *name, size_t len)
{
	const struct image i = image_split(name, len);

	jsonout_member(out, "image", name, len);
	jsonout_member(out, "imagerepo", i.repository.p, i.repository.len);
	jsonout_member(out, "imagetag", i.tag.p ? i.tag.p : "", i.tag.len);
}

void inspect_put_labels(struct jsonout *out, const char *name, const struct gyr_json *labels,
			size_t max_len)
{
	struct gyr_json key, value;
	struct gyr_json_iter it;

	jsonout_key(out, name);
	jsonout_put(out, "{");
	gyr_json_iter_init(&it, labels);
	while (labels->type == GYR_JSON_OBJECT && gyr_json_next(&it, &key, &value) == 1) {
		if (!is_text(&value) || value.len > max_len)
			continue;
		if (out->p[out->n - 1] != '{')
			jsonout_put(out, ",");
		jsonout_put(out, "\"");
		jsonout_raw(out, key.p, key.len);
		jsonout_put(out, "\":\"");
		jsonout_raw(out, value.p, value.len);
		jsonout_put(out, "\"");
		if (out->failed)
			return;
	}
	jsonout_put(out, "}");
}

/* A name as the runtime has it: with a slash before it. */
static void put_name(struct jsonout *out, struct gyr_json name)
{
	if (is_text(&name) && name.len && name.p[0] == '/') {
		name.p++;
		name.len--;
	}
	jsonout_copy(out, "name", &name, GYR_JSON_STRING);
}

static bool is_host(const struct gyr_json *v)
{
	return gyr_json_equals(v, "host", 4);
}

/* The address in the only network, or in the first that has one. */
static struct gyr_json address(const struct gyr_json *root)
{
	struct gyr_json ip = at(root, "NetworkSettings", "IPAddress");
	const struct gyr_json networks = at(root, "NetworkSettings", "Networks");
	struct gyr_json_iter it;
	struct gyr_json key, network;

	gyr_json_iter_init(&it, &networks);
	while (!(is_text(&ip) && ip.len) && networks.type == GYR_JSON_OBJECT &&
	       gyr_json_next(&it, &key, &network) == 1)
		ip = at(&network, "IPAddress", NULL);
	return ip;
}

/* Its own, or that of the container whose network it is in. */
static void put_address(struct jsonout *out, const struct inspect *in, const struct gyr_json *root)
{
	struct gyr_json ip = address(root), neighbour;

	if (!(is_text(&ip) && ip.len) && in->neighbour &&
	    gyr_json_value(in->neighbour, in->neighbour_len, &neighbour) == 0)
		ip = address(&neighbour);
	jsonout_copy(out, "ip", &ip, GYR_JSON_STRING);
}

/* "repository@sha256:...": the digest is what follows the sign. */
static void put_digest(struct jsonout *out, const struct inspect *in)
{
	struct gyr_json root, digests, first;
	struct gyr_json_iter it;

	if (!in->image || gyr_json_value(in->image, in->image_len, &root))
		return;
	digests = at(&root, "RepoDigests", NULL);
	gyr_json_iter_init(&it, &digests);
	if (digests.type != GYR_JSON_ARRAY || gyr_json_next(&it, NULL, &first) != 1 ||
	    !is_text(&first))
		return;
	const char *sign = memchr(first.p, '@', first.len);
	if (sign)
		jsonout_member(out, "imagedigest", sign + 1,
			       (size_t)(first.p + first.len - sign) - 1);
}

/* An image asked for by its ID has its name among its tags. */
static void put_image(struct jsonout *out, const struct inspect *in, struct gyr_json name)
{
	struct gyr_json root, tags, first;
	struct gyr_json_iter it;

	if (!is_text(&name))
		return;
	if (name.len > 7 && !memcmp(name.p, "sha256:", 7) && in->image &&
	    !gyr_json_value(in->image, in->image_len, &root)) {
		tags = at(&root, "RepoTags", NULL);
		gyr_json_iter_init(&it, &tags);
		if (tags.type == GYR_JSON_ARRAY && gyr_json_next(&it, NULL, &first) == 1 &&
		    is_text(&first))
			name = first;
	}
	inspect_put_image(out, name.p, name.len);
}

static void put_host_config(struct jsonout *out, const struct gyr_json *root)
{
	const struct gyr_json privileged = at(root, "HostConfig", "Privileged");
	const struct gyr_json network = at(root, "HostConfig", "NetworkMode");
	const struct gyr_json pid = at(root, "HostConfig", "PidMode");
	const struct gyr_json ipc = at(root, "HostConfig", "IpcMode");

	jsonout_flag(out, "privileged", privileged.type == GYR_JSON_TRUE);
	jsonout_flag(out, "host_network", is_host(&network));
	jsonout_flag(out, "host_pid", is_host(&pid));
	jsonout_flag(out, "host_ipc", is_host(&ipc));
}

int inspect_describe(const struct inspect *in, struct jsonout *out)
{
	struct gyr_json root, id, image, labels, mounts;
	char number[16];

	if (gyr_json_validate(in->container, in->container_len, &(size_t){0}) ||
	    gyr_json_value(in->container, in->container_len, &root))
		return -EBADMSG;
	id = at(&root, "Id", NULL);
	if (!is_text(&id) || !id.len)
		return -EBADMSG;
	jsonout_put(out, "{\"container\":{");
	jsonout_member(out, "id", id.p, id.len < CGROUP_SHORT_ID ? id.len : CGROUP_SHORT_ID);
	jsonout_copy(out, "full_id", &id, GYR_JSON_STRING);
	(void)snprintf(number, sizeof number, "%u", in->type);
	jsonout_key(out, "type");
	jsonout_put(out, number);
	put_name(out, at(&root, "Name", NULL));
	put_image(out, in, at(&root, "Config", "Image"));
	image = at(&root, "Image", NULL);
	if (is_text(&image) && image.len > 7 && !memcmp(image.p, "sha256:", 7)) {
		image.p += 7;
		image.len -= 7;
	}
	jsonout_copy(out, "imageid", &image, GYR_JSON_STRING);
	put_digest(out, in);
	put_host_config(out, &root);
	put_address(out, in, &root);
	labels = at(&root, "Config", "Labels");
	inspect_put_labels(out, "labels", &labels, in->label_max_len);
	mounts = at(&root, "Mounts", NULL);
	jsonout_copy(out, "Mounts", &mounts, GYR_JSON_ARRAY);
	jsonout_put(out, "}}");
	return out->failed ? -E2BIG : 0;
}
