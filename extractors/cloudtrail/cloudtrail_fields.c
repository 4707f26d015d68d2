/*
 * cloudtrail_fields: what can be asked of an AWS CloudTrail record.
 *
 * Most fields are one member of the record; a row with a pointer is all they need. Such a field is
 * text: a member of another type answers with empty text, as rules written for this source know it.
 * Fields with logic have a function each, below.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <gyr/json_fields.h>

enum path {
	P_SOURCE,
	P_NAME,
	P_ERROR,
	P_SRCIP,
	P_READONLY,
	P_RECIPIENT,
	P_USER_TYPE,
	P_USER_NAME,
	P_USER_INVOKED_BY,
	P_USER_ISSUER,
	P_USER_ACCOUNT,
	P_USER_ARN,
	P_USER_PRINCIPAL,
	P_BUCKET,
	P_KEY,
	P_HOST,
	P_BYTES_IN,
	P_BYTES_OUT,
	P_RESOURCES,
	P_TAGS,
	P_INSTANCES,
	P_IMAGE,
	P_IMAGE_FAST,
	P_IMAGE_LAUNCH,
	P_BLOCK,
	N_PATHS,
};

static const char *const paths[N_PATHS] = {
	[P_SOURCE] = "/eventSource",
	[P_NAME] = "/eventName",
	[P_ERROR] = "/errorCode",
	[P_SRCIP] = "/sourceIPAddress",
	[P_READONLY] = "/readOnly",
	[P_RECIPIENT] = "/recipientAccountId",
	[P_USER_TYPE] = "/userIdentity/type",
	[P_USER_NAME] = "/userIdentity/userName",
	[P_USER_INVOKED_BY] = "/userIdentity/invokedBy",
	[P_USER_ISSUER] = "/userIdentity/sessionContext/sessionIssuer/userName",
	[P_USER_ACCOUNT] = "/userIdentity/accountId",
	[P_USER_ARN] = "/userIdentity/arn",
	[P_USER_PRINCIPAL] = "/userIdentity/principalId",
	[P_BUCKET] = "/requestParameters/bucketName",
	[P_KEY] = "/requestParameters/key",
	[P_HOST] = "/requestParameters/Host",
	[P_BYTES_IN] = "/additionalEventData/bytesTransferredIn",
	[P_BYTES_OUT] = "/additionalEventData/bytesTransferredOut",
	[P_RESOURCES] = "/resources",
	[P_TAGS] = "/requestParameters/tagSpecificationSet/items",
	[P_INSTANCES] = "/responseElements/instancesSet/items",
	[P_IMAGE] = "/requestParameters/imageId",
	[P_IMAGE_FAST] = "/requestParameters/DescribeFastLaunchImagesRequest/ImageId/content",
	[P_IMAGE_LAUNCH] = "/requestParameters/launchSpecification/imageId",
	[P_BLOCK] = "/requestParameters/PublicAccessBlockConfiguration",
};

#define TEXT(s) (s), sizeof(s) - 1

/* Reads a string member. -ENODATA when it is missing or something else. */
static int get_text(struct gyr_jf *x, enum path path, struct gyr_json *ret)
{
	struct gyr_json v;
	int r = gyr_jf_get(x, path, &v);

	if (r)
		return r;
	if (v.type != GYR_JSON_STRING)
		return -ENODATA;
	*ret = v;
	return 0;
}

static bool is_text(const struct gyr_json *v, const char *text)
{
	return gyr_json_equals(v, text, strlen(text));
}

/* ---- generic rows ---- */

/* A member that is text. */
static int ct_text(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json v;
	int r = gyr_jf_value(x, f, &v);

	if (r || v.type == GYR_JSON_ABSENT)
		return r;
	return v.type == GYR_JSON_STRING ? gyr_jf_add_json(x, &v) : gyr_jf_add(x, "", 0);
}

/* A member as JSON, whatever it is. */
static int ct_json(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json v;
	int r = gyr_jf_value(x, f, &v);

	return r ? r : gyr_jf_add_json(x, &v);
}

/* A truth: text "true" for JSON true, "false" for anything else that is there. */
static int ct_bool(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json v;
	int r = gyr_jf_value(x, f, &v);

	if (r || v.type == GYR_JSON_ABSENT)
		return r;
	return v.type == GYR_JSON_TRUE ? gyr_jf_add(x, TEXT("true")) : gyr_jf_add(x, TEXT("false"));
}

/* Known by name, and never there. */
static int ct_never(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	(void)x;
	(void)f;
	return -ENODATA;
}

/* ---- who ---- */

