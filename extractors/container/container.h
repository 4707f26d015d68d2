/*
 * container: what the parts of this plugin share.
 *
 * Every thread has the ID of its container in a column of the table `threads`, "" outside of any. It
 * is written when a process begins or becomes another program (track.c), from the paths of its
 * control groups (cgroup.h). What is known of a container comes as events: from a recording, or from
 * the runtimes by the worker (live.h). The fields (container_fields.c) join the two.
 *
 * Threads: all but live.h on that of the state.
 */
#pragma once

#include <gyr/plugin.h>

#include "ccache.h"
#include "cgroup.h"
#include "live.h"

/* Answers of init for one runtime. */
struct engine_options {
	bool enabled;
	const char **sockets; /* NULL: the usual ones */
};

struct options {
	struct engine_options docker, podman, containerd, cri;
	bool lxc, libvirt_lxc, bpm;
	bool is_static;
	const char *static_id, *static_name, *static_image;
	uint64_t label_max_len;
	bool with_size; /* taken for the sake of existing configurations; nothing shows a size */
	const char **hooks; /* the same: a description is asked for when a process begins */
};

struct columns {
	ss_plugin_table_field_t *container_id, *cgroups, *second, *pidns, *vpid, *vtid;
};

/* What a question about the event at hand is answered from. */
struct subject {
	uint64_t num;
	const ss_plugin_event *raw;
	bool is_known;            /* there is a thread, or a description */
	const struct cinfo *info; /* NULL: not described */
	char id[CGROUP_NAME_MAX + 1];
};

struct counters {
	uint64_t bad_descriptions; /* events about containers that could not be read */
	uint64_t bad_expressions;  /* of rules, about mounts: they find nothing */
	uint64_t unmarked;         /* threads whose column could not be written */
};

enum { HOST_PATHS = 16, HOST_PATH_SIZE = 256 };

struct container {
	struct options options;
	unsigned engines;           /* bits of enum cgroup_engine */
	ss_plugin_table_t *threads; /* NULL: the host has none */
	struct columns columns;
	ss_plugin_table_reader_vtable_ext reader;
	ss_plugin_table_writer_vtable_ext writer;
	struct ccache *cache;
	/* The last event about a container: what it is about. */
	uint64_t told_num;
	const struct cinfo *told;
	struct cinfo *told_gone; /* of an event that tells of an end; owned */
	struct subject subject;
	/* Paths of control groups that are of no container, as looked at last. */
	char host_paths[HOST_PATHS][HOST_PATH_SIZE];
	uint64_t now;  /* of the event that is parsed */
	bool is_ready; /* all threads there were at the beginning have been looked at */
	struct expressions *expressions;
	struct counters counters;
	struct live_counters live_last; /* of the last worker */
	struct live *live;              /* NULL: nothing is asked for, as in a recording */
};

/* Head of the function of a field; an argument it has no use for is fine. */
#define FIELD_FN(fn)                                                               \
	int fn(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out); \
	int fn(__attribute__((unused)) struct gyr *p,                              \
	       __attribute__((unused)) const struct gyr_event *evt,                \
	       __attribute__((unused)) struct gyr_value *out)

struct expressions *expressions_free(struct expressions *x);

/* ---- track.c ---- */

/* Codes of the events that track_event() sees: procexit, clone, fork, vfork, chroot, execve, a
 * container in a recording, execveat, clone3, asynchronous events. */
#define TRACK_EVENTS 186, 223, 225, 227, 267, 293, 324, 331, 335, 402

/* Asks the host for the table of threads and its columns; adds container_id. */
int track_init(struct gyr *p, struct container *s);

int track_event(struct gyr *p, const struct gyr_event *evt);

/* Finds the container of every thread there is. */
void track_all(struct container *s);

/* The ID of the thread's container to @ret (CGROUP_NAME_MAX + 1 bytes); false: no such thread. */
bool track_id(struct container *s, int64_t tid, char *ret);

/* A number of the thread's row; 0 when there is none. */
uint64_t track_number(struct container *s, int64_t tid, ss_plugin_table_field_t *column);
