/* cri: questions to runtimes; see cri.h. Their answers are read by criread.h. */
#include "cri.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "cinfo.h"
#include "criread.h"

/* Calls a method of the runtime service, in the version it speaks. */
static int call(const struct cri *c, const char *method, const struct pb_out *message)
{
	static const char *const versions[] = {"v1", "v1alpha2"};
	int r = message->failed ? -E2BIG : -EOPNOTSUPP;

	for (size_t i = 0; i < sizeof versions / sizeof versions[0] && r == -EOPNOTSUPP; i++) {
		char path[128];
		const struct request_call q = {.socket = c->socket,
					       .method = path,
					       .message = message->p,
					       .len = message->n};

		(void)snprintf(path, sizeof path, "/runtime.%s.RuntimeService/%s", versions[i],
			       method);
		r = request_call(c->request, &q);
	}
	return r;
}

/* Asks for a container or sandbox by ID, with all there is to know. */
static int status(const struct cri *c, const char *method, const char *id)
{
	struct pb_out message = {0};

	pb_put_text(&message, 1, id);
	pb_put_true(&message, 2);
	return call(c, method, &message);
}

static struct criread answer(const struct cri *c)
{
	return (struct criread){.message = c->request->body,
				.len = c->request->len,
				.label_max_len = c->label_max_len};
}

static uint32_t type(const struct cri *c)
{
	struct pb_out message = {0};
	struct cri_text name;

	pb_put_text(&message, 1, "v1");
	if (call(c, "Version", &message) ||
	    criread_version(c->request->body, c->request->len, &name))
		return CINFO_CRI;
	if (name.len == 10 && !memcmp(name.p, "containerd", 10))
		return CINFO_CONTAINERD;
	return name.len == 5 && !memcmp(name.p, "cri-o", 5) ? CINFO_CRIO : CINFO_CRI;
}

static void put_type(struct jsonout *out, uint32_t n)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%u", n);
	jsonout_key(out, "type");
	jsonout_put(out, text);
}

/* A container takes address and labels of the pod from its sandbox; one that cannot be asked about is
 * no reason to know nothing. */
static int describe_container(const struct cri *c, struct jsonout *out)
{
	char id[CGROUP_ID + 1] = "";
	struct criread in = answer(c);
	struct cri_text sandbox;
	int r = criread_container(&in, out, &sandbox);

	if (r < 0)
		return r;
	if (sandbox.len)
		memcpy(id, sandbox.p, sandbox.len);
	if (*id && status(c, "PodSandboxStatus", id) == 0) {
		in = answer(c);
		return criread_sandbox(&in, out, false);
	}
	if (*id)
		jsonout_member(out, "pod_sandbox_id", id, strlen(id));
	return 0;
}

int cri_describe(const struct cri *c, const char *id, struct jsonout *out)
{
	int r;

	jsonout_put(out, "{\"container\":{");
	r = status(c, "ContainerStatus", id);
	if (r == 0) {
		r = describe_container(c, out);
	} else if (r == -ENOENT) {
		r = status(c, "PodSandboxStatus", id);
		if (r == 0) {
			const struct criread in = answer(c);

			r = criread_sandbox(&in, out, true);
		}
	}
	if (r < 0)
		return r;
	put_type(out, type(c));
	jsonout_put(out, "}}");
	return out->failed ? -E2BIG : 0;
}

int cri_describe_bare(const struct cri *c, const char *ns, const char *name, struct jsonout *out)
{
	struct pb_out message = {0};
	const struct request_call q = {.socket = c->socket,
				       .method =
					       "/containerd.services.containers.v1.Containers/Get",
				       .message = message.p,
				       .name = "containerd-namespace",
				       .value = ns};
	struct request_call sized = q;
	int r;

	pb_put_text(&message, 1, name);
	sized.len = message.n;
	r = message.failed ? -E2BIG : request_call(c->request, &sized);
	if (r < 0)
		return r;

	const struct criread in = answer(c);
	jsonout_put(out, "{\"container\":{");
	r = criread_bare(&in, out);
	if (r < 0)
		return r;
	put_type(out, CINFO_CONTAINERD);
	jsonout_put(out, "}}");
	return out->failed ? -E2BIG : 0;
}
