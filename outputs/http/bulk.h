/*
 * bulk: the answer of Elasticsearch's and OpenSearch's POST /_bulk, which says for each document how
 * it went, in the order of the request:
 *
 *	{"errors":true,"items":[{"create":{"status":201,...}},{"create":{"status":429,...}}]}
 *
 * Threads: pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Fills @statuses[@n] with the HTTP status of each document. 0; -EBADMSG when the text is not such
 * an answer, or not for @n documents; then nothing in it is to be used. */
int bulk_read(const char *text, size_t len, uint16_t *statuses, uint32_t n);
