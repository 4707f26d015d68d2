/*
 * bench_events: audit events for benchmarks, generated: the shape and size of what AWS CloudTrail
 * and the Kubernetes API server write, with made-up content, and the same on every run.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BENCH_EVENTS = 2000, BENCH_EVENT_MAX = 8192 };

struct bench_events {
	uint32_t n;
	size_t total; /* bytes of all */
	char *text[BENCH_EVENTS];
	size_t len[BENCH_EVENTS];
	uint64_t seed;
};

static inline uint32_t bench_random(struct bench_events *e, uint32_t n)
{
	e->seed = e->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(e->seed >> 33) % n;
}

struct bench_text {
	char *p;
	size_t n;
};

__attribute__((format(printf, 2, 3))) static inline void bench_put(struct bench_text *t,
								   const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->p + t->n, BENCH_EVENT_MAX - t->n, format, args);
	va_end(args);
	if (n > 0 && t->n + (size_t)n < BENCH_EVENT_MAX)
		t->n += (size_t)n;
}

static inline void bench_uuid(struct bench_events *e, struct bench_text *t, const char *key)
{
	bench_put(t, "\"%s\":\"%08x-%04x-%04x-%04x-%08x%04x\"", key, bench_random(e, 1u << 30),
		  bench_random(e, 65536), bench_random(e, 65536), bench_random(e, 65536),
		  bench_random(e, 1u << 30), bench_random(e, 65536));
}

static inline void bench_hex(struct bench_events *e, struct bench_text *t, int n)
{
	while (n-- > 0)
		bench_put(t, "%c", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bench_random(e, 32)]);
}

static inline void bench_identity(struct bench_events *e, struct bench_text *t, uint32_t who)
{
	if (who % 4 == 0) {
		bench_put(t, "\"userIdentity\":{\"type\":\"IAMUser\",\"principalId\":\"AIDA");
		bench_hex(e, t, 17);
		bench_put(t,
			  "\",\"arn\":\"arn:aws:iam::12345678%04u:user/worker-%u\",\"accountId\":"
			  "\"12345678%04u\",\"accessKeyId\":\"AKIA",
			  who, who, who);
		bench_hex(e, t, 16);
		bench_put(t, "\",\"userName\":\"worker-%u\"},", who);
		return;
	}
	bench_put(t, "\"userIdentity\":{\"type\":\"AssumedRole\",\"principalId\":\"AROA");
	bench_hex(e, t, 17);
	bench_put(t,
		  ":session-%u\",\"arn\":\"arn:aws:sts::12345678%04u:assumed-role/deploy-%u/"
		  "session-%u\",\"accountId\":\"12345678%04u\",\"accessKeyId\":\"ASIA",
		  who, who, who, who, who);
	bench_hex(e, t, 16);
	bench_put(t, "\",\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\",\"principalId\":"
		     "\"AROA");
	bench_hex(e, t, 17);
	bench_put(t,
		  "\",\"arn\":\"arn:aws:iam::12345678%04u:role/deploy-%u\",\"accountId\":"
		  "\"12345678%04u\",\"userName\":\"deploy-%u\"},\"webIdFederationData\":{},"
		  "\"attributes\":{\"creationDate\":\"2026-03-%02uT08:12:45Z\","
		  "\"mfaAuthenticated\":\"false\"}}},",
		  who, who, who, who, 1 + who % 28);
}

static inline void bench_request(struct bench_events *e, struct bench_text *t, uint32_t kind)
{
	uint32_t n = bench_random(e, 5000);

	switch (kind % 4) {
	case 0:
		bench_put(t,
			  "\"requestParameters\":{\"bucketName\":\"data-%u\",\"Host\":\"data-%u.s3."
			  "eu-west-1.amazonaws.com\",\"key\":\"reports/2026/03/part-%05u.parquet\","
			  "\"x-amz-server-side-encryption\":\"AES256\"},\"responseElements\":null,"
			  "\"additionalEventData\":{\"SignatureVersion\":\"SigV4\",\"CipherSuite\":"
			  "\"TLS_AES_128_GCM_SHA256\",\"bytesTransferredIn\":%u,"
			  "\"AuthenticationMethod\":\"AuthHeader\",\"bytesTransferredOut\":%u},",
			  n % 40, n % 40, n, n, n * 7);
		return;
	case 1:
		bench_put(t,
			  "\"requestParameters\":{\"instancesSet\":{\"items\":[{\"instanceId\":"
			  "\"i-%08x%08x\"},{\"instanceId\":\"i-%08x%08x\"}]},\"filterSet\":{},"
			  "\"includeAllInstances\":false},\"responseElements\":{\"instancesSet\":{"
			  "\"items\":[{\"instanceId\":\"i-%08x\",\"currentState\":{\"code\":0,"
			  "\"name\":\"pending\"},\"previousState\":{\"code\":80,\"name\":"
			  "\"stopped\"}}]}},",
			  n, n, n + 1, n, n);
		return;
	case 2:
		bench_put(t,
			  "\"requestParameters\":{\"roleName\":\"deploy-%u\",\"policyName\":"
			  "\"inline-%u\",\"policyDocument\":\"{\\\"Version\\\":\\\"2012-10-17\\\","
			  "\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Action\\\":["
			  "\\\"s3:GetObject\\\",\\\"s3:PutObject\\\"],\\\"Resource\\\":"
			  "\\\"arn:aws:s3:::data-%u/*\\\"}]}\"},\"responseElements\":null,",
			  n, n, n);
		return;
	default:
		bench_put(
			t,
			"\"requestParameters\":{\"roleArn\":\"arn:aws:iam::123456789012:role/"
			"deploy-%u\",\"roleSessionName\":\"session-%u\",\"durationSeconds\":3600},"
			"\"responseElements\":{\"credentials\":{\"accessKeyId\":\"ASIA%08u\","
			"\"sessionToken\":\"",
			n, n, n);
		bench_hex(e, t, 200);
		bench_put(t, "\",\"expiration\":\"Mar 4, 2026, 10:10:10 AM\"}},");
	}
}

