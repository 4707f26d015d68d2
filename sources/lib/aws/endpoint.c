#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char *const names[AWS_N_SERVICES] = {
	[AWS_S3] = "s3", [AWS_SQS] = "sqs", [AWS_STS] = "sts", [AWS_SSO] = "portal.sso"};

const char *aws_service_name(enum aws_service s)
{
	return s == AWS_SSO ? "sso" : names[s];
}

/* Source: the partitions of the official SDKs' endpoint rules; the last one takes all others. */
static const struct partition {
	const char *prefix, *suffix, *dualstack;
	bool no_fips_s3, plain_fips;
} partitions[] = {
	{"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", true, false},
	{"us-gov-", "amazonaws.com", "api.aws", false, true},
	{"us-iso-", "c2s.ic.gov", NULL, false, false},
	{"us-isob-", "sc2s.sgov.gov", NULL, false, false},
	{"", "amazonaws.com", "api.aws", false, false},
};

static const struct partition *partition_of(const char *region)
{
	size_t i = 0;

	while (strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)) != 0)
		i++;
	return &partitions[i];
}

bool aws_region_is_valid(const char *region)
{
	const size_t len = strlen(region);

	return len > 0 && len <= AWS_REGION_MAX && region[0] != '-' &&
	       strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* ---- explicit ones ---- */

static int refuse(char *why, const char *what, const char *url, const char *wrong)
{
	(void)snprintf(why, AWS_ENDPOINT_WHY, "%s: '%.150s': %s", what, url, wrong);
	return -EINVAL;
}

static size_t name_len(const char *host)
{
	return host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
}

/* ":PORT" of so many bytes */
static bool port_is_fine(const char *text, size_t len)
{
	unsigned port = 0;

	for (size_t i = 1; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || port > 65535)
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return text[0] == ':' && port > 0 && port <= 65535;
}

static bool host_is_fine(const char *host, size_t len)
{
	size_t name = name_len(host);

	if (name > len && host[0] == '[')
		return false;
	if (name > len)
		name = len; /* a colon in the path */
	for (size_t i = 0; i < len; i++) {
		if (host[i] <= ' ' || host[i] == 127 || strchr("?#@\\%\"<>`^{|}", host[i]))
			return false;
	}
	return name > 0 && (name == len || port_is_fine(host + name, len - name));
}

static bool path_is_fine(const char *path)
{
	for (; *path; path++) {
		if (*path <= ' ' || *path == 127 || *path == '?' || *path == '#')
			return false;
	}
	return true;
}

int aws_endpoint_parse(const char *url, const char *what, struct aws_endpoint *ret,
		       char why[AWS_ENDPOINT_WHY])
{
	const bool is_http = strncmp(url, "http://", 7) == 0;
	struct aws_endpoint e = {.is_explicit = true};
	const char *host = url + (is_http ? 7 : 8), *own_port = is_http ? ":80" : ":443";
	size_t len, path_len;

	if (!is_http && strncmp(url, "https://", 8) != 0)
		return refuse(why, what, url, "want https://HOST[:PORT] or http://");
	len = strcspn(host, "/");
	if (!host_is_fine(host, len) || !path_is_fine(host + len))
		return refuse(why, what, url, "not a host and a path");
	path_len = strlen(host + len);
	while (path_len && host[len + path_len - 1] == '/')
		path_len--;
	(void)aws_copy(e.scheme, sizeof e.scheme, is_http ? "http" : "https", is_http ? 4 : 5);
	if (!aws_copy(e.base, sizeof e.base, host + len, path_len) ||
	    !aws_copy(e.host, sizeof e.host, host, len))
		return refuse(why, what, url, "too long");
	if (len > strlen(own_port) && strcmp(e.host + len - strlen(own_port), own_port) == 0)
		e.host[len - strlen(own_port)] = '\0'; /* as it is in the header */
	*ret = e;
	return 0;
}

/* ---- by the rules ---- */

static void write_host(const struct aws_endpoint_options *o, enum aws_service s, const char *region,
		       struct aws_endpoint *ret)
{
	const struct partition *p = partition_of(region);
	const bool is_fips = o->use_fips && (s != AWS_S3 || !p->no_fips_s3);
	const bool is_dual = o->use_dualstack && p->dualstack;
	const bool says_fips = is_fips && (s == AWS_S3 || is_dual || !p->plain_fips);

	*ret = (struct aws_endpoint){.scheme = "https"};
	(void)snprintf(ret->host, sizeof ret->host, "%s%s%s.%s.%s", names[s],
		       says_fips ? "-fips" : "", s == AWS_S3 && is_dual ? ".dualstack" : "", region,
		       s != AWS_S3 && is_dual ? p->dualstack : p->suffix);
}

int aws_endpoint_find(const struct aws_endpoint_options *o, enum aws_service s, const char *region,
		      struct aws_endpoint *ret, char why[AWS_ENDPOINT_WHY])
{
	char what[32];

	if (o->url[s] && *o->url[s]) {
		(void)snprintf(what, sizeof what, "endpoint of %s", aws_service_name(s));
		return aws_endpoint_parse(o->url[s], what, ret, why);
	}
	if (!aws_region_is_valid(region))
		return refuse(why, "region", region,
			      "want small letters, digits and '-', as in eu-west-1");
	write_host(o, s, region, ret);
	return 0;
}

/* ---- buckets ---- */

static bool is_address(const char *host)
{
	unsigned char bytes[16];
	char name[64];

	return host[0] == '[' || (aws_copy(name, sizeof name, host, name_len(host)) &&
				  inet_pton(AF_INET, name, bytes) == 1);
}

bool aws_host_is_loopback(const char *host)
{
	const size_t len = name_len(host);
	char name[64];

	if (!aws_copy(name, sizeof name, host, len))
		return false;
	return strcmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
	       (strncmp(name, "127.", 4) == 0 && is_address(host));
}

/* Source: "General purpose bucket naming rules"; old ones in us-east-1 may have capitals and '_'. */
static bool bucket_is_valid(const char *b)
{
	const size_t len = strlen(b);

	return len >= 3 && len <= 255 && b[0] != '.' && !strstr(b, "..") &&
	       strspn(b, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
		       len;
}

static bool is_label(const char *b)
{
	const size_t len = strlen(b);

	return len <= 63 && b[0] != '-' && b[len - 1] != '-' &&
	       strspn(b, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

int aws_endpoint_bucket(const struct aws_endpoint_options *o, const char *bucket,
			struct aws_endpoint *e, char why[AWS_ENDPOINT_WHY])
{
	struct aws_endpoint was = *e;
	bool in_path;
	int n;

	if (!bucket_is_valid(bucket))
		return refuse(why, "bucket", bucket, "not the name of a bucket");
	in_path = o->path_style || !is_label(bucket) || is_address(e->host) ||
		  aws_host_is_loopback(e->host);
	if (in_path)
		n = snprintf(e->base, sizeof e->base, "%s/%s", was.base, bucket);
	else
		n = snprintf(e->host, sizeof e->host, "%s.%s", bucket, was.host);
	if (n < 0 || (size_t)n >= (in_path ? sizeof e->base : sizeof e->host))
		return refuse(why, "bucket", bucket, "too long for its endpoint");
	return 0;
}
