/*
 * process: a process as a description says it is, and its ancestors.
 *
 *	{"pid": 100, "name": "cat", "exe": "cat", "exepath": "/usr/bin/cat", "args": ["/etc/shadow"],
 *	 "uid": 1000, "files": {"0": {"type": "ipv4", "name": "192.0.2.7:4000->198.51.100.1:4444"}},
 *	 "parent": {"pid": 99, "name": "bash"}}
 *
 * README.md has all members. What is not said has a default that draws no attention.
 *
 * Lifetime: texts point into the JSON and into the process. Threads: any.
 */
#pragma once

#include <gyr/events.h>
#include <gyr/plugin.h>
#include <gyr/scapmetawrite.h>
#include <json-c/json.h>

#include "bytes.h"

enum {
	PROCESS_PID = 1000, /* of one that does not say */
	PROCESS_DEPTH = 32, /* ancestors */
};

struct process {
	struct gyr_meta_proc meta;
	struct bytes args, env, cgroups;
};

/* Reads @json (NULL: all defaults), the ancestor at @depth of the process of an event (0: itself).
 * process_deinit() is due in any case. -EINVAL with @f. */
int process_read(json_object *json, unsigned depth, struct process *ret, struct fault *f);
void process_deinit(struct process *p);

/* Emits the records of @json, of its ancestors and of its files. -EINVAL with @f; -ENOMEM. */
int process_tell(json_object *json, struct gyr_batch *out, struct fault *f);

/* Appends the value that parameter @info of an event that starts a process has for @p. */
void process_put(const struct process *p, const struct gyr_param_info *info, struct bytes *out);

/* Emits one record. -ENOMEM. */
int record_emit(const struct gyr_meta_shape *shape, struct gyr_batch *out);
