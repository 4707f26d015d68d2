/*
 * profile: what ~/.aws/config and ~/.aws/credentials say, both as one.
 *
 * A profile may stand in both files; a key of the file of credentials wins. Values keep the place they were
 * written at, for errors.
 *
 * Lifetime: aws_profiles_load() to aws_profiles_free(); texts are valid as long. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct aws_profiles;

enum { AWS_PROFILE_VALUES = 20000 }; /* in both files */

enum aws_section { AWS_PROFILE, AWS_SSO_SESSION };

struct aws_value {
	const char *text;
	const char *file;
	unsigned line;
	/* The file can be written by its owner alone, who is root or this process's user: it may say what to run. */
	bool is_trusted;
};

/*
 * Reads the two files: those that are given, those of AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or those in
 * ~/.aws, which need not be there. A negative errno with "FILE:LINE: what is wrong" in @err.
 */
int aws_profiles_load(const char *config, const char *credentials, struct aws_profiles **ret,
		      char *err, size_t err_size) __attribute__((warn_unused_result));
struct aws_profiles *aws_profiles_free(struct aws_profiles *ps); /* takes NULL, returns NULL */

bool aws_profile_exists(const struct aws_profiles *ps, const char *name);

/* The value of @key, never empty; false when there is none. */
bool aws_profile_get(const struct aws_profiles *ps, enum aws_section kind, const char *name,
		     const char *key, struct aws_value *ret);

/* The files that were looked for, for errors: "~/.aws/config" or what was given. */
const char *aws_profiles_config(const struct aws_profiles *ps);
const char *aws_profiles_credentials(const struct aws_profiles *ps);

/* Reads a small file whole into a string for aws_wipe(); a negative errno, -E2BIG over @max bytes. */
int aws_read_file(const char *path, size_t max, char **ret, size_t *ret_len, bool *ret_is_trusted)
	__attribute__((warn_unused_result));
