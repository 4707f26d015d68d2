/*
 * auditedit: an audit event with something taken out or added.
 *
 *	"requestObject", "responseObject"     taken out of an event that is too large; annotation
 *	                                      "router.audit/truncated": "true"
 *	annotation "cluster_name"             put in place of what the event has
 *
 * The rest stays as it is, byte for byte. The API server takes out the same two where it truncates.
 * Threads: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	AUDITEDIT_MAX_NAME = 253, /* bytes of a cluster's name */
	AUDITEDIT_MORE = 512,     /* bytes that the result may be longer */
};

struct auditedit {
	bool is_reduced;
	const char *cluster; /* letters, digits and -._; NULL: none */
};

/* Writes the event @event of @len bytes to @dst, which has room for AUDITEDIT_MORE bytes more than
 * that. -EBADMSG: it is no JSON object. */
int auditedit_write(const struct auditedit *e, const char *event, size_t len, char *dst,
		    size_t *ret_len) __attribute__((warn_unused_result));

/* Whether @name may be a cluster's. */
bool auditedit_is_name(const char *name, size_t len);
