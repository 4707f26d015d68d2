/*
 * criread: answers of the CRI and of containerd, read from their messages.
 *
 * Format: see cri.h. Numbers of fields are named where they are read.
 *
 * Lifetime: texts point into the message. Threads: any; nothing is kept.
 */
#pragma once

#include <stdbool.h>

#include "jsonout.h"
#include "protobuf.h"

struct cri_text {
	const char *p;
	size_t len; /* 0: there is none */
};

struct criread {
	const void *message;
	size_t len;
	size_t label_max_len;
};

/* ContainerStatusResponse: members of a description; sets the ID of the sandbox. -EBADMSG */
int criread_container(const struct criread *in, struct jsonout *out, struct cri_text *ret_sandbox);

/* PodSandboxStatusResponse: members of the sandbox itself (@is_own), or those that a container takes
 * from it. -EBADMSG */
int criread_sandbox(const struct criread *in, struct jsonout *out, bool is_own);

/* VersionResponse: name of the runtime. -EBADMSG */
int criread_version(const void *message, size_t len, struct cri_text *ret_name);

/* GetContainerResponse of containerd: members of a description. -EBADMSG */
int criread_bare(const struct criread *in, struct jsonout *out);
