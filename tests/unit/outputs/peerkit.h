/*
 * peerkit: starts peers written in Python, and makes certificates with the command line of openssl.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outkit.h"

extern char **environ;

struct peer {
	pid_t pid;
	int port; /* its own until the test ends, so that another may be started there */
	char log[256];
};

/* Runs a program with its standard output in a pipe, whose other end is *ret_out. */
static pid_t peer_spawn(const char *const *argv, int *ret_out)
{
	posix_spawn_file_actions_t files;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, 02000000), 0); /* O_CLOEXEC */
	assert_int_equal(posix_spawn_file_actions_init(&files), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&files, ends[1], 1), 0);
	assert_int_equal(posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)argv, environ),
			 0);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)close(ends[1]);
	*ret_out = ends[0];
	return pid;
}

/* Binds it as the peer does and never listens: nobody else gets it when the peer is gone. */
static void peer_keep_port(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
}

/* Starts a script beside this file with up to 14 words of arguments, blanks between them. */
static struct peer peer_start_script(const char *name, const char *words)
{
	char script[PATH_MAX];
	static unsigned n_peers;
	struct peer p;
	char copy[1024], text[16] = "", *save;
	const char *argv[18] = {"python3", script, p.log};
	int n = 3, out;

	(void)snprintf(script, sizeof script, "%s/tests/unit/outputs/%s", SOURCE_DIR, name);
	(void)snprintf(p.log, sizeof p.log, "%s/log%u", outkit_dir(), n_peers++);
	(void)snprintf(copy, sizeof copy, "%s", words);
	for (char *w = strtok_r(copy, " ", &save); w && n < 17; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	p.pid = peer_spawn(argv, &out);
	for (size_t have = 0; !strchr(text, '\n');) {
		const ssize_t got = read(out, text + have, sizeof text - 1 - have);

		if (got <= 0)
			fail_msg("the peer did not start: %s", words);
		have += (size_t)got;
	}
	(void)close(out);
	p.port = (int)strtol(text, NULL, 10);
	peer_keep_port(p.port);
	return p;
}

static struct peer __attribute__((unused)) peer_start(const char *words)
{
	return peer_start_script("peer.py", words);
}

static void peer_stop(struct peer *p)
{
	(void)kill(p->pid, SIGKILL);
	(void)waitpid(p->pid, NULL, 0);
}

/* How many requests it saw whose line in the log has @text. */
static unsigned __attribute__((unused)) peer_count(const struct peer *p, const char *text)
{
	char *log = outkit_read(p->log);
	unsigned n = 0;

	for (char *save, *line = strtok_r(log, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		n += strstr(line, text) != NULL;
	free(log);
	return n;
}

/* Waits until it has seen them; never more. */
static void __attribute__((unused)) peer_await(const struct peer *p, const char *text, unsigned n)
{
	unsigned have;

	for (int tries = 0; (have = peer_count(p, text)) < n; tries++)
		assert_true(tries < 30000 && poll(NULL, 0, 10) == 0);
	assert_int_equal(have, n);
}

/* Runs a shell line and expects it to succeed. */
static void peer_shell(const char *line)
{
	const char *const argv[] = {"/bin/sh", "-ec", line, NULL};
	int out, status;
	const pid_t pid = peer_spawn(argv, &out);

	(void)close(out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("%s: status %d", line, status);
}

/*
 * In the folder of the test: ca.pem, and signed by it good, wrong (another name), expired and client,
 * each NAME.pem and NAME.key.
 */
static void peer_make_certificates(void)
{
	char line[2048];
	static bool is_made;

	if (is_made)
		return;
	is_made = true;
	(void)snprintf(
		line, sizeof line,
		"cd %s; exec 2>/dev/null; new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 "
		"-nodes'; "
		"openssl req -x509 $new -subj /CN=ca -days 2 -keyout ca.key -out ca.pem; "
		"make() { echo \"subjectAltName=$2\" > ext; "
		"openssl req $new -subj /CN=$1 -keyout $1.key -out req; "
		"openssl x509 -req -in req -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext "
		"-days $3 -out $1.pem; }; "
		"make good IP:127.0.0.1,DNS:localhost 2; make wrong DNS:elsewhere.example 2; "
		"make expired IP:127.0.0.1 -1; make client DNS:client 2",
		outkit_dir());
	peer_shell(line);
}
