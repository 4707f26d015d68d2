/*
 * endpoint: which host answers for a service in a region.
 *
 * Hosts follow the rules of the official SDKs: partitions by the region's prefix, FIPS and dual-stack
 * variants, and explicit endpoints, which win. Only an explicit endpoint may be plain http.
 *
 * Threads: any; no state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum aws_service { AWS_S3, AWS_SQS, AWS_STS, AWS_SSO, AWS_N_SERVICES };

/* The name that signatures and hosts have for it: "s3". */
const char *aws_service_name(enum aws_service s);

struct aws_endpoint_options {
	const char *url[AWS_N_SERVICES]; /* explicit ones; NULL or "": none */
	bool use_fips, use_dualstack;
	bool path_style; /* buckets in the path always */
};

struct aws_endpoint {
	char scheme[6]; /* "http" or "https" */
	char host[300]; /* with ":port" when it is not the scheme's own */
	char base[512]; /* what is before the path: "" or "/bucket" or "/of/a/proxy" */
	bool is_explicit;
};

enum {
	AWS_REGION_MAX = 63,    /* a label of a host name */
	AWS_ENDPOINT_WHY = 256, /* bytes of the reason why not */
};

/* Lower-case letters, digits and '-', so that it may become part of a host name. */
bool aws_region_is_valid(const char *region);

/* Reads an URL of scheme, host, port and path; -EINVAL with the reason in @why, which names @what (where it
 * was written). */
int aws_endpoint_parse(const char *url, const char *what, struct aws_endpoint *ret,
		       char why[AWS_ENDPOINT_WHY]) __attribute__((warn_unused_result));

/* The endpoint of @s in @region; -EINVAL for a region or an explicit URL that cannot be used. */
int aws_endpoint_find(const struct aws_endpoint_options *o, enum aws_service s, const char *region,
		      struct aws_endpoint *ret, char why[AWS_ENDPOINT_WHY])
	__attribute__((warn_unused_result));

/* Makes the endpoint of S3 that of one bucket: a label in front of the host where its name and the host allow
 * that, else the first segment of the path. -EINVAL: no name of a bucket. */
int aws_endpoint_bucket(const struct aws_endpoint_options *o, const char *bucket,
			struct aws_endpoint *e, char why[AWS_ENDPOINT_WHY])
	__attribute__((warn_unused_result));

/* A host, with or without port, that is this machine. */
bool aws_host_is_loopback(const char *host);
