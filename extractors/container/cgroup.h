/*
 * cgroup: which container a path of a control group names.
 *
 * Runtimes put the processes of a container into a control group whose path tells its ID. What each
 * writes is known from its source and from running systems:
 *
 *	docker       /docker/ID, /system.slice/docker-ID.scope
 *	podman       .../libpod-ID.scope, .../libpod-ID.scope/container, /libpod_parent/libpod-ID
 *	containerd   .../cri-containerd-ID.scope, ...:cri-containerd:ID; of ctr: /NAMESPACE/NAME
 *	cri-o        .../crio-ID, .../crio-ID.scope, ...:crio:ID
 *	kubernetes   /kubepods/.../podUID/ID, whatever the runtime
 *	lxc          /lxc/NAME, /lxc.payload/NAME, /lxc.payload.NAME
 *	libvirt      /machine/NAME.libvirt-lxc, ...-lxc\x2NNAME.scope, /libvirt/lxc/NAME
 *	bpm          .../bpm-NAME.scope
 *
 * An ID is 64 hexadecimal digits. The innermost container counts; a group that was made inside of one
 * (by systemd in it, for example) belongs to it. Groups of monitors beside a container (conmon) are
 * not in it.
 *
 * Threads: any; nothing is kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum cgroup_engine {
	CGROUP_PODMAN = 1 << 0,
	CGROUP_DOCKER = 1 << 1,
	CGROUP_CRI = 1 << 2,
	CGROUP_CONTAINERD = 1 << 3,
	CGROUP_LXC = 1 << 4,
	CGROUP_LIBVIRT_LXC = 1 << 5,
	CGROUP_BPM = 1 << 6,
	CGROUP_ALL = (1 << 7) - 1,
};

enum {
	CGROUP_ID = 64,       /* digits of an ID */
	CGROUP_SHORT_ID = 12, /* of which so many are shown */
	CGROUP_NAME_MAX = 255,
};

struct cgroup_match {
	enum cgroup_engine
		engine; /* whose form it is; a bare ID is docker's when that is asked for */
	const char *id; /* in the path: the ID or name */
	size_t len;     /* of all of it */
	size_t shown;   /* of the part that container.id is */
	const char *ns; /* in the path: namespace of CGROUP_CONTAINERD */
	size_t ns_len;
};

/* Whether @path is that of a container of one of @engines (bits). */
bool cgroup_match(const char *path, size_t len, unsigned engines, struct cgroup_match *ret);
