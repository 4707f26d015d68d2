"""The client of AWS against a real S3 that checks signatures."""

import hashlib
import re
import unittest

import peer
import realstore

BUCKET = "my-trail"
KEYS = ["AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/28/a_1.json.gz",
        "AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/28/a_2.json.gz",
        "AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/28/a b+c=d&e'(f)*~!@ü.json.gz",
        "AWSLogs/dt=1/100%/x;y:z,$.json"]
BODY = bytes(i * 31 % 256 for i in range(3000000))


class S3(peer.Case):
    @classmethod
    def setUpClass(cls):
        cls.store = realstore.Store(cls.addClassCleanup)
        cls.store.put(BUCKET)
        for k in KEYS:
            cls.store.put(BUCKET, k, k.encode())
        cls.store.put(BUCKET, "large", BODY)

    def s3(self, **options):
        env = {k: v for k, v in realstore.ENVIRONMENT.items() if "KEY" in k}
        return self.client(**{"env": env, "endpoint": self.store.url, "region": realstore.REGION, **options})

    def test_objects_of_any_name_come_as_they_are(self):
        got = self.s3().ask(*({"bucket": BUCKET, "path": k} for k in KEYS))
        self.assertEqual({a["path"]: (a["status"], a["body"]) for a in got}, {k: (200, k) for k in KEYS})

    def test_a_large_object_comes_whole_and_in_ranges(self):
        got = self.s3().ask({"bucket": BUCKET, "path": "large", "stream": 1, "pause_at": 1000000},
                            {"bucket": BUCKET, "path": "large", "stream": 1, "range_from": 1000, "range_len": 2000000})
        by_status = {a["status"]: a for a in got}
        self.assertEqual(by_status[200]["data_sha256"], hashlib.sha256(BODY).hexdigest())
        self.assertEqual(by_status[206]["data_sha256"], hashlib.sha256(BODY[1000:2001000]).hexdigest())
        self.assertEqual(by_status[206]["length"], len(BODY))

    def test_lists_go_on_page_by_page(self):
        c, keys, more = self.s3(), [], {}
        while True:
            a = c.ask({"bucket": BUCKET, "query": {"prefix": "AWSLogs/", "max-keys": "1", "list-type": "2", **more,
                                                   "start-after": KEYS[0], "encoding-type": "url"}})[0]
            self.assertEqual(a["status"], 200, a)
            keys += re.findall("<Key>(.*?)</Key>", a["body"])
            token = re.search("<NextContinuationToken>(.*?)</", a["body"])
            if not token:
                break
            more = {"continuation-token": token[1]}
        self.assertEqual(len(keys), 3, keys)

    def test_folders_of_a_list(self):
        query = {"prefix": "AWSLogs/123456789012/CloudTrail/", "delimiter": "/", "list-type": "2"}
        body = self.s3().ask({"bucket": BUCKET, "query": query})[0]["body"]
        self.assertEqual(re.findall(r"CloudTrail/([a-z0-9-]+)/</Prefix>", body), ["eu-west-1", "us-east-1"])

    def test_errors_have_their_names(self):
        got = self.s3().ask({"bucket": BUCKET, "path": "none"})[0]
        self.assertEqual((got["status"], got["code"]), (404, "NoSuchKey"))
        got = self.s3().ask({"bucket": "no-such-bucket", "path": "none"})[0]
        self.assertEqual((got["status"], got["code"]), (404, "NoSuchBucket"))
        got = self.s3().ask({"bucket": BUCKET, "path": "large", "if_match": '"other"'})[0]
        self.assertEqual((got["status"], got["code"]), (412, "PreconditionFailed"))

    def test_a_wrong_secret_is_refused(self):
        env = {"AWS_ACCESS_KEY_ID": realstore.ID, "AWS_SECRET_ACCESS_KEY": "wrong"}
        got = self.s3(env=env).ask({"bucket": BUCKET, "path": KEYS[0]})[0]
        self.assertEqual((got["status"], got["code"], got["retries"]), (403, "SignatureDoesNotMatch", 0))

    def test_a_wrong_region_is_put_right(self):
        c = self.s3(region="eu-west-1")
        got = c.ask({"bucket": BUCKET, "path": KEYS[0]})[0]
        self.assertEqual((got["status"], got["body"]), (200, KEYS[0]))
        self.assertEqual(c.close()["redirects"], 1)


if __name__ == "__main__":
    unittest.main()