static inline void bench_one_cloudtrail(struct bench_events *e, struct bench_text *t, uint32_t i)
{
	static const char *const names[] = {"GetObject", "StartInstances", "PutRolePolicy",
					    "AssumeRole"};
	static const char *const sources[] = {"s3", "ec2", "iam", "sts"};
	uint32_t kind = bench_random(e, 4);

	bench_put(t, "{\"eventVersion\":\"1.08\",");
	bench_identity(e, t, bench_random(e, 300));
	bench_put(t,
		  "\"eventTime\":\"2026-03-%02uT09:%02u:%02uZ\",\"eventSource\":\"%s.amazonaws."
		  "com\",\"eventName\":\"%s\",\"awsRegion\":\"eu-west-1\",\"sourceIPAddress\":"
		  "\"198.51.100.%u\",\"userAgent\":\"[aws-sdk-go/1.44.%u (go1.19; linux; amd64) "
		  "exec-env/AWS_ECS_FARGATE agent/%u]\",",
		  1 + i % 28, i % 60, i % 59, sources[kind], names[kind], i % 256, i % 300, i);
	if (bench_random(e, 8) == 0)
		bench_put(t, "\"errorCode\":\"AccessDenied\",\"errorMessage\":\"User is not "
			     "authorized to perform: this action\",");
	bench_request(e, t, kind);
	bench_uuid(e, t, "requestID");
	bench_put(t, ",");
	bench_uuid(e, t, "eventID");
	bench_put(t,
		  ",\"readOnly\":%s,\"resources\":[{\"type\":\"AWS::S3::Object\",\"ARN\":"
		  "\"arn:aws:s3:::data-%u/reports/part-%u\"},{\"accountId\":\"123456789012\","
		  "\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::data-%u\"}],\"eventType\":"
		  "\"AwsApiCall\",\"managementEvent\":%s,\"recipientAccountId\":\"12345678%04u\","
		  "\"vpcEndpointId\":\"vpce-%08x\",\"eventCategory\":\"Data\",\"tlsDetails\":{"
		  "\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\","
		  "\"clientProvidedHostHeader\":\"data.s3.eu-west-1.amazonaws.com\"}}",
		  kind == 0 ? "true" : "false", i, i, i, kind ? "true" : "false", i % 300, i);
}

static inline void bench_managed_fields(struct bench_text *t, uint32_t i)
{
	bench_put(t, "\"managedFields\":[{\"manager\":\"kube-controller-manager\",\"operation\":"
		     "\"Update\",\"apiVersion\":\"v1\",\"time\":\"2026-03-04T09:00:00Z\","
		     "\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{"
		     "\"f:generateName\":{},\"f:labels\":{\".\":{},\"f:app\":{},"
		     "\"f:pod-template-hash\":{}},\"f:ownerReferences\":{\".\":{},");
	bench_put(t,
		  "\"k:{\\\"uid\\\":\\\"%08x-1111-2222\\\"}\":{\".\":{},\"f:apiVersion\":{},"
		  "\"f:controller\":{},\"f:kind\":{},\"f:name\":{},\"f:uid\":{}}}},\"f:spec\":{"
		  "\"f:containers\":{\"k:{\\\"name\\\":\\\"main\\\"}\":{\".\":{},\"f:image\":{},"
		  "\"f:imagePullPolicy\":{},\"f:name\":{},\"f:resources\":{\".\":{},\"f:limits\":{"
		  "\".\":{},\"f:cpu\":{},\"f:memory\":{}}},\"f:securityContext\":{}}},"
		  "\"f:dnsPolicy\":{},\"f:restartPolicy\":{}}}}]",
		  i * 2654435761u);
}

