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

struct answer {
	char *p;
	size_t len;
};

/* What is at a path of Docker's interface, which podman has, too: "/containers/ID/json". */
static int fetch(struct runtimes *r, const char *socket, const char *kind, const char *id,
		 struct answer *ret)
{
	char path[256];
	int res;

	(void)snprintf(path, sizeof path, "/%s/%s/json", kind, id);
	res = request_get(&r->request, socket, path);
	if (res < 0)
		return res;
	ret->p = malloc(r->request.len + 1);
	if (!ret->p)
		return -ENOMEM;
	ret->len = r->request.len;
	if (ret->len)
		memcpy(ret->p, r->request.body, ret->len);
	return 0;
}

static int ask_http(struct runtimes *r, const char *socket, const struct question *q,
		    struct jsonout *out, uint32_t type)
{
	struct answer container = {0}, image = {0}, neighbour = {0};
	char id[128];
	int res = fetch(r, socket, "containers", q->id, &container);

	if (res < 0)
		return res;
	if (inspect_image(container.p, container.len, id, sizeof id) == 0)
		(void)fetch(r, socket, "images", id, &image);
	if (inspect_neighbour(container.p, container.len, id, sizeof id) == 0)
		(void)fetch(r, socket, "containers", id, &neighbour);
	res = inspect_describe(&(struct inspect){.container = container.p,
						 .container_len = container.len,
						 .image = image.p,
						 .image_len = image.len,
						 .neighbour = neighbour.p,
						 .neighbour_len = neighbour.len,
						 .type = type,
						 .label_max_len = r->o->label_max_len},
			       out);
	free(container.p);
	free(image.p);
	free(neighbour.p);
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
