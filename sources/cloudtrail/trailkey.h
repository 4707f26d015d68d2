/*
 * trailkey: what the key of an object says about it, as CloudTrail names what it delivers.
 *
 * Format: [prefix/]AWSLogs/[o-ORG/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/
 *	ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHMMZ_RANDOM.json.gz; digests lie under CloudTrail-Digest/,
 * Insights under CloudTrail-Insight/ (AWS CloudTrail user guide, "CloudTrail log file name format").
 *
 * Lifetime: what points into a key is valid as long as the key. Threads: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TRAILKEY_TIME = 13, /* bytes of a time as in a name: YYYYMMDDTHHMM */
};

enum trailkey_kind {
	TRAILKEY_LOG, /* or whatever else is named like a log */
	TRAILKEY_INSIGHT,
	TRAILKEY_DIGEST,
	TRAILKEY_OTHER, /* neither .json nor .json.gz */
};

/* Lengths are 0 where the key does not say. */
struct trailkey {
	enum trailkey_kind kind;
	const char *account, *region, *time; /* into the key; time has TRAILKEY_TIME bytes */
	size_t account_len, region_len, time_len;
};

struct trailkey trailkey_parse(const char *key);

/* Twelve digits. */
bool trailkey_is_account(const char *s, size_t len);

/* Of an organisation: "o-" and 10 to 32 letters and digits. */
bool trailkey_is_organisation(const char *s, size_t len);

/* Which objects are wanted. Lists end with NULL; NULL or empty: all. */
struct trailkey_filter {
	const char *const *accounts, *const *regions;
	char from[TRAILKEY_TIME + 1], to[TRAILKEY_TIME + 1]; /* both included; "": no bound */
	bool wants_insights;
};

/* NULL: it is wanted. Otherwise why not, for people; a constant. What a key does not say is no
 * reason. */
const char *trailkey_unwanted(const struct trailkey_filter *f, const struct trailkey *k);

/* Nanoseconds to "YYYYMMDDTHHMM", UTC. */
void trailkey_time(uint64_t ns, char ret[TRAILKEY_TIME + 1]);

/* Minutes since the epoch; 0: the key does not say, or no such time. */
uint32_t trailkey_minute(const struct trailkey *k);

/* A key as forms and lists encode it, in place: '+' is a blank, %XX a byte. %00 stays as it is: no key
 * has a NUL. */
void trailkey_decode(char *s);
