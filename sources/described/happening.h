/*
 * happening: one described event to an event in the encoding of the current schema.
 *
 *	{"type": "openat", "args": {"fd": 3, "dirfd": "AT_FDCWD", "name": "/etc/shadow",
 *	 "flags": "O_RDONLY|O_CLOEXEC"}}
 *
 * A parameter that is not said is empty, which is how an absent one is recorded; but "res" is 0, and
 * the parameters of an event that starts a process are those of the process.
 *
 * Threads: any.
 */
#pragma once

#include <json-c/json.h>

#include "bytes.h"
#include "process.h"

/* Appends the event of thread @p->meta.tid at @ts. -EINVAL with @f. */
int happening_put(json_object *json, const struct process *p, uint64_t ts, struct bytes *out,
		  struct fault *f);
