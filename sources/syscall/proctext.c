/*
 * proctext: a cursor over bytes; a function a file.
 */
#include "proctext.h"

#include <errno.h>
#include <string.h>

struct cursor {
	const char *at, *end;
};

static struct cursor cursor_over(const char *text, size_t len)
{
	return (struct cursor){.at = text, .end = text + len};
}

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* The next line, without its newline; false at the end. */
static bool next_line(struct cursor *c, struct cursor *ret)
{
	const char *nl;

	if (!left(c))
		return false;
	nl = memchr(c->at, '\n', left(c));
	*ret = (struct cursor){.at = c->at, .end = nl ? nl : c->end};
	c->at = nl ? nl + 1 : c->end;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct cursor *c)
{
	while (left(c) && is_blank(*c->at))
		c->at++;
}

/* The next word between blanks; empty at the end. */
static struct cursor next_word(struct cursor *c)
{
	struct cursor w;

	skip_blanks(c);
	w.at = c->at;
	while (left(c) && !is_blank(*c->at))
		c->at++;
	w.end = c->at;
	return w;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* Digits of @base at the cursor, which moves past them. False when there is none, or too many. */
static bool take_number(struct cursor *c, unsigned base, uint64_t *ret)
{
	uint64_t n = 0;
	const char *begin = c->at;

	while (left(c) && (unsigned)digit(*c->at) < base) {
		if (__builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, (unsigned)digit(*c->at), &n))
			return false;
		c->at++;
	}
	if (c->at == begin)
		return false;
	*ret = n;
	return true;
}

static uint64_t word_number(struct cursor *c, unsigned base, uint64_t absent)
{
	struct cursor w = next_word(c);
	uint64_t n;

	return take_number(&w, base, &n) && !left(&w) ? n : absent;
}

/* A signed decimal word. */
static int64_t word_signed(struct cursor *c)
{
	struct cursor w = next_word(c);
	const bool minus = left(&w) && *w.at == '-';
	uint64_t n;

	w.at += minus;
	if (!take_number(&w, 10, &n) || n > INT64_MAX)
		return -1;
	return minus ? -(int64_t)n : (int64_t)n;
}

