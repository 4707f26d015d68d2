/* Paths of control groups as running systems have them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "cgroup.h"

#define ID "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e"
#define ID2 "c010f5a08549441fb384b5e9ede5a4e4122381543d5213298164215f9a25736a"
#define POD "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1c2d.slice"
#define USER "/user.slice/user-1000.slice/user@1000.service"

static const struct {
	const char *path;
	enum cgroup_engine engine; /* 0: on the host */
	const char *shown;
} rows[] = {
	/* docker */
	{"/docker/" ID, CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/system.slice/docker-" ID ".scope", CGROUP_DOCKER, "3ad7b26ded6d"},
	{USER "/user.slice/docker-" ID ".scope", CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/docker/" ID "/docker/" ID2, CGROUP_DOCKER, "c010f5a08549"},
	{"/docker/" ID "/system.slice/sshd.service", CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/docker/" ID "/init.scope", CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/system.slice/docker-" ID ".scope/init.scope", CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/ecs/0f1e/" ID, CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/actions_job/" ID, CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/../" ID, CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/system.slice:docker:" ID, CGROUP_DOCKER, "3ad7b26ded6d"},
	/* podman */
	{"/machine.slice/libpod-" ID ".scope", CGROUP_PODMAN, "3ad7b26ded6d"},
	{"/machine.slice/libpod-" ID ".scope/container", CGROUP_PODMAN, "3ad7b26ded6d"},
	{USER "/user.slice/libpod-" ID ".scope", CGROUP_PODMAN, "3ad7b26ded6d"},
	{USER "/user.slice/libpod-" ID ".scope/container", CGROUP_PODMAN, "3ad7b26ded6d"},
	{"/libpod_parent/libpod-" ID, CGROUP_PODMAN, "3ad7b26ded6d"},
	{"/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", CGROUP_PODMAN,
	 "3ad7b26ded6d"},
	{"/machine.slice/libpod-conmon-" ID ".scope", 0, ""},
	/* kubernetes */
	{"/kubepods/besteffort/pod8d16/" ID, CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/kubepods/burstable/pod8d16/" ID, CGROUP_DOCKER, "3ad7b26ded6d"},
	{POD "/docker-" ID ".scope", CGROUP_DOCKER, "3ad7b26ded6d"},
	{POD "/cri-containerd-" ID ".scope", CGROUP_CRI, "3ad7b26ded6d"},
	{POD "/crio-" ID ".scope", CGROUP_CRI, "3ad7b26ded6d"},
	{POD "/crio-" ID ".scope/container", CGROUP_CRI, "3ad7b26ded6d"},
	{POD "/crio-" ID, CGROUP_CRI, "3ad7b26ded6d"},
	{POD "/crio-conmon-" ID ".scope", 0, ""},
	{POD ":cri-containerd:" ID, CGROUP_CRI, "3ad7b26ded6d"},
	{"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" ID, CGROUP_CRI,
	 "3ad7b26ded6d"},
	{POD ":crio:" ID, CGROUP_CRI, "3ad7b26ded6d"},
	{"/docker/" ID "/kubelet/kubepods/burstable/pod8d16/" ID2, CGROUP_DOCKER, "c010f5a08549"},
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1.slice/cri-containerd-" ID
	 ".scope",
	 CGROUP_CRI, "3ad7b26ded6d"},
	{POD, 0, ""},
	{"/kubepods/burstable/pod8d16", 0, ""},
	/* containerd alone */
	{"/default/web", CGROUP_CONTAINERD, "web"},
	{"/k8s.io/" ID, CGROUP_DOCKER, "3ad7b26ded6d"},
	{"/buildkit/jxoxq3oebnfsk3k9oqgf2v1k0", CGROUP_CONTAINERD, "jxoxq3oebnfs"},
	{"/garden/18d9b0a5-7c3e-4d5a-4b6c-1b2f", CGROUP_CONTAINERD, "18d9b0a5-7c3"},
	/* lxc */
	{"/lxc/web", CGROUP_LXC, "web"},
	{"/lxc/a-long-name-of-a-machine/system.slice/cron.service", CGROUP_LXC,
	 "a-long-name-of-a-machine"},
	{"/lxc.payload/web", CGROUP_LXC, "web"},
	{"/lxc.payload.web/init.scope", CGROUP_LXC, "web"},
	{"/lxc.monitor.web", 0, ""},
	{"/lxc/web/docker/" ID, CGROUP_DOCKER, "3ad7b26ded6d"},
	/* libvirt */
	{"/machine/container.libvirt-lxc", CGROUP_LIBVIRT_LXC, "container"},
	{"/machine.slice/machine-lxc\\x2d2293906\\x2dcontainer.scope", CGROUP_LIBVIRT_LXC,
	 "2293906\\x2dcontainer"},
	{"/machine.slice/machine-lxc\\x2d2293906\\x2dcontainer.scope/libvirt", CGROUP_LIBVIRT_LXC,
	 "2293906\\x2dcontainer"},
	{"/libvirt/lxc/container", CGROUP_LIBVIRT_LXC, "container"},
	{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", 0, ""},
	/* bpm */
	{"/system.slice/runc-bpm-nats.scope", CGROUP_BPM, "nats"},
	{"/bpm-cloud_controller_ng", CGROUP_BPM, "cloud_controller_ng"},
	{"/system.slice/runc-bpm-a b.scope", 0, ""},
	/* the host */
	{"/", 0, ""},
	{"", 0, ""},
	{"/init.scope", 0, ""},
	{"/system.slice/sshd.service", 0, ""},
	{"/system.slice/systemd-udevd.service/udev", 0, ""},
	{"/system.slice/docker.service", 0, ""},
	{"/system.slice/containerd.service", 0, ""},
	{"/user.slice/user-1000.slice/session-3.scope", 0, ""},
	{USER "/init.scope", 0, ""},
	{USER "/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope", 0, ""},
	{"/docker/" ID "0", 0, ""},                     /* 65 digits */
	{"/docker-" ID "/x.y/-", 0, ""},                /* no scope */
	{"/system.slice/docker-" ID2 "x.scope", 0, ""}, /* not only digits */
	{"/a/b/c/zzz7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e", 0, ""},
};

static void test_paths_are_those_of_their_runtimes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cgroup_match m = {0};
		const bool is_in = cgroup_match(rows[i].path, strlen(rows[i].path), CGROUP_ALL, &m);

		if (is_in != (rows[i].engine != 0) || m.engine != rows[i].engine ||
		    m.shown != strlen(rows[i].shown) ||
		    (is_in && memcmp(m.id, rows[i].shown, m.shown)))
			fail_msg("%s: engine %d, id '%.*s'", rows[i].path, (int)m.engine,
				 (int)m.shown, m.id ? m.id : "");
	}
}

static void test_the_whole_id_is_found_too(void **state)
{
	static const char path[] = "/system.slice/docker-" ID ".scope";
	struct cgroup_match m;

	(void)state;
	assert_true(cgroup_match(path, sizeof path - 1, CGROUP_ALL, &m));
	assert_int_equal(m.len, 64);
	assert_memory_equal(m.id, ID, 64);
}

static void test_a_namespace_of_containerd_is_told(void **state)
{
	struct cgroup_match m;

	(void)state;
	assert_true(cgroup_match("/default/web", 12, CGROUP_ALL, &m));
	assert_int_equal(m.ns_len, 7);
	assert_memory_equal(m.ns, "default", 7);
}

static void test_engines_that_are_off_find_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cgroup_match m;

		assert_false(cgroup_match(rows[i].path, strlen(rows[i].path), 0, &m));
	}
}

static void test_a_bare_id_is_that_of_whoever_is_asked_for(void **state)
{
	static const char path[] = "/kubepods/besteffort/pod8d16/" ID;
	struct cgroup_match m;

	(void)state;
	assert_true(cgroup_match(path, sizeof path - 1, CGROUP_CRI | CGROUP_LXC, &m));
	assert_int_equal(m.engine, CGROUP_CRI);
	assert_false(cgroup_match(path, sizeof path - 1, CGROUP_PODMAN, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_are_those_of_their_runtimes),
		cmocka_unit_test(test_the_whole_id_is_found_too),
		cmocka_unit_test(test_a_namespace_of_containerd_is_told),
		cmocka_unit_test(test_engines_that_are_off_find_nothing),
		cmocka_unit_test(test_a_bare_id_is_that_of_whoever_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
