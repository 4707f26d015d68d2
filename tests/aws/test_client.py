"""The client of AWS: what it sends, what it does about answers, and that each request ends once."""

import hashlib
import os
import re
import ssl
import subprocess
import unittest

from peer import KEYS, Answer, Case, xml_error

BUCKET = "my-trail"
BODY = bytes(i * 7 % 251 for i in range(100000))
SHA = hashlib.sha256(BODY).hexdigest()
ETAG = '"0123456789abcdef"'
WHOLE = Answer(200, BODY, {"ETag": ETAG})


def get(path="k", **more):
    return {"bucket": BUCKET, "path": path, "stream": 1, **more}


def ranged(request):
    """A server that knows ranges."""
    m = re.match(r"bytes=(\d+)-(\d*)$", request.headers.get("Range", ""))
    if not m:
        return WHOLE
    start, end = int(m[1]), int(m[2] or len(BODY) - 1)
    return Answer(206, BODY[start:end + 1], {"ETag": ETAG, "Content-Range": f"bytes {start}-{end}/{len(BODY)}"})


class Sending(Case):
    def test_a_request_is_signed_whatever_is_in_its_key_and_query(self):
        key = "AWSLogs/dt=1/a b+c'(d)*~!@&%ü.json.gz"
        self.peer.route(f"GET /{BUCKET}/AWSLogs/dt%3D1/a%20b%2Bc%27%28d%29%2A~%21%40%26%25%C3%BC.json.gz", WHOLE)
        self.peer.route(f"GET /{BUCKET}/", Answer(200, b"<ListBucketResult/>"))
        c = self.client()
        query = {"prefix": "AWSLogs/x y", "list-type": "2", "delimiter": "/", "start-after": "é+", "versions": ""}
        got = c.ask(get(key)) + c.ask({"bucket": BUCKET, "query": query})
        self.assertEqual([a["status"] for a in got], [200, 200], got)
        self.assertEqual([r.is_signed for r in self.peer.requests], [True, True])
        self.assertEqual(self.peer.requests[1].path, f"/{BUCKET}/?delimiter=%2F&list-type=2&prefix=AWSLogs%2Fx%20y"
                                                     "&start-after=%C3%A9%2B&versions=")

    def test_a_segment_of_dots_in_a_key_is_not_a_way_up(self):
        self.peer.route(f"GET /{BUCKET}/a/../b/./c", WHOLE)
        self.assertEqual(self.client().ask(get("a/../b/./c"))[0]["status"], 200)
        self.assertTrue(self.peer.requests[0].is_signed)

    def test_a_post_to_a_queue_is_signed_with_its_headers(self):
        self.peer.route("POST /", Answer(200, b'{"QueueUrl":"u"}'))
        rq = {"service": "sqs", "method": "POST", "body": '{"QueueName":"trail"}',
              "headers": {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.GetQueueUrl"}}
        got = self.client().ask(rq)[0]
        self.assertEqual((got["status"], got["body"]), (200, '{"QueueUrl":"u"}'))
        seen = self.peer.requests[0]
        self.assertTrue(seen.is_signed)
        self.assertIn("content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target", seen.headers["Authorization"].lower())
        self.assertIn("/eu-west-1/sqs/aws4_request", seen.headers["Authorization"])

    def test_the_url_of_a_queue_says_the_host(self):
        self.peer.route("POST /", Answer(200, b"{}"))
        c = self.client(endpoint="", endpoint_sqs="")
        rq = {"service": "sqs", "method": "POST", "url": self.peer.url + "/123456789012/trail", "body": "{}"}
        self.assertEqual(c.ask(rq)[0]["status"], 200)

    def test_plain_http_needs_an_endpoint_that_says_so(self):
        c = self.client(endpoint="https://127.0.0.1:1")
        got = c.ask({"service": "sqs", "method": "POST", "url": "http://192.0.2.1/1/q", "body": "{}"})[0]
        self.assertEqual((got["status"], got["code"]), (0, "Request"))
        self.assertIn("http://192.0.2.1/1/q", got["message"])

    def test_a_header_with_a_line_break_is_not_sent(self):
        got = self.client().ask(get(headers={"x-a": "1\r\nHost: elsewhere"}))[0]
        self.assertEqual((got["code"], self.peer.requests), ("Request", []))

    def test_many_requests_end_once_each(self):
        for i in range(300):
            self.peer.route(f"GET /{BUCKET}/{i}", Answer(200, b"%d" % i) if i % 3 else xml_error(404, "NoSuchKey"))
        c = self.client()
        got = c.ask(*({"bucket": BUCKET, "path": str(i)} for i in range(300)))
        self.assertEqual(sorted(int(a["path"]) for a in got), list(range(300)))
        self.assertTrue(all(a["body"] == a["path"] if a["status"] == 200 else a["code"] == "NoSuchKey" for a in got))
        self.assertEqual(c.close()["requests"], 300)


class Failing(Case):
    def test_what_may_pass_is_asked_again(self):
        self.peer.route(f"GET /{BUCKET}/k", xml_error(500, "InternalError"), xml_error(503, "SlowDown"),
                        Answer(200, b"", {"Content-Length": "9"}, "reset"), xml_error(400, "RequestTimeout"), WHOLE)
        c = self.client()
        got = c.ask(get())[0]
        self.assertEqual((got["status"], got["retries"], got["data_sha256"]), (200, 4, SHA))
        counters = c.close()
        self.assertEqual((counters["retries"], counters["throttled"], counters["attempts"]), (4, 1, 5))

    def test_the_end_of_retries_says_so(self):
        self.peer.route(f"GET /{BUCKET}/k", xml_error(503, "ServiceUnavailable"))
        c = self.client(max_retries=2)
        got = c.ask(get())[0]
        self.assertEqual((got["status"], got["code"], got["retries"], got["retried_out"]),
                         (503, "ServiceUnavailable", 2, True))
        self.assertEqual(got["message"], "as told")
        self.assertEqual(c.close()["exhausted"], 1)

    def test_the_start_of_an_outage_is_told_once(self):
        self.peer.route(f"GET /{BUCKET}/down", xml_error(503, "SlowDown"), xml_error(503, "SlowDown"), WHOLE,
                        xml_error(503, "SlowDown"), WHOLE, xml_error(503, "InternalError"))
        c = self.client(max_retries=3)
        self.assertEqual([c.ask(get("down"))[0]["status"] for _ in range(3)], [200, 200, 503])
        notes = c.close()["notes"]
        self.assertEqual([n.split()[4] for n in notes], ["SlowDown", "InternalError"], notes)
        self.assertTrue(all(n.startswith("s3: HTTP status 503 ") and n.endswith("; trying again") for n in notes), notes)

    def test_what_cannot_be_reached_is_told(self):
        c = self.client(endpoint="http://127.0.0.1:1", max_retries=2)
        self.assertEqual(c.ask(get())[0]["code"], "Connection")
        self.assertIn("s3: Failed to connect to 127.0.0.1 port 1", c.close()["notes"][0])

    def test_a_storm_of_retries_runs_out_of_tokens(self):
        self.peer.route(f"GET /{BUCKET}/k", xml_error(500, "InternalError"))
        c = self.client(max_retries=1000)
        got = c.ask(get())[0]
        self.assertEqual((got["retries"], got["retried_out"]), (100, True))

    def test_what_stays_wrong_is_asked_once(self):
        for i, (status, code) in enumerate([(404, "NoSuchKey"), (403, "AccessDenied"), (403, "InvalidObjectState"),
                                            (400, "InvalidArgument"), (412, "PreconditionFailed")]):
            self.peer.route(f"GET /{BUCKET}/{i}", xml_error(status, code))
            got = self.client().ask(get(str(i)))[0]
            self.assertEqual((got["status"], got["code"], got["retries"], got["retried_out"]), (status, code, 0, False))

    def test_errors_of_queues_are_json(self):
        self.peer.route("POST /", Answer(400, b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no\\u0007 such"}',
                                         {"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"}))
        got = self.client().ask({"service": "sqs", "method": "POST", "body": "{}"})[0]
        self.assertEqual((got["code"], got["message"]), ("QueueDoesNotExist", "no  such"))

    def test_nobody_there(self):
        c = self.client(endpoint="http://127.0.0.1:1", max_retries=1)
        got = c.ask(get())[0]
        self.assertEqual((got["status"], got["code"], got["retried_out"]), (0, "Connection", True))
        self.assertIn("127.0.0.1", got["message"])

    def test_a_server_that_says_nothing_is_left(self):
        self.peer.route(f"GET /{BUCKET}/k", Answer(200, how="silent"))
        got = self.client(max_retries=-1).ask({"bucket": BUCKET, "path": "k", "timeout_s": 1})[0]
        self.assertEqual((got["status"], got["code"], got["retried_out"]), (0, "Timeout", True))

    def test_an_answer_over_its_bound_is_refused(self):
        self.peer.route(f"GET /{BUCKET}/k", WHOLE)
        self.peer.route(f"GET /{BUCKET}/h", Answer(200, b"x", {f"x-h{i}": "y" * 1000 for i in range(20)}))
        c = self.client()
        got = c.ask({"bucket": BUCKET, "path": "k", "max_body": 1000}) + c.ask({"bucket": BUCKET, "path": "h"})
        self.assertEqual([a["code"] for a in got], ["TooLarge", "TooLarge"])
        self.assertEqual(c.close()["refused"], 2)

    def test_an_error_page_without_end_is_cut(self):
        self.peer.route(f"GET /{BUCKET}/k", Answer(404, b"<Error><Code>NoSuchKey</Code>" + b"x" * 1000000))
        self.assertEqual(self.client().ask(get())[0]["code"], "NoSuchKey")

    def test_an_entity_does_not_expand(self):
        self.peer.route(f"GET /{BUCKET}/k", Answer(404, b'<!DOCTYPE e [<!ENTITY a "NoSuchKey">]><Error><Code>&a;</Code></Error>'))
        got = self.client().ask(get())[0]
        self.assertEqual((got["status"], got["code"]), (404, ""))


class Bodies(Case):
    def test_a_body_that_broke_off_goes_on_there(self):
        self.peer.route(f"GET /{BUCKET}/k", WHOLE._replace(how="cut:40000"), ranged)
        c = self.client()
        got = c.ask(get())[0]
        self.assertEqual((got["status"], got["data_len"], got["data_sha256"], got["length"]), (206, len(BODY), SHA, len(BODY)))
        again = self.peer.requests[1]
        self.assertEqual((again.headers["Range"], again.headers["If-Match"]), ("bytes=40000-", ETAG))
        self.assertTrue(again.is_signed)
        self.assertEqual(c.close()["resumed"], 1)

    def test_a_server_without_ranges_is_skipped_over(self):
        self.peer.route(f"GET /{BUCKET}/k", WHOLE._replace(how="cut:40000"), WHOLE)
        got = self.client().ask(get())[0]
        self.assertEqual((got["data_len"], got["data_sha256"]), (len(BODY), SHA))

    def test_an_object_that_changed_is_not_put_together(self):
        for answer in (WHOLE._replace(headers={"ETag": '"other"'}), xml_error(412, "PreconditionFailed")):
            self.peer.route(f"GET /{BUCKET}/k", WHOLE._replace(how="cut:40000"), answer)
            got = self.client().ask(get())[0]
            self.assertEqual((got["code"], got["data_len"], got["retried_out"]), ("PreconditionFailed", 40000, False))

    def test_a_range_goes_on_inside_itself(self):
        def first(request):
            return ranged(request)._replace(how="cut:100")
        self.peer.route(f"GET /{BUCKET}/k", first, ranged)
        got = self.client().ask(get(range_from=1000, range_len=5000))[0]
        self.assertEqual([r.headers["Range"] for r in self.peer.requests], ["bytes=1000-5999", "bytes=1100-5999"])
        self.assertEqual(got["data_sha256"], hashlib.sha256(BODY[1000:6000]).hexdigest())

    def test_a_wrong_range_is_not_taken(self):
        wrong = Answer(206, BODY[:9], {"ETag": ETAG, "Content-Range": f"bytes 0-8/{len(BODY)}"})
        self.peer.route(f"GET /{BUCKET}/k", WHOLE._replace(how="cut:40000"), wrong)
        self.assertEqual(self.client().ask(get())[0]["data_len"], 40000)

    def test_a_receiver_may_pause_and_go_on(self):
        self.peer.route(f"GET /{BUCKET}/k", WHOLE)
        got = self.client().ask(*(get(pause_at=n) for n in (1, 30000, 99999)))
        self.assertEqual([a["data_sha256"] for a in got], [SHA] * 3)

    def test_a_receiver_may_give_up_or_cancel(self):
        self.peer.route(f"GET /{BUCKET}/k", WHOLE)
        c = self.client()
        got = c.ask(get(gives_up=1)) + c.ask(get(cancels=1))
        self.assertEqual(got[0]["code"], "Refused")
        self.assertEqual(got[1:], ["cancelled"])
        self.assertEqual(c.ask(get())[0]["data_sha256"], SHA)

    def test_head_has_no_body(self):
        self.peer.route(f"HEAD /{BUCKET}/k", WHOLE)
        got = self.client().ask({"method": "HEAD", "bucket": BUCKET, "path": "k"})[0]
        self.assertEqual((got["status"], got["length"], got["etag"], got["body"]), (200, len(BODY), ETAG, ""))


class Elsewhere(Case):
    def scopes(self):
        return [r.headers["Authorization"].split("/")[2] for r in self.peer.requests]

    def test_a_bucket_is_found_in_its_region_and_remembered(self):
        self.peer.route(f"GET /{BUCKET}/k", xml_error(301, "PermanentRedirect", headers={"x-amz-bucket-region": "us-west-2"}), WHOLE)
        c = self.client()
        for _ in range(2):
            self.assertEqual(c.ask(get())[0]["data_sha256"], SHA)
        self.assertEqual(self.scopes(), ["eu-west-1", "us-west-2", "us-west-2"])
        self.assertEqual(c.close()["redirects"], 1)

    def test_the_region_may_stand_in_the_error(self):
        self.peer.route(f"GET /{BUCKET}/k", xml_error(400, "AuthorizationHeaderMalformed", "<Region>ap-south-1</Region>"), WHOLE)
        self.assertEqual(self.client().ask(get())[0]["status"], 200)
        self.assertEqual(self.scopes(), ["eu-west-1", "ap-south-1"])

    def test_head_is_told_by_a_header(self):
        self.peer.route(f"HEAD /{BUCKET}/k", Answer(400, b"", {"x-amz-bucket-region": "us-west-2"}), WHOLE)
        self.assertEqual(self.client().ask({"method": "HEAD", "bucket": BUCKET, "path": "k"})[0]["status"], 200)

    def test_a_bucket_that_is_new_is_asked_again(self):
        self.peer.route(f"GET /{BUCKET}/k", xml_error(307, "TemporaryRedirect", headers={"x-amz-bucket-region": "eu-west-1"}), WHOLE)
        got = self.client().ask(get())[0]
        self.assertEqual((got["status"], got["retries"]), (200, 1))

    def test_going_round_in_circles_ends(self):
        def away(request):
            here = request.headers["Authorization"].split("/")[2]
            return xml_error(301, "PermanentRedirect", headers={"x-amz-bucket-region": "a" if here == "b" else "b"})
        self.peer.route(f"GET /{BUCKET}/k", away)
        got = self.client().ask(get())[0]
        self.assertEqual((got["status"], got["code"], len(self.peer.requests)), (301, "PermanentRedirect", 3))

    def test_a_region_that_is_none_is_not_followed(self):
        self.peer.route(f"GET /{BUCKET}/k", xml_error(301, "PermanentRedirect", headers={"x-amz-bucket-region": "evil.example/"}))
        self.assertEqual(self.client().ask(get())[0]["status"], 301)
        self.assertEqual(len(self.peer.requests), 1)

    def test_s3_needs_no_region_to_begin_with(self):
        self.peer.route(f"GET /{BUCKET}/k", WHOLE)
        self.assertEqual(self.client(region="").ask(get())[0]["status"], 200)
        self.assertEqual(self.scopes(), ["us-east-1"])

    def test_a_queue_needs_one(self):
        got = self.client(region="", endpoint="").ask({"service": "sqs", "method": "POST", "body": "{}"})[0]
        self.assertEqual(got["code"], "Request")
        self.assertIn("AWS_REGION", got["message"])


class Clocks(Case):
    def test_a_clock_that_is_off_is_allowed_for(self):
        self.peer.date = "Tue, 01 Jan 2036 00:00:00 GMT"

        def by_date(request):
            return WHOLE if request.headers["X-Amz-Date"][:4] in ("2035", "2036") else xml_error(403, "RequestTimeTooSkewed")
        self.peer.route(f"GET /{BUCKET}/k", by_date)
        c = self.client()
        for _ in range(2):
            self.assertEqual(c.ask(get())[0]["status"], 200)
        self.assertEqual(len(self.peer.requests), 3)
        self.assertEqual(c.close()["skews"], 1)

    def test_a_wrong_secret_is_not_taken_for_a_wrong_clock(self):
        self.peer.route(f"GET /{BUCKET}/k", xml_error(403, "SignatureDoesNotMatch"))
        c = self.client()
        got = c.ask(get())[0]
        self.assertEqual((got["status"], got["code"], len(self.peer.requests)), (403, "SignatureDoesNotMatch", 1))
        self.assertEqual(c.close()["auth_failures"], 1)


class Tls(Case):
    def setUp(self):
        super().setUp()
        key, pem = os.path.join(self.dir, "key"), os.path.join(self.dir, "pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                        "-keyout", key, "-out", pem], check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pem, key)
        self.peer.server.socket = tls.wrap_socket(self.peer.server.socket, server_side=True, do_handshake_on_connect=False)
        self.endpoint = self.peer.url.replace("http:", "https:")
        self.ca = pem
        self.peer.route(f"GET /{BUCKET}/k", WHOLE)

    def test_a_server_that_nobody_vouches_for_is_not_talked_to(self):
        got = self.client(endpoint=self.endpoint).ask(get())[0]
        self.assertEqual((got["status"], got["code"], self.peer.requests), (0, "Tls", []))

    def test_an_authority_of_its_own_may_vouch(self):
        got = self.client(endpoint=self.endpoint, ca_file=self.ca).ask(get())[0]
        self.assertEqual((got["status"], got["data_sha256"]), (200, SHA))


if __name__ == "__main__":
    unittest.main()
