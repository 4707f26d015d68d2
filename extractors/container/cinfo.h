/*
 * cinfo: what is known of one container.
 *
 * It travels as JSON text, as recordings have it and as the runtimes' answers are made into: an
 * object with the member "container", whose members are read by name:
 *
 *	id full_id name image imageid imagerepo imagetag imagedigest ip cni_json pod_sandbox_id
 *	type (a number, enum cinfo_type) privileged host_pid host_network host_ipc is_pod_sandbox
 *	labels pod_sandbox_labels (objects of texts)
 *	Mounts (objects with Source, Destination, Mode, RW, Propagation)
 *
 * Others are not looked at. What is missing, null or of another type is empty.
 *
 * Bounds: 1 MiB of text, 1,024 mounts, 1,024 labels of each kind; further ones are left out.
 * Lifetime: cinfo_read() to cinfo_free(); one piece of memory, nothing changes in between.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cinfo_type {
	CINFO_DOCKER = 0,
	CINFO_LXC = 1,
	CINFO_LIBVIRT_LXC = 2,
	CINFO_MESOS = 3,
	CINFO_RKT = 4,
	CINFO_CUSTOM = 5,
	CINFO_CRI = 6,
	CINFO_CONTAINERD = 7,
	CINFO_CRIO = 8,
	CINFO_BPM = 9,
	CINFO_STATIC = 10,
	CINFO_PODMAN = 11,
	CINFO_HOST = 0xfffe,
	CINFO_UNKNOWN = 0xffff,
};

enum { CINFO_TEXT_MAX = 1 << 20, CINFO_ROWS_MAX = 1024 };

struct cinfo_mount {
	const char *source, *dest, *mode, *propagation;
	bool is_writable;
};

struct cinfo_label {
	const char *key, *value;
};

struct cinfo {
	/* Never NULL. */
	const char *id, *full_id, *name, *image, *image_id, *repository, *tag, *digest, *ip, *cni,
		*sandbox_id;
	uint32_t type; /* enum cinfo_type */
	bool privileged, host_pid, host_network, host_ipc, is_sandbox;
	const struct cinfo_mount *mounts;
	const struct cinfo_label *labels, *pod_labels;
	uint32_t n_mounts, n_labels, n_pod_labels;
	const char *json; /* what it was read from */
	size_t json_len;
};

/* Reads a container. -EBADMSG: no JSON, no object "container", or no ID; -E2BIG; -ENOMEM. */
int cinfo_read(const char *json, size_t len, struct cinfo **ret);
struct cinfo *cinfo_free(struct cinfo *c); /* NULL is fine; answers NULL */

/* What holds outside of containers: id, full_id and name are "host". */
extern const struct cinfo cinfo_host;

/* "docker" ..., "" for one without a name. */
const char *cinfo_type_text(uint32_t type);

/* Value of a label; NULL when there is none. */
const char *cinfo_label(const struct cinfo_label *labels, uint32_t n, const char *key);
