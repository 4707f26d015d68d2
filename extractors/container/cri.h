/*
 * cri: the runtimes of kubernetes (containerd, cri-o), asked over their gRPC interface, and containerd
 * about containers it runs without kubernetes.
 *
 * Format: Kubernetes CRI v1 (service runtime.v1.RuntimeService; v1alpha2 of older runtimes has the same
 * fields), containerd.services.containers.v1. Messages are read by protobuf.h; fields that are not
 * needed are skipped.
 *
 * Threads: one.
 */
#pragma once

#include "jsonout.h"
#include "request.h"

struct cri {
	struct request *request;
	const char *socket;
	size_t label_max_len;
};

/* Describes the container or sandbox of this ID. -ENOENT: not known; others as request_call(). */
int cri_describe(const struct cri *c, const char *id, struct jsonout *out);

/* The same for containerd's own container @name of namespace @ns. */
int cri_describe_bare(const struct cri *c, const char *ns, const char *name, struct jsonout *out);