/* Puts who acted. -ENODATA when the record does not tell. */
static int put_user(struct gyr_jf *x)
{
	struct gyr_json type, v;
	int r = get_text(x, P_USER_TYPE, &type);

	if (r)
		return r;
	if (is_text(&type, "Root") || is_text(&type, "IAMUser"))
		r = get_text(x, P_USER_NAME, &v);
	else if (is_text(&type, "AWSService"))
		r = get_text(x, P_USER_INVOKED_BY, &v);
	else if (is_text(&type, "AssumedRole")) {
		r = get_text(x, P_USER_ISSUER, &v);
		if (r == -ENODATA)
			return gyr_jf_put_json(x, &type);
	} else if (is_text(&type, "AWSAccount") || is_text(&type, "FederatedUser"))
		return gyr_jf_put_json(x, &type);
	else
		return -ENODATA;
	return r ? r : gyr_jf_put_json(x, &v);
}

static int ct_user(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	int r = put_user(x);

	(void)f;
	return r ? r : gyr_jf_end(x);
}

/* Adds what follows the @n-th @separator of a text that has exactly @n of them. */
static int add_last_part(struct gyr_jf *x, const struct gyr_json *v, char separator, uint32_t n)
{
	const char *last = v->p, *end = v->p + v->len;
	struct gyr_json part;
	uint32_t seen = 0;

	for (const char *p = v->p; p < end; p++) {
		if (*p != separator)
			continue;
		seen++;
		last = p + 1;
	}
	if (seen != n)
		return -ENODATA;
	part = (struct gyr_json){.p = last,
				 .len = (uint32_t)(end - last),
				 .type = GYR_JSON_STRING,
				 .has_escapes = v->has_escapes};
	return gyr_jf_add_json(x, &part);
}

/* The person behind an assumed role: the name of the session. */
static int ct_originaluser(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json type, v;
	int r = get_text(x, P_USER_TYPE, &type);

	(void)f;
	if (r == -EBADMSG)
		return r;
	if (r || !is_text(&type, "AssumedRole")) {
		r = get_text(x, P_USER_NAME, &v);
		return r ? r : gyr_jf_add_json(x, &v);
	}
	r = get_text(x, P_USER_ARN, &v);
	if (!r)
		r = add_last_part(x, &v, '/', 2);
	if (r != -ENODATA)
		return r;
	r = get_text(x, P_USER_PRINCIPAL, &v);
	return r ? r : add_last_part(x, &v, ':', 1);
}

static int ct_accountid(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json v;
	int r = get_text(x, P_USER_ACCOUNT, &v);

	(void)f;
	if (r == -ENODATA)
		r = get_text(x, P_RECIPIENT, &v);
	return r ? r : gyr_jf_add_json(x, &v);
}

/* ---- what ---- */

static int ct_shortsrc(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	static const char tail[] = ".amazonaws.com";
	const uint32_t n = sizeof tail - 1;
	struct gyr_json v;
	int r = get_text(x, P_SOURCE, &v);

	(void)f;
	if (r)
		return r;
	if (v.len > n && !memcmp(v.p + v.len - n, tail, n))
		v.len -= n;
	return gyr_jf_add_json(x, &v);
}

/* The elements of a list as JSON, with commas between. */
static int ct_resources(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json list, v;
	struct gyr_json_iter it;
	bool is_first = true;
	int r = gyr_jf_get(x, P_RESOURCES, &list);

	(void)f;
	if (r)
		return r;
	if (list.type != GYR_JSON_ARRAY)
		return -ENODATA;
	gyr_json_iter_init(&it, &list);
	while ((r = gyr_json_next(&it, NULL, &v)) > 0) {
		if (!is_first)
			r = gyr_jf_put(x, ",", 1);
		if (r >= 0)
			r = gyr_jf_put_json(x, &v);
		if (r < 0)
			return r;
		is_first = false;
	}
	if (r < 0 || is_first)
		return r < 0 ? r : -ENODATA;
	return gyr_jf_end(x);
}

/* ---- S3 ---- */

static int put_uri(struct gyr_jf *x)
{
	struct gyr_json bucket, key;
	int r = get_text(x, P_BUCKET, &bucket);

	if (!r)
		r = get_text(x, P_KEY, &key);
	if (!r)
		r = gyr_jf_put(x, TEXT("s3://"));
	if (!r)
		r = gyr_jf_put_json(x, &bucket);
	if (!r)
		r = gyr_jf_put(x, "/", 1);
	return r ? r : gyr_jf_put_json(x, &key);
}

static int s3_uri(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	int r = put_uri(x);

	(void)f;
	return r ? r : gyr_jf_end(x);
}

/* Adds a number of bytes to *sum, when there is one; what is no number counts 0. */
static int sum_bytes(struct gyr_jf *x, enum path path, uint64_t *sum, bool *found)
{
	struct gyr_json v;
	uint64_t n;
	int r = gyr_jf_get(x, path, &v);

	if (r || v.type == GYR_JSON_ABSENT)
		return r;
	*found = true;
	if (!gyr_json_u64(&v, &n))
		*sum += n;
	return 0;
}

