/* accounts: lines of passwd and group files below the roots of processes, as lookups. */
#include "accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FRESH_MS = 300000, FRESH_UNKNOWN_MS = 2000, PATH_LEN = 256, PARTS = 7 };

struct accounts {
	struct lookups *lookups;
	char shown[LOOKUPS_ANSWER]; /* the last answer */
};

_Static_assert(3 * ACCOUNTS_TEXT <= LOOKUPS_ANSWER, "three texts are an answer");

/* ---- lines ---- */

struct part {
	const char *p;
	size_t len;
};

/* A line at its colons: how many parts, at most PARTS (the last has the rest). */
static uint32_t split(const char *line, size_t len, struct part *ret)
{
	const char *end = line + len;
	uint32_t n = 0;

	for (;;) {
		const char *colon = n + 1 < PARTS ? memchr(line, ':', (size_t)(end - line)) : NULL;
		const char *to = colon ? colon : end;

		ret[n++] = (struct part){line, (size_t)(to - line)};
		if (!colon)
			return n;
		line = colon + 1;
	}
}

static bool is_number(const struct part *q, uint32_t id)
{
	uint64_t v = 0;

	if (!q->len || q->len > 10)
		return false;
	for (size_t i = 0; i < q->len; i++) {
		if (q->p[i] < '0' || q->p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(q->p[i] - '0');
	}
	return v == id;
}

static bool is_text(const struct part *q)
{
	for (size_t i = 0; i < q->len; i++)
		if ((unsigned char)q->p[i] < ' ' || q->p[i] == 127)
			return false;
	return q->len < ACCOUNTS_TEXT;
}

static char *put(char *to, const struct part *q)
{
	memcpy(to, q->p, q->len);
	to[q->len] = '\0';
	return to + q->len + 1;
}

/* name:password:uid:gid:who it is:home:shell, or name:password:gid:members */
static uint32_t read_line(enum account_kind kind, const char *line, size_t len, uint32_t id,
			  char *ret)
{
	const struct part none = {"", 0};
	struct part parts[PARTS];
	const uint32_t n = split(line, len, parts);
	const struct part *home = kind == ACCOUNT_USER && n > 5 ? &parts[5] : &none;
	const struct part *shell = kind == ACCOUNT_USER && n > 6 ? &parts[6] : &none;

	if (n < 3 || !parts[0].len || !is_number(&parts[2], id) || !is_text(&parts[0]) ||
	    !is_text(home) || !is_text(shell))
		return 0;
	return (uint32_t)(put(put(put(ret, &parts[0]), home), shell) - ret);
}

uint32_t accounts_read(enum account_kind kind, const char *text, size_t len, uint32_t id, char *ret)
{
	const char *end = text + len;
	uint32_t n = 0;

	while (text < end && !n) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *to = nl ? nl : end;

		n = read_line(kind, text, (size_t)(to - text), id, ret);
		text = to + (nl != NULL);
	}
	return n;
}

/* ---- files ---- */

static bool is_same_folder(const char *path, int fd)
{
	struct stat here, there;

	return stat(path, &here) == 0 && fstat(fd, &there) == 0 && here.st_dev == there.st_dev &&
	       here.st_ino == there.st_ino;
}

/* The root below which the files are that @key asks for; negative: they cannot be asked. Root with the root of
 * this machine is taken for somebody who has yet to enter a container. */
static int open_root(const char *root, const struct lookup_key *key, uint32_t id)
{
	const char *machine = *root ? root : "/";
	const bool is_host = key->len == sizeof id;
	char path[PATH_LEN];
	int fd;

	if (is_host)
		(void)snprintf(path, sizeof path, "%s", machine);
	else
		(void)snprintf(path, sizeof path, "%s/proc/%lld/root", root, (long long)key->hint);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || is_host || id != 0 || !is_same_folder(machine, fd))
		return fd;
	(void)close(fd);
	return -1;
}

/* Opened for real only once it is certain to be a plain file: to open a device or a queue may do something. */
static int open_plain(int root, const char *name, off_t *ret_size)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC,
				     .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	const int at = (int)syscall(SYS_openat2, root, name, &how, sizeof how);
	char path[PATH_LEN];
	struct stat st;
	int fd = -1;

	if (at < 0)
		return -1;
	if (fstat(at, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= ACCOUNTS_FILE) {
		(void)snprintf(path, sizeof path, "/proc/self/fd/%d", at);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		*ret_size = st.st_size;
	}
	(void)close(at);
	return fd;
}

static size_t read_all(int fd, char *to, size_t size)
{
	size_t len = 0;

	while (len < size) {
		const ssize_t n = read(fd, to + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

static uint32_t look_into(int fd, size_t size, enum account_kind kind, uint32_t id, char *ret)
{
	char *text = malloc(size ? size : 1);
	uint32_t n = 0;

	if (text)
		n = accounts_read(kind, text, read_all(fd, text, size), id, ret);
	free(text);
	return n;
}

static uint32_t ask(const void *ctx, const struct lookup_key *key, void *ret)
{
	const enum account_kind kind = (enum account_kind)key->kind;
	uint32_t id, n = 0;
	off_t size = 0;
	int root, fd;

	memcpy(&id, key->bytes, sizeof id);
	root = open_root(ctx, key, id);
	if (root < 0)
		return LOOKUPS_SAME;
	fd = open_plain(root, kind == ACCOUNT_USER ? "etc/passwd" : "etc/group", &size);
	if (fd >= 0) {
		n = look_into(fd, (size_t)size, kind, id, ret);
		(void)close(fd);
	}
	(void)close(root);
	return n;
}

/* ---- the owner ---- */

struct accounts *accounts_new(const char *root)
{
	struct accounts *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->lookups =
		lookups_new(&(const struct lookups_setup){.ctx = root,
							  .ask = ask,
							  .fresh_ms = FRESH_MS,
							  .fresh_unknown_ms = FRESH_UNKNOWN_MS});
	return a->lookups ? a : accounts_free(a);
}

struct accounts *accounts_free(struct accounts *a)
{
	if (a)
		(void)lookups_free(a->lookups);
	free(a);
	return NULL;
}

/* The key: the number, and the container behind it. */
static struct lookup_key key_of(const struct account_of *of)
{
	struct lookup_key key = {.kind = (uint8_t)of->kind, .len = LOOKUPS_KEY, .hint = of->pid};
	const size_t len = strlen(of->container);

	memcpy(key.bytes, &of->id, sizeof of->id);
	if (len < LOOKUPS_KEY - sizeof of->id) { /* a longer one is refused as such */
		memcpy(key.bytes + sizeof of->id, of->container, len);
		key.len = (uint16_t)(sizeof of->id + len);
	}
	return key;
}

bool accounts_find(struct accounts *a, const struct account_of *of, struct account *ret)
{
	const struct lookup_key key = key_of(of);
	const struct lookup *e;
	bool is_known;

	lookups_lock(a->lookups);
	e = lookups_want(a->lookups, &key);
	is_known = e && e->answer;
	if (is_known)
		memcpy(a->shown, e->answer, e->len);
	lookups_unlock(a->lookups);
	if (!is_known)
		return false;
	ret->name = a->shown;
	ret->home = ret->name + strlen(ret->name) + 1;
	ret->shell = ret->home + strlen(ret->home) + 1;
	return true;
}

void accounts_count(struct accounts *a, struct lookups_counters *ret)
{
	lookups_count(a->lookups, ret);
}
