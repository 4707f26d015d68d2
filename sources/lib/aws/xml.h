/*
 * xml: the answers of S3 and STS, as a list of elements with their places.
 *
 * Services answer with small documents without attributes that matter. A reader is told of every element at its
 * end, with the names on the way to it and its text: "ListBucketResult/Contents/Key". An element that has
 * others inside comes after them, so the end of ".../Contents" is the end of a record.
 *
 * Bounds: a document type or an entity of its own is refused (nothing expands), AWS_XML_DEPTH, AWS_XML_PATH,
 * AWS_XML_TEXT bytes of text an element.
 *
 * Threads: any; no state.
 */
#pragma once

#include <stddef.h>

enum { AWS_XML_DEPTH = 16, AWS_XML_PATH = 512, AWS_XML_TEXT = 64 << 10 };

/* The end of an element: @text has @len bytes and a NUL behind them, without what lies in elements inside. Not 0: stop. */
typedef int (*aws_xml_fn)(void *arg, const char *path, const char *text, size_t len);

/* 0; what on_end answered; -EINVAL: no XML, or not such a document; -E2BIG: over a bound; -ENOMEM. */
int aws_xml_read(const char *p, size_t len, aws_xml_fn on_end, void *arg)
	__attribute__((warn_unused_result));