/* detail: "i" bytes in, "o" bytes out, "io" both. */
static int get_bytes(struct gyr_jf *x, const char *which, uint64_t *ret)
{
	uint64_t sum = 0;
	bool found = false;
	int r = 0;

	if (strchr(which, 'i'))
		r = sum_bytes(x, P_BYTES_IN, &sum, &found);
	if (!r && strchr(which, 'o'))
		r = sum_bytes(x, P_BYTES_OUT, &sum, &found);
	if (r)
		return r;
	if (!found)
		return -ENODATA;
	*ret = sum;
	return 0;
}

static int s3_bytes(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	uint64_t n;
	int r = get_bytes(x, f->detail, &n);

	return r ? r : gyr_jf_add_u64(x, n);
}

/* detail: the name that counts; NULL: any name that the others do not count. */
static int s3_count(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json v = {.type = GYR_JSON_ABSENT};
	bool counts;
	int r = gyr_jf_get(x, P_NAME, &v);

	if (r)
		return r;
	counts = f->detail ? is_text(&v, f->detail)
			   : !is_text(&v, "GetObject") && !is_text(&v, "PutObject");
	return counts ? gyr_jf_add_u64(x, 1) : -ENODATA;
}

/* ---- EC2 ---- */

/* The tag Name of one item, if it describes an instance and has one. */
static int find_name_tag(const struct gyr_json *item, struct gyr_json *name)
{
	struct gyr_json v, tag, key;
	struct gyr_json_iter it;
	int r = gyr_json_member(item, TEXT("resourceType"), &v);

	if (r || !is_text(&v, "instance"))
		return r;
	r = gyr_json_member(item, TEXT("tags"), &v);
	if (r || v.type != GYR_JSON_ARRAY)
		return r;
	gyr_json_iter_init(&it, &v);
	while ((r = gyr_json_next(&it, NULL, &tag)) > 0) {
		r = gyr_json_member(&tag, TEXT("key"), &key);
		if (r)
			return r;
		if (is_text(&key, "Name"))
			return gyr_json_member(&tag, TEXT("value"), name);
	}
	return r;
}

static int ec2_name(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json items, item, name = {.type = GYR_JSON_ABSENT};
	struct gyr_json_iter it;
	int r = gyr_jf_get(x, P_TAGS, &items);

	(void)f;
	if (r)
		return r;
	if (items.type != GYR_JSON_ARRAY)
		return -ENODATA;
	gyr_json_iter_init(&it, &items);
	while ((r = gyr_json_next(&it, NULL, &item)) > 0) {
		r = find_name_tag(&item, &name);
		if (r)
			return r;
	}
	if (r || name.type != GYR_JSON_STRING || !name.len)
		return r ? r : -ENODATA;
	return gyr_jf_add_json(x, &name);
}

/* The images of the instances of the answer; @index selects one, UINT64_MAX all. */
static int add_instance_images(struct gyr_jf *x, const struct gyr_json *items, uint64_t index)
{
	struct gyr_json item, v;
	struct gyr_json_iter it;
	uint64_t i = 0;
	int r;

	gyr_json_iter_init(&it, items);
	while ((r = gyr_json_next(&it, NULL, &item)) > 0) {
		if (index != UINT64_MAX && index != i++)
			continue;
		r = gyr_json_member(&item, TEXT("imageId"), &v);
		if (!r && v.type == GYR_JSON_STRING)
			r = gyr_jf_add_json(x, &v);
		if (r < 0)
			return r;
	}
	return r;
}

static int add_images(struct gyr_jf *x, uint64_t index)
{
	static const enum path single[] = {P_IMAGE, P_IMAGE_FAST, P_IMAGE_LAUNCH};
	struct gyr_json v;
	int r = gyr_jf_get(x, P_INSTANCES, &v);

	if (r)
		return r;
	if (v.type == GYR_JSON_ARRAY)
		return add_instance_images(x, &v, index);
	if (index && index != UINT64_MAX)
		return -ENODATA;
	for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
		r = get_text(x, single[i], &v);
		if (!r)
			return gyr_jf_add_json(x, &v);
		if (r != -ENODATA)
			return r;
	}
	return r;
}

static int ec2_imageids(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	(void)f;
	return add_images(x, gyr_jf_index(x));
}

static int ec2_imageid(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	(void)f;
	return add_images(x, 0);
}

/* ---- the summary ---- */

/* Adds a sentence in place of a summary that cannot be made. */
static int info_missing(struct gyr_jf *x, int r, const char *what, size_t len)
{
	if (r != -ENODATA)
		return r;
	gyr_jf_keep(x, 0);
	return gyr_jf_add(x, what, len);
}

