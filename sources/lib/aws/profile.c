#include "profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ini.h"
#include "text.h"

enum { CONFIG, CREDENTIALS, FILES };

struct value {
	enum aws_section kind;
	int file;
	unsigned line;
	bool is_plain; /* [default] in the config, which [profile default] hides */
	char *name, *key, *text;
};

struct aws_profiles {
	char *path[FILES];
	bool is_trusted[FILES];
	struct value *values;
	size_t n, cap;
	int at; /* the file being read */
};

/* ---- files ---- */

static int read_all(int fd, size_t max, char **ret, size_t *ret_len)
{
	char *p = malloc(max + 1);
	size_t len = 0;
	ssize_t n = 1;

	if (!p)
		return -ENOMEM;
	while (n > 0 && len <= max) {
		n = read(fd, p + len, max + 1 - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	if (n < 0 || len > max) {
		const int r = n < 0 ? -errno : -E2BIG;

		explicit_bzero(p, max + 1);
		free(p);
		return r;
	}
	p[len] = '\0';
	*ret = p;
	*ret_len = len;
	return 0;
}

int aws_read_file(const char *path, size_t max, char **ret, size_t *ret_len, bool *ret_is_trusted)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = -EISDIR;
	else
		r = read_all(fd, max, ret, ret_len);
	if (r == 0 && ret_is_trusted)
		*ret_is_trusted = (st.st_uid == 0 || st.st_uid == geteuid()) &&
				  (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
	(void)close(fd);
	return r;
}

/* ---- sections ---- */

/* "profile x", 'profile "x y"', "sso-session x": what is behind the word, or NULL. */
static char *behind(char *section, const char *word)
{
	const size_t n = strlen(word);
	char *s = section + n;
	size_t len;

	if (strncmp(section, word, n) != 0 || (*s != ' ' && *s != '\t'))
		return NULL;
	s += strspn(s, " \t");
	len = strlen(s);
	if (len > 1 && (*s == '"' || *s == '\'') && s[len - 1] == *s) {
		s[len - 1] = '\0';
		s++;
	}
	return s;
}

static int add_value(struct aws_profiles *ps, const struct value *v)
{
	if (ps->n == AWS_PROFILE_VALUES)
		return -E2BIG;
	if (ps->n == ps->cap) {
		const size_t cap = ps->cap ? ps->cap * 2 : 64;
		struct value *more = realloc(ps->values, cap * sizeof *more);

		if (!more)
			return -ENOMEM;
		ps->values = more;
		ps->cap = cap;
	}
	ps->values[ps->n++] = *v;
	return 0;
}

static void clear_value(struct value *v)
{
	aws_wipe(v->name);
	aws_wipe(v->key);
	aws_wipe(v->text);
}

static int on_value(void *arg, const char *section, const char *key, const char *text,
		    unsigned line)
{
	struct aws_profiles *ps = arg;
	struct value v = {.kind = AWS_PROFILE, .file = ps->at, .line = line};
	char copy[256];
	const char *name = copy;
	int r;

	(void)aws_copy(copy, sizeof copy, section, strlen(section));
	if (ps->at == CONFIG && strcmp(section, "default") == 0) {
		v.is_plain = true;
	} else if (ps->at == CONFIG) {
		name = behind(copy, "profile");
		if (!name) {
			name = behind(copy, "sso-session");
			v.kind = AWS_SSO_SESSION;
		}
	}
	if (!name || !*text) /* [services x] and others are not asked for; empty is not set */
		return 0;
	v.name = aws_dup(name);
	v.key = aws_dup(key);
	v.text = aws_dup(text);
	r = v.name && v.key && v.text ? add_value(ps, &v) : -ENOMEM;
	if (r)
		clear_value(&v);
	return r;
}

/* ---- load ---- */

static char *path_of(const char *given, const char *variable, const char *name)
{
	const char *home = getenv("HOME");
	struct aws_text t = {0};

	if (!given)
		given = getenv(variable);
	if (given && given[0] == '~' && given[1] == '/' && home) {
		aws_text_puts(&t, home);
		aws_text_puts(&t, given + 1);
		return t.p;
	}
	if (given && *given)
		return aws_dup(given);
	aws_text_puts(&t, home ? home : "");
	aws_text_puts(&t, "/.aws/");
	aws_text_puts(&t, name);
	return t.p;
}

static int load_file(struct aws_profiles *ps, int which, bool is_given, char *err, size_t err_size)
{
	const char *path = ps->path[which];
	struct aws_ini_stop stop;
	char *text = NULL;
	size_t len = 0;
	int r = aws_read_file(path, AWS_INI_BYTES, &text, &len, &ps->is_trusted[which]);

	if (r) {
		if (!is_given && (r == -ENOENT || r == -ENOTDIR || r == -EACCES))
			return 0;
		(void)snprintf(err, err_size, "'%s': %s", path,
			       r == -E2BIG ? "more than 1 MiB" : strerror(-r));
		return r;
	}
	ps->at = which;
	r = aws_ini_read(text, len, on_value, ps, &stop);
	aws_wipe(text);
	if (r == -E2BIG && !*stop.why)
		stop.why = "more than 20,000 values";
	if (r)
		(void)snprintf(err, err_size, "%s:%u: %s", path, stop.line,
			       *stop.why ? stop.why : strerror(-r));
	return r;
}

int aws_profiles_load(const char *config, const char *credentials, struct aws_profiles **ret,
		      char *err, size_t err_size)
{
	static const char *const variables[] = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"};
	static const char *const names[] = {"config", "credentials"};
	const char *const given[] = {config, credentials};
	struct aws_profiles *ps = calloc(1, sizeof *ps);
	int r = ps ? 0 : -ENOMEM;

	for (int i = 0; i < FILES && r == 0; i++) {
		ps->path[i] = path_of(given[i], variables[i], names[i]);
		r = ps->path[i] ? load_file(ps, i, given[i] != NULL, err, err_size) : -ENOMEM;
	}
	if (r == -ENOMEM)
		(void)snprintf(err, err_size, "no memory");
	if (r)
		aws_profiles_free(ps);
	else
		*ret = ps;
	return r;
}

struct aws_profiles *aws_profiles_free(struct aws_profiles *ps)
{
	if (!ps)
		return NULL;
	for (size_t i = 0; i < ps->n; i++)
		clear_value(&ps->values[i]);
	free(ps->values);
	for (int i = 0; i < FILES; i++)
		aws_wipe(ps->path[i]);
	free(ps);
	return NULL;
}

/* ---- questions ---- */

bool aws_profile_exists(const struct aws_profiles *ps, const char *name)
{
	for (size_t i = 0; i < ps->n; i++) {
		if (ps->values[i].kind == AWS_PROFILE && strcmp(ps->values[i].name, name) == 0)
			return true;
	}
	return false;
}

/* The later line of a file wins, [profile default] over [default], the file of credentials over the other. */
static bool wins(const struct value *v, const struct value *over)
{
	if (!over || v->file != over->file)
		return !over || v->file > over->file;
	return !v->is_plain || over->is_plain;
}

bool aws_profile_get(const struct aws_profiles *ps, enum aws_section kind, const char *name,
		     const char *key, struct aws_value *ret)
{
	const struct value *best = NULL;

	for (size_t i = 0; i < ps->n; i++) {
		const struct value *v = &ps->values[i];

		if (v->kind == kind && strcmp(v->key, key) == 0 && strcmp(v->name, name) == 0 &&
		    wins(v, best))
			best = v;
	}
	if (!best)
		return false;
	*ret = (struct aws_value){.text = best->text,
				  .file = ps->path[best->file],
				  .line = best->line,
				  .is_trusted = ps->is_trusted[best->file]};
	return true;
}

const char *aws_profiles_config(const struct aws_profiles *ps)
{
	return ps->path[CONFIG];
}

const char *aws_profiles_credentials(const struct aws_profiles *ps)
{
	return ps->path[CREDENTIALS];
}