static uint32_t to_u32(uint64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* Whether the line begins with @key; the cursor is then behind it. */
static bool take_key(struct cursor *line, const char *key)
{
	const size_t n = strlen(key);

	if (left(line) < n || memcmp(line->at, key, n) != 0)
		return false;
	line->at += n;
	return true;
}

/* ---- stat ---- */

/* The name may have any byte in it, parentheses too: it ends at the last one. */
static bool take_comm(struct cursor *c, struct proctext_stat *ret)
{
	const char *open = memchr(c->at, '(', left(c));
	const char *close = open ? memrchr(open, ')', (size_t)(c->end - open)) : NULL;
	size_t n;

	if (!close)
		return false;
	n = (size_t)(close - open - 1);
	if (n > sizeof ret->comm)
		n = sizeof ret->comm;
	memcpy(ret->comm, open + 1, n);
	ret->comm_len = n;
	c->at = close + 1;
	return true;
}

int proctext_stat(const char *text, size_t len, struct proctext_stat *ret)
{
	struct cursor c, word;

	while (len && (text[len - 1] == '\n' || text[len - 1] == '\0'))
		len--;
	c = cursor_over(text, len);
	*ret = (struct proctext_stat){.comm_len = 0};
	if (!take_comm(&c, ret))
		return -EBADMSG;
	word = next_word(&c);
	ret->has_ended = left(&word) && (*word.at == 'Z' || *word.at == 'X');
	ret->ppid = word_signed(&c);
	ret->pgid = word_signed(&c);
	ret->sid = word_signed(&c);
	ret->tty = (uint32_t)word_signed(&c);
	(void)next_word(&c); /* tpgid */
	(void)next_word(&c); /* flags */
	ret->minflt = word_number(&c, 10, 0);
	(void)next_word(&c); /* of children */
	ret->majflt = word_number(&c, 10, 0);
	/* cmajflt utime stime cutime cstime priority nice */
	for (int i = 0; i < 7; i++)
		(void)next_word(&c);
	ret->n_threads = (uint32_t)word_number(&c, 10, 0);
	(void)next_word(&c); /* itrealvalue */
	skip_blanks(&c);
	if (!left(&c))
		return -EBADMSG;
	ret->start_ticks = word_number(&c, 10, 0);
	return 0;
}

/* ---- status ---- */

/* The last of the numbers on a line: one per pid namespace, from the outermost. */
static int64_t last_number(struct cursor *line, uint32_t *ret_n)
{
	int64_t last = -1;

	*ret_n = 0;
	for (skip_blanks(line); left(line); skip_blanks(line)) {
		last = word_signed(line);
		(*ret_n)++;
	}
	return last;
}

/* "Uid: real effective saved fs" */
static uint32_t effective(struct cursor *line)
{
	(void)next_word(line);
	return to_u32(word_number(line, 10, UINT32_MAX));
}

static uint32_t kilobytes(struct cursor *line)
{
	return to_u32(word_number(line, 10, 0));
}

static void status_line(struct cursor *line, struct proctext_status *ret)
{
	uint32_t n;

	if (take_key(line, "Tgid:"))
		ret->tgid = word_signed(line);
	else if (take_key(line, "Uid:"))
		ret->uid = effective(line);
	else if (take_key(line, "Gid:"))
		ret->gid = effective(line);
	else if (take_key(line, "NStgid:"))
		ret->vtgid = last_number(line, &n);
	else if (take_key(line, "NSpid:"))
		ret->vtid = last_number(line, &ret->n_pid_ns);
	else if (take_key(line, "NSpgid:"))
		ret->vpgid = last_number(line, &n);
	else if (take_key(line, "VmSize:"))
		ret->vmsize_kb = kilobytes(line);
	else if (take_key(line, "VmRSS:"))
		ret->vmrss_kb = kilobytes(line);
	else if (take_key(line, "VmSwap:"))
		ret->vmswap_kb = kilobytes(line);
	else if (take_key(line, "CapInh:"))
		ret->cap_inheritable = word_number(line, 16, 0);
	else if (take_key(line, "CapPrm:"))
		ret->cap_permitted = word_number(line, 16, 0);
	else if (take_key(line, "CapEff:"))
		ret->cap_effective = word_number(line, 16, 0);
}

void proctext_status(const char *text, size_t len, struct proctext_status *ret)
{
	struct cursor c = cursor_over(text, len), line;

	*ret = (struct proctext_status){.tgid = -1, .vtid = -1, .vtgid = -1, .vpgid = -1};
	while (next_line(&c, &line))
		status_line(&line, ret);
}

/* ---- small ones ---- */

uint64_t proctext_limit_files(const char *text, size_t len)
{
	struct cursor c = cursor_over(text, len), line, w;
	uint64_t n = 0;

	while (next_line(&c, &line)) {
		if (!take_key(&line, "Max open files"))
			continue;
		w = next_word(&line);
		if (take_key(&w, "unlimited"))
			return UINT64_MAX;
		return take_number(&w, 10, &n) ? n : 0;
	}
	return 0;
}

uint64_t proctext_number(const char *text, size_t len, uint64_t absent)
{
	struct cursor c;
	uint64_t n;

	while (len && (text[len - 1] == '\n' || is_blank(text[len - 1])))
		len--;
	c = cursor_over(text, len);
	n = word_number(&c, 10, absent);
	return left(&c) ? absent : n;
}

uint32_t proctext_open_flags(const char *text, size_t len)
{
	struct cursor c = cursor_over(text, len), line;

	while (next_line(&c, &line))
		if (take_key(&line, "flags:"))
			return to_u32(word_number(&line, 8, 0));
	return 0;
}

uint64_t proctext_link_ino(const char *link, size_t len, const char *kind)
{
	struct cursor c = cursor_over(link, len);
	uint64_t n;

	if (!take_key(&c, kind) || !take_key(&c, ":[") || !take_number(&c, 10, &n))
		return 0;
	return left(&c) == 1 && *c.at == ']' ? n : 0;
}

/* ---- lists ---- */

struct list {
	char *out;
	size_t len, cap;
	uint32_t left_out;
};

static void list_add(struct list *l, struct cursor key, struct cursor value)
{
	const size_t n = left(&key) + 1 + left(&value) + 1;

	if (n > l->cap - l->len) {
		l->left_out++;
		return;
	}
	memcpy(l->out + l->len, key.at, left(&key));
	l->len += left(&key);
	l->out[l->len++] = '=';
	memcpy(l->out + l->len, value.at, left(&value));
	l->len += left(&value);
	l->out[l->len++] = '\0';
}

/* "ID:controller,controller:path" */
static void cgroup_line(struct list *l, struct cursor line)
{
	static const char *const unified[] = {"cpuset", "cpu", "cpuacct", "io", "memory"};
	const char *first = memchr(line.at, ':', left(&line));
	const char *second = first ? memchr(first + 1, ':', (size_t)(line.end - first - 1)) : NULL;
	struct cursor key, path;

	if (!second)
		return;
	path = (struct cursor){.at = second + 1, .end = line.end};
	for (size_t i = 0; second == first + 1 && i < sizeof unified / sizeof *unified; i++)
		list_add(l, cursor_over(unified[i], strlen(unified[i])), path);
	for (key.at = first + 1; key.at < second; key.at = key.end + 1) {
		const char *comma = memchr(key.at, ',', (size_t)(second - key.at));

		key.end = comma ? comma : second;
		if (left(&key))
			list_add(l, key, path);
	}
}

size_t proctext_cgroups(const char *text, size_t len, char *out, size_t cap, uint32_t *ret_left_out)
{
	struct list l = {.out = out, .cap = cap};
	struct cursor c = cursor_over(text, len), line;

	while (next_line(&c, &line))
		cgroup_line(&l, line);
	*ret_left_out = l.left_out;
	return l.len;
}

size_t proctext_list_cut(const char *list, size_t len, size_t cap, bool *ret_cut)
{
	const char *nul;

	*ret_cut = len > cap;
	if (len <= cap)
		return len;
	nul = memrchr(list, '\0', cap);
	return nul ? (size_t)(nul + 1 - list) : cap;
}

/* ---- sockets ---- */

/* Words of 32 bits in hexadecimal, each as the machine holds it in memory. */
static bool take_address(struct cursor *w, size_t n_words, uint8_t *ret)
{
	for (size_t i = 0; i < n_words; i++) {
		struct cursor part;
		uint64_t n;
		uint32_t word;

		if (left(w) < 8)
			return false;
		part = cursor_over(w->at, 8);
		if (!take_number(&part, 16, &n) || left(&part))
			return false;
		word = (uint32_t)n;
		memcpy(ret + 4 * i, &word, sizeof word);
		w->at += 8;
	}
	return true;
}

static bool take_end(struct cursor *c, size_t n_words, uint8_t *ret_addr, uint16_t *ret_port)
{
	struct cursor w = next_word(c);
	uint64_t port;

	if (!take_address(&w, n_words, ret_addr) || !take_key(&w, ":") ||
	    !take_number(&w, 16, &port) || port > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

/* sl local remote st tx:rx tr:tm->when retrnsmt uid timeout inode */
static int inet_line(struct cursor *c, size_t n_words, struct proctext_sock *ret)
{
	struct cursor first = next_word(c);
	uint64_t n;

	if (!take_number(&first, 10, &n) || !take_end(c, n_words, ret->saddr, &ret->sport) ||
	    !take_end(c, n_words, ret->daddr, &ret->dport))
		return -EBADMSG;
	ret->state = (uint8_t)word_number(c, 16, 0);
	for (int i = 0; i < 5; i++)
		(void)next_word(c);
	ret->ino = word_number(c, 10, 0);
	return ret->ino ? 0 : -EBADMSG;
}

/* address: references protocol flags type state inode path */
static int unix_line(struct cursor *c, struct proctext_sock *ret)
{
	struct cursor first = next_word(c);

	if (!take_number(&first, 16, &ret->address) || !take_key(&first, ":"))
		return -EBADMSG;
	for (int i = 0; i < 4; i++)
		(void)next_word(c);
	ret->state = (uint8_t)word_number(c, 16, 0);
	ret->ino = word_number(c, 10, 0);
	skip_blanks(c);
	ret->path = c->at;
	ret->path_len = left(c);
	return ret->ino ? 0 : -EBADMSG;
}

/* address protocol pid groups rmem wmem dump locks drops inode */
static int netlink_line(struct cursor *c, struct proctext_sock *ret)
{
	ret->address = word_number(c, 16, UINT64_MAX);
	if (ret->address == UINT64_MAX)
		return -EBADMSG;
	for (int i = 0; i < 8; i++)
		(void)next_word(c);
	ret->ino = word_number(c, 10, 0);
	return ret->ino ? 0 : -EBADMSG;
}

int proctext_sock(enum proctext_sock_family family, const char *line, size_t len,
		  struct proctext_sock *ret)
{
	struct cursor c = cursor_over(line, len);

	*ret = (struct proctext_sock){.path = ""};
	switch (family) {
	case PROCTEXT_INET:
		return inet_line(&c, 1, ret);
	case PROCTEXT_INET6:
		return inet_line(&c, 4, ret);
	case PROCTEXT_UNIX:
		return unix_line(&c, ret);
	default:
		return netlink_line(&c, ret);
	}
}