static int put_labelled(struct gyr_jf *x, enum path path, const char *label)
{
	struct gyr_json v;
	int r = get_text(x, path, &v);

	if (!r)
		r = gyr_jf_put(x, label, strlen(label));
	return r ? r : gyr_jf_put_json(x, &v);
}

/* How much was moved, and the first that is known of: address, bucket, key, host. */
static int put_target(struct gyr_jf *x)
{
	struct gyr_json v;
	char text[32];
	uint64_t n;
	int r = get_bytes(x, "io", &n);

	if (!r)
		r = gyr_jf_put(x, text, (size_t)snprintf(text, sizeof text, " Size=%" PRIu64, n));
	if (r && r != -ENODATA)
		return r;
	if (!get_text(x, P_BUCKET, &v) && !get_text(x, P_KEY, &v)) {
		r = gyr_jf_put(x, TEXT(" URI="));
		return r ? r : put_uri(x);
	}
	r = put_labelled(x, P_BUCKET, " Bucket=");
	if (r == -ENODATA)
		r = put_labelled(x, P_KEY, " Key=");
	if (r == -ENODATA)
		r = put_labelled(x, P_HOST, " Host=");
	return r == -ENODATA ? 0 : r;
}

/* What a bucket will refuse to make public. */
static int put_access_block(struct gyr_jf *x)
{
	static const char *const flags[] = {"BlockPublicAcls", "BlockPublicPolicy",
					    "IgnorePublicAcls", "RestrictPublicBuckets"};
	struct gyr_json block, v;
	int r = gyr_jf_get(x, P_BLOCK, &block);

	if (r || block.type != GYR_JSON_OBJECT)
		return r;
	for (size_t i = 0; !r && i < sizeof flags / sizeof *flags; i++) {
		r = gyr_json_member(&block, flags[i], strlen(flags[i]), &v);
		if (!r)
			r = gyr_jf_put(x, " ", 1);
		if (!r)
			r = gyr_jf_put(x, flags[i], strlen(flags[i]));
		if (!r && v.type == GYR_JSON_TRUE)
			r = gyr_jf_put(x, TEXT("=true"));
		else if (!r)
			r = gyr_jf_put(x, TEXT("=false"));
	}
	return r ? r : gyr_jf_put(x, " ", 1);
}

/* "who [via address] [!]arrow name": the arrow points at AWS for a change, back for a read. */
static int put_action(struct gyr_jf *x, const struct gyr_json *srcip, const struct gyr_json *name)
{
	struct gyr_json v;
	size_t n_user;
	const char *user = gyr_jf_pending(x, &n_user);
	int r = 0;

	if (!gyr_json_equals(srcip, user, n_user)) {
		r = gyr_jf_put(x, TEXT(" via "));
		if (!r)
			r = gyr_jf_put_json(x, srcip);
	}
	if (!r)
		r = gyr_jf_put(x, " ", 1);
	if (!r && !get_text(x, P_ERROR, &v))
		r = gyr_jf_put(x, "!", 1);
	if (!r)
		r = gyr_jf_get(x, P_READONLY, &v);
	if (r)
		return r;
	if (v.type != GYR_JSON_ABSENT && v.type != GYR_JSON_TRUE)
		r = gyr_jf_put(x, TEXT("\u2192 "));
	else
		r = gyr_jf_put(x, TEXT("\u2190 "));
	return r ? r : gyr_jf_put_json(x, name);
}

static int ct_info(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json srcip, name;
	int r = put_user(x);

	(void)f;
	if (r)
		return info_missing(x, r,
				    TEXT("<invalid cloudtrail event: userIdentity field missing>"));
	r = get_text(x, P_SRCIP, &srcip);
	if (r)
		return info_missing(x, r,
				    TEXT("<invalid cloudtrail event: eventSource field missing>"));
	r = get_text(x, P_NAME, &name);
	if (r)
		return info_missing(x, r,
				    TEXT("<invalid cloudtrail event: eventName field missing>"));
	r = put_action(x, &srcip, &name);
	if (!r)
		r = is_text(&name, "PutBucketPublicAccessBlock") ? put_access_block(x)
								 : put_target(x);
	return r ? r : gyr_jf_end(x);
}

/* ---- the table ---- */

static const struct gyr_jf_field fields[] = {
#include "cloudtrail_rows.def"
	{0}};

GYR_JSON_EXTRACTOR(.name = "cloudtrail_fields", .version = "0.17.1",
		   .description = "Fields of AWS CloudTrail records", .contact = "the Gyr project",
		   .sources = "[\"aws_cloudtrail\"]", .fields = fields, .extract = ct_text,
		   .paths = paths, .n_paths = N_PATHS)