static inline void bench_pod(struct bench_events *e, struct bench_text *t, uint32_t i)
{
	bench_put(t,
		  "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web-%u\","
		  "\"generateName\":\"web-\",\"namespace\":\"team-%u\",",
		  i, i % 20);
	bench_uuid(e, t, "uid");
	bench_put(t,
		  ",\"creationTimestamp\":\"2026-03-04T09:00:00Z\",\"labels\":{\"app\":\"web\","
		  "\"pod-template-hash\":\"5d%05u\"},",
		  i);
	bench_managed_fields(t, i);
	bench_put(t,
		  "},\"spec\":{\"volumes\":[{\"name\":\"data\",\"hostPath\":{\"path\":\"/var/lib/"
		  "data\",\"type\":\"\"}},{\"name\":\"token\",\"secret\":{\"secretName\":\"default-"
		  "token\",\"defaultMode\":420}}],\"containers\":[{\"name\":\"main\",\"image\":"
		  "\"registry.example.org/team/web:1.%u\",\"command\":[\"/bin/web\",\"--port\","
		  "\"8080\"],\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"256Mi\"}},"
		  "\"volumeMounts\":[{\"name\":\"data\",\"mountPath\":\"/data\"}],"
		  "\"securityContext\":{\"privileged\":%s}}],\"restartPolicy\":\"Always\","
		  "\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\","
		  "\"serviceAccountName\":\"default\",\"hostNetwork\":%s,\"schedulerName\":"
		  "\"default-scheduler\"},\"status\":{\"phase\":\"Pending\"}}",
		  i % 40, i % 9 ? "false" : "true", i % 7 ? "false" : "true");
}

static inline void bench_one_k8saudit(struct bench_events *e, struct bench_text *t, uint32_t i)
{
	bool has_body = bench_random(e, 3) != 0;

	bench_put(t, "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":"
		     "\"RequestResponse\",");
	bench_uuid(e, t, "auditID");
	bench_put(t,
		  ",\"stage\":\"ResponseComplete\",\"requestURI\":\"/api/v1/namespaces/team-%u/"
		  "pods%s%u\",\"verb\":\"%s\",\"user\":{\"username\":\"system:serviceaccount:team-"
		  "%u:deployer\",",
		  i % 20, has_body ? "?timeout=30s&n=" : "/web-", i, has_body ? "create" : "get",
		  i % 20);
	bench_uuid(e, t, "uid");
	bench_put(t,
		  ",\"groups\":[\"system:serviceaccounts\",\"system:serviceaccounts:team-%u\","
		  "\"system:authenticated\"]},\"sourceIPs\":[\"192.0.2.%u\"],\"userAgent\":"
		  "\"kubectl/v1.28.%u (linux/amd64) kubernetes/abcdef0\",\"objectRef\":{"
		  "\"resource\":\"pods\",\"namespace\":\"team-%u\",\"name\":\"web-%u\","
		  "\"apiVersion\":\"v1\"},\"responseStatus\":{\"metadata\":{},\"code\":%u},",
		  i % 20, i % 256, i % 9, i % 20, i, has_body ? 201 : 200);
	if (has_body) {
		bench_put(t, "\"requestObject\":");
		bench_pod(e, t, i);
		bench_put(t, ",\"responseObject\":");
		bench_pod(e, t, i);
		bench_put(t, ",");
	}
	bench_put(t,
		  "\"requestReceivedTimestamp\":\"2026-03-04T09:00:%02u.%06uZ\",\"stageTimestamp\":"
		  "\"2026-03-04T09:00:%02u.%06uZ\",\"annotations\":{\"authorization.k8s.io/"
		  "decision\":\"allow\",\"authorization.k8s.io/reason\":\"RBAC: allowed by "
		  "RoleBinding \\\"deployers/team-%u\\\" of Role \\\"deployer\\\"\"}}",
		  i % 60, i, i % 60, i + 900, i % 20);
}

static inline void bench_make(struct bench_events *e,
			      void (*one)(struct bench_events *, struct bench_text *, uint32_t))
{
	*e = (struct bench_events){.n = BENCH_EVENTS, .seed = 20260304};
	for (uint32_t i = 0; i < e->n; i++) {
		struct bench_text t = {.p = malloc(BENCH_EVENT_MAX)};

		if (!t.p)
			abort();
		one(e, &t, i);
		e->text[i] = t.p;
		e->len[i] = t.n;
		e->total += t.n;
	}
}

static inline void bench_cloudtrail(struct bench_events *e)
{
	bench_make(e, bench_one_cloudtrail);
}

static inline void bench_k8saudit(struct bench_events *e)
{
	bench_make(e, bench_one_k8saudit);
}

static inline void bench_events_free(struct bench_events *e)
{
	for (uint32_t i = 0; i < e->n; i++)
		free(e->text[i]);
	e->n = 0;
}
