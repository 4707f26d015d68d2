/* runtimes: see runtimes.h. */
#include "runtimes.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "cri.h"
#include "inspect.h"

/* Asks one socket. */
typedef int (*ask_fn)(struct runtimes *r, const char *socket, const struct question *q,
		      struct jsonout *out);

/* Docker's interface, which podman has, too. */
static int ask_http(struct runtimes *r, const char *socket, const struct question *q,
		    struct jsonout *out, uint32_t type)
{
	struct inspect in = {.type = type, .label_max_len = r->o->label_max_len};
	char path[256], image[128];
	int res;

	(void)snprintf(path, sizeof path, "/containers/%s/json", q->id);
	res = request_get(&r->request, socket, path);
	if (res < 0)
		return res;
	char *container = malloc(r->request.len + 1);
	if (!container)
		return -ENOMEM;
	in.container_len = r->request.len;
	if (in.container_len)
		memcpy(container, r->request.body, in.container_len);
	in.container = container;
	if (inspect_image(container, in.container_len, image, sizeof image) == 0) {
		(void)snprintf(path, sizeof path, "/images/%s/json", image);
		if (request_get(&r->request, socket, path) == 0) {
			in.image = r->request.body;
			in.image_len = r->request.len;
		}
	}
	res = inspect_describe(&in, out);
	free(container);
	return res;
}

static int ask_docker(struct runtimes *r, const char *socket, const struct question *q,
		      struct jsonout *out)
{
	return ask_http(r, socket, q, out, CINFO_DOCKER);
}

static int ask_podman(struct runtimes *r, const char *socket, const struct question *q,
		      struct jsonout *out)
{
	return ask_http(r, socket, q, out, CINFO_PODMAN);
}

static int ask_cri(struct runtimes *r, const char *socket, const struct question *q,
		   struct jsonout *out)
{
	const struct cri c = {
		.request = &r->request, .socket = socket, .label_max_len = r->o->label_max_len};

	return cri_describe(&c, q->id, out);
}

static int ask_containerd(struct runtimes *r, const char *socket, const struct question *q,
			  struct jsonout *out)
{
	const struct cri c = {
		.request = &r->request, .socket = socket, .label_max_len = r->o->label_max_len};

	return cri_describe_bare(&c, q->ns, q->id, out);
}

/* ---- sockets ---- */

static int ask_pattern(struct runtimes *r, const char *pattern, ask_fn ask,
		       const struct question *q, struct jsonout *out)
{
	const char *root = getenv("HOST_ROOT");
	char path[512];
	int res = -ENOENT;
	glob_t found;

	if ((size_t)snprintf(path, sizeof path, "%s%s", root ? root : "", pattern) >= sizeof path ||
	    glob(path, 0, NULL, &found))
		return -ENOENT;
	for (size_t i = 0; i < found.gl_pathc && res < 0 && !atomic_load(r->request.stop); i++) {
		jsonout_deinit(out);
		res = ask(r, found.gl_pathv[i], q, out);
		r->n_errors += res < 0 && res != -ENOENT && res != -ECANCELED;
	}
	globfree(&found);
	return res;
}

struct runtime {
	enum cgroup_engine engine;
	ask_fn ask;
	const struct engine_options *options;
	const char *const *usual;
};

static int ask_runtime(struct runtimes *r, const struct runtime *t, const struct question *q,
		       struct jsonout *out)
{
	const char *const *sockets =
		t->options->sockets ? (const char *const *)t->options->sockets : t->usual;
	int res = -ENOENT;

	for (size_t i = 0; sockets[i] && res < 0; i++)
		res = ask_pattern(r, sockets[i], t->ask, q, out);
	return res;
}

/* An ID alone may be anybody's but containerd's own, whose names need a namespace. */
static bool may_know(const struct runtime *t, const struct question *q)
{
	if (!t->options->enabled)
		return false;
	if (q->engine == CGROUP_DOCKER || q->engine == CGROUP_CRI)
		return t->engine != CGROUP_CONTAINERD;
	return t->engine == q->engine;
}

int runtimes_describe(struct runtimes *r, const struct question *q, struct jsonout *out)
{
	static const char *const docker[] = {"/var/run/docker.sock", NULL};
	static const char *const podman[] = {"/run/podman/podman.sock",
					     "/run/user/*/podman/podman.sock", NULL};
	static const char *const containerd[] = {"/run/containerd/containerd.sock",
						 "/run/host-containerd/containerd.sock", NULL};
	static const char *const cri[] = {"/run/containerd/containerd.sock", "/run/crio/crio.sock",
					  "/run/k3s/containerd/containerd.sock",
					  "/run/host-containerd/containerd.sock", NULL};
	const struct runtime rows[] = {
		{CGROUP_DOCKER, ask_docker, &r->o->docker, docker},
		{CGROUP_CRI, ask_cri, &r->o->cri, cri},
		{CGROUP_PODMAN, ask_podman, &r->o->podman, podman},
		{CGROUP_CONTAINERD, ask_containerd, &r->o->containerd, containerd},
	};
	int res = -ENOENT;

	/* The one whose form it is comes first. */
	for (int own = 1; own >= 0; own--)
		for (size_t i = 0; i < sizeof rows / sizeof rows[0] && res < 0; i++)
			if ((rows[i].engine == q->engine) == own && may_know(&rows[i], q))
				res = ask_runtime(r, &rows[i], q, out);
	return res < 0 ? -ENOENT : 0;
}

int runtimes_init(struct runtimes *r, const struct options *o, const atomic_bool *stop)
{
	*r = (struct runtimes){.o = o};
	return request_init(&r->request, stop);
}

void runtimes_deinit(struct runtimes *r)
{
	request_deinit(&r->request);
}
