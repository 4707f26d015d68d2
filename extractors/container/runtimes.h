/*
 * runtimes: who to ask about a container, and how.
 *
 * A control group tells which runtime made it, or only the ID: then all that are enabled are asked in
 * turn. docker and podman are asked over HTTP (inspect.h), the runtimes of kubernetes over gRPC
 * (cri.h), containerd itself about containers that it runs without kubernetes.
 *
 * Sockets are looked for below HOST_ROOT when that is set in the environment. Several sockets of one
 * runtime are asked in turn; a pattern stands for all that fit it.
 *
 * Lifetime: runtimes_init() to runtimes_deinit(). Threads: one.
 */
#pragma once

#include "cgroup.h"
#include "jsonout.h"
#include "request.h"

struct options;

struct question {
	enum cgroup_engine engine;
	char id[CGROUP_ID + 1];
	char ns[CGROUP_ID + 1]; /* namespace of CGROUP_CONTAINERD */
	unsigned tries;
	uint64_t due_ms; /* not to be asked before */
};

struct runtimes {
	const struct options *o;
	struct request request;
	uint64_t n_errors; /* requests that failed */
};

/* -ENOMEM */
int runtimes_init(struct runtimes *r, const struct options *o, const atomic_bool *stop);
void runtimes_deinit(struct runtimes *r);

/* Writes the description. -ENOENT: nobody knows the container (yet). */
int runtimes_describe(struct runtimes *r, const struct question *q, struct jsonout *out);
