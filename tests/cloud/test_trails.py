"""CloudTrail out of S3 and SQS, by the whole program. Usage: test_trails.py PROGRAM [TEST]"""

import glob
import gzip
import hashlib
import json
import os
import re
import signal
import sys
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "delivery"), os.path.join(HERE, "..", "aws"), HERE]
from test_delivery import GIVES_UP_MS, Delivery, Peer  # noqa: E402
import case  # noqa: E402
import stub  # noqa: E402
import realstore  # noqa: E402

RULES = """
- rule: Called
  desc: every one
  condition: ct.id exists
  output: "%ct.id"
  priority: WARNING
  source: aws_cloudtrail
"""
REGION = stub.REGION
ACCOUNT = stub.ACCOUNT


def records(numbers, **more):
    return {"Records": [
        {"eventType": "AwsApiCall", "eventTime": "2024-01-02T03:04:05Z", "eventID": f"{i:08}",
         "eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com", "awsRegion": REGION,
         "userIdentity": {"type": "Root"}, **more} for i in numbers]}


def trail(numbers, **more):
    return gzip.compress(json.dumps(records(numbers, **more)).encode(), mtime=0)


def key(minute, account=ACCOUNT, region=REGION, prefix="", day="2024/01/02", kind="CloudTrail", tail="x"):
    stamp = day.replace("/", "") + f"T03{minute:02}"
    return (f"{prefix}AWSLogs/{account}/{kind}/{region}/{day}/{account}_{kind}_{region}_{stamp}Z_{tail}.json.gz")


def created(*keys, bucket="logs"):
    """A notification as S3 sends it."""
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "awsRegion": REGION,
                         "s3": {"bucket": {"name": bucket}, "object": {"key": k.replace(" ", "+").replace("=", "%3D")}}}
                        for k in keys]}


class Trails(Delivery):
    def setUp(self):
        super().setUp()
        self.rules = self.write("rules.yaml", RULES)
        self.aws = stub.Stub(self)
        self.alerts = os.path.join(self.dir, "alerts")
        environment = mock.patch.dict(os.environ, stub.ENVIRONMENT)
        environment.start()
        self.addCleanup(environment.stop)

    def config(self, *outputs, more="", **keys):
        init = {"aws": {"endpoint": self.aws.url, "path_style": True, "imds": "off", **keys.pop("aws", {})},
                "sqsWait": 1, **keys}
        outputs = outputs or [self.output("best_effort", plugin="file", config={"filename": self.alerts})]
        return self.write("gyr.yaml", "json_output: true\njson_include_id_property: true\nplugins:\n"
                          f"  - name: cloudtrail\n    library_path: libcloudtrail.so\n    init_config: {json.dumps(init)}\n"
                          + more + "outputs:" + "".join(outputs))

    def ids(self, alerts):
        return [int(a["output_fields"]["ct.id"]) for a in alerts]

    def alerted(self, path=None):
        return self.ids(json.loads(line) for line in case.whole_lines(path or self.alerts))

    def read(self, source="cloudtrail:s3://logs", status=0, **keys):
        """One run to its end: (ids, what it said)."""
        if os.path.exists(self.alerts):
            os.remove(self.alerts)
        r = self.run_gyr(*self.args(self.config(**keys), source))
        self.assertEqual(r.returncode, status, r.stderr)
        return sorted(self.alerted()), r.stderr

    def follow(self, source="cloudtrail:sqs://trail", outputs=(), **keys):
        return self.start(*self.args(self.config(*outputs, **keys), source))

    def pass_time_until(self, claim):
        """Visibility ends again and again: a message that is still in hand then only comes to it again."""
        self.until(lambda: claim() or self.aws.advance(1000))

    def lines(self, source):
        """What one run alerts, in order of the text, and how many events it had."""
        if os.path.exists(self.alerts):
            os.remove(self.alerts)
        r = self.run_gyr(*self.args(self.config(), source))
        self.assertEqual(r.returncode, 0, r.stderr)
        got = sorted((a["output"], a["time"]) for a in map(json.loads, case.whole_lines(self.alerts)))
        return got, re.search(r"^(\d+) events in", r.stderr, re.M)[1]

    def count(self, text, name):
        found = re.search(rf"cloudtrail\.{name}: (\d+)", text)
        return int(found[1]) if found else 0

    def peer(self, *behaviour, **more):
        p = Peer(self, *behaviour, **more)
        return p, self.output("delivered", port=p.port, batch=8)


class Buckets(Trails):
    def n_finished(self):
        """Objects that a run has noted as finished."""
        return sum(line.startswith("o ") for path in glob.glob(os.path.join(self.dir, "states", "*.objects"))
                   for line in case.whole_lines(path))

    def test_a_long_list_is_read_page_by_page(self):
        self.aws.page = 3
        for i in range(20):
            self.aws.put("logs", key(i), trail([i]))
        got, said = self.read()
        self.assertEqual(got, list(range(20)))
        self.assertEqual(self.count(said, "list_calls"), 7)

    def test_only_what_is_asked_for_is_listed_and_read(self):
        for i, (account, region) in enumerate([(ACCOUNT, REGION), (ACCOUNT, "us-east-1"), ("210987654321", REGION)]):
            for minute in range(3):
                self.aws.put("logs", key(minute, account, region), trail([100 * i + minute]))
        self.aws.put("logs", key(1, kind="CloudTrail-Digest"), trail([900]))
        self.aws.put("logs", key(1, kind="CloudTrail-Insight"), trail([901]))
        self.aws.put("logs", "AWSLogs/readme.txt", b"no log")
        self.assertEqual(self.read()[0], [0, 1, 2, 100, 101, 102, 200, 201, 202])
        for prefix in ("AWSLogs/", "AWSLogs"):
            got, _ = self.read(f"cloudtrail:s3://logs/{prefix}", s3AccountList=ACCOUNT, regions=[REGION],
                               s3Interval="2024-01-02T03:01:00Z-2024-01-02T03:01:30Z")
            self.assertEqual(got, [1])
        listed = [r[1] for r in self.aws.requests if r[0] == "LIST"]
        self.assertEqual(listed[1:], [f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/"] * 2)
        # Accounts and regions are found where they are not given.
        got, _ = self.read("cloudtrail:s3://logs/AWSLogs/", s3Interval="2024-01-02T03:02:00Z")
        self.assertEqual(got, [2, 102, 202])
        got, _ = self.read("cloudtrail:s3://logs/AWSLogs/", s3Interval="2024-01-02T03:00:00Z", includeInsights=True)
        self.assertEqual(got, [0, 1, 2, 100, 101, 102, 200, 201, 202, 901])

    def test_an_organisation_is_listed_by_account(self):
        org = "o-abcdefghij"
        self.aws.put("logs", key(1).replace("AWSLogs/", f"AWSLogs/{org}/"), trail([1]))
        self.aws.put("logs", key(2), trail([2]))
        self.assertEqual(self.read(f"cloudtrail:s3://logs/AWSLogs/{org}/", s3AccountList=ACCOUNT)[0], [1])
        self.assertEqual(self.read("cloudtrail:s3://logs/AWSLogs/", regions=[REGION])[0], [1, 2])

    def test_what_cannot_be_read_is_counted_and_the_rest_comes(self):
        for i in range(8):
            self.aws.put("logs", f"a/{i}.json.gz", trail([i]))
        whole = trail(range(100, 2100))
        self.aws.put("logs", "a/cut.json.gz", whole[:len(whole) // 2])
        self.aws.put("logs", "a/broken.json.gz", whole[:-8] + b"12345678")
        self.aws.forever["a/0.json.gz"] = stub.s3_error(403, "AccessDenied")
        self.aws.forever["a/1.json.gz"] = stub.s3_error(404, "NoSuchKey")
        self.aws.faults["a/2.json.gz"] = [stub.s3_error(503, "SlowDown")]
        self.aws.forever["a/3.json.gz"] = stub.s3_error(403, "InvalidObjectState")
        self.aws.classes["a/4.json.gz"] = "GLACIER"
        self.aws.faults["a/5.json.gz"] = [stub.Answer(200, trail([5])[:40], {"Content-Length": len(trail([5]))})]
        got, said = self.read("cloudtrail:s3://logs/a/")
        self.assertEqual([i for i in got if i < 100], [2, 5, 6, 7])
        self.assertIn(101, got)
        for name, n in (("objects_forbidden", 1), ("objects_missing", 1), ("objects_archived", 2),
                        ("objects_corrupt", 2), ("objects", 4)):
            self.assertEqual(self.count(said, name), n, said)
        self.assertIn("s3://logs/a/0.json.gz", said)
        self.assertIn("AccessDenied", said)

    def test_bounds_hold_for_objects(self):
        self.aws.put("logs", "big.json", json.dumps(records(range(3000))).encode())
        self.aws.put("logs", "small.json.gz", trail([9000]))
        self.aws.put("logs", "long.json", json.dumps(records([9001], long="x" * 5000)).encode())
        got, said = self.read(maxObjectBytes=300000, maxEventBytes=4096)
        self.assertIn(9000, got)
        self.assertNotIn(9001, got)
        self.assertNotIn(2999, got)
        self.assertEqual(self.count(said, "objects_corrupt"), 1)
        self.assertEqual(self.count(said, "skipped_too_large"), 1)

    def test_a_bucket_that_is_not_to_be_had_is_an_error(self):
        _, said = self.read("cloudtrail:s3://other", status=1)
        self.assertIn("NoSuchBucket", said)
        os.environ["AWS_SECRET_ACCESS_KEY"] = "wrong"
        _, said = self.read("cloudtrail:s3://logs", status=1)
        self.assertIn("SignatureDoesNotMatch", said)

    def test_wrong_options_are_told(self):
        for source, keys, words in (
                ("cloudtrail:s3://", {}, "s3://BUCKET"), ("cloudtrail:sqs://a b", {}, "name of a queue"),
                ("cloudtrail:sqs://eu/1/x", {}, "twelve digits"), ("cloudtrail:arn:aws:s3:::x", {}, "ARN"),
                ("cloudtrail:s3://b", {"s3Interval": "yesterday"}, "s3Interval"),
                ("cloudtrail:s3://b", {"s3AccountList": "12"}, "s3AccountList"),
                ("cloudtrail:s3://b", {"follow": True, "startPosition": "then"}, "startPosition")):
            r = self.run_gyr(*self.args(self.config(**keys), source))
            self.assertNotEqual(r.returncode, 0, r.stderr)
            self.assertIn(words, r.stderr)

    def test_what_was_finished_is_not_read_again(self):
        state = {"stateDir": os.path.join(self.dir, "states")}
        for i in range(4):
            self.aws.put("logs", key(i), trail([i]))
        self.assertEqual(self.read(**state)[0], [0, 1, 2, 3])
        self.aws.put("logs", key(1, tail="y"), trail([4]))
        self.aws.put("logs", key(2), trail([5]))  # the same key, written anew
        got, said = self.read(**state)
        self.assertEqual(got, [4, 5])
        self.assertEqual(self.count(said, "objects_finished"), 3)

    def test_nothing_is_lost_by_a_kill(self):
        n, each = 60, 10
        for i in range(n):
            self.aws.put("logs", key(i), trail(range(each * i, each * (i + 1))))
        keys = {"stateDir": os.path.join(self.dir, "states"), "s3DownloadConcurrency": 4}
        peer, output = self.peer(*["200"] * 20, "silent")
        p = self.follow("cloudtrail:s3://logs", [output], **keys)
        self.until(lambda: len(peer.requests()) > 20 and self.n_finished() >= 10)
        p.kill()
        p.wait()
        before = self.ids(peer.alerts())
        self.assertLess(len(set(before)), n * each)
        peer.stop()
        peer = Peer(self, "200", port=peer.port)
        p = self.follow("cloudtrail:s3://logs", [output], **keys)
        self.finish(p)
        got = self.ids(peer.alerts())
        self.assertEqual(set(got), set(range(n * each)))
        self.assertLessEqual(self.aws.seen("GET"), 2 * n - 10)

    def test_following_finds_what_is_new_and_what_is_late(self):
        keys = {"follow": True, "s3Poll": 1, "startPosition": "2024-01-02T03:10:00Z", "lookback": 600,
                "stateDir": os.path.join(self.dir, "states")}
        for minute in (5, 10, 30):
            self.aws.put("logs", key(minute), trail([minute]))
        p = self.follow("cloudtrail:s3://logs/AWSLogs/", **keys)
        self.until(lambda: sorted(self.alerted()) == [10, 30])
        self.aws.put("logs", key(25), trail([25]))  # behind a newer one
        self.aws.put("logs", key(31, "210987654321"), trail([31]))  # an account that is new
        self.until(lambda: sorted(self.alerted()) == [10, 25, 30, 31])
        n = self.aws.seen("LIST")
        self.until(lambda: self.aws.seen("LIST") > n + 12)  # rounds go on, and find nothing
        self.finish(p, signal.SIGTERM)
        self.assertEqual(sorted(self.alerted()), [10, 25, 30, 31])
        self.aws.put("logs", key(40), trail([40]))
        os.remove(self.alerts)
        p = self.follow("cloudtrail:s3://logs/AWSLogs/", **keys)
        self.until(lambda: self.alerted() == [40])
        self.finish(p, signal.SIGTERM)

    def test_following_looks_again_for_what_was_forbidden(self):
        self.aws.put("logs", key(1), trail([1]))
        self.aws.put("logs", key(2), trail([2]))
        self.aws.forever[key(1)] = stub.s3_error(403, "AccessDenied")
        p = self.follow("cloudtrail:s3://logs/AWSLogs/", follow=True, s3Poll=1, startPosition="beginning", lookback=0)
        self.until(lambda: self.alerted() == [2])
        with self.aws.lock:
            del self.aws.forever[key(1)]
        self.until(lambda: sorted(self.alerted()) == [1, 2])
        self.finish(p, signal.SIGTERM)


class Queues(Trails):
    def test_every_shape_of_message_leads_to_its_objects(self):
        names = [key(i, prefix="a b=c/") for i in range(6)]
        for i, k in enumerate(names):
            self.aws.put("logs", k, trail([i]))
        own = {"s3Bucket": "logs", "s3ObjectKey": [names[0]]}
        bridge = {"source": "aws.s3", "detail-type": "Object Created", "region": REGION,
                  "detail": {"bucket": {"name": "logs"}, "object": {"key": names[3], "size": 5}}}
        self.aws.say({"Type": "Notification", "Message": json.dumps(own)})
        self.aws.say({"s3Bucket": "logs", "s3ObjectKey": [names[1]]})
        self.aws.say(created(names[2], names[5]))
        self.aws.say(bridge)
        self.aws.say({"Type": "Notification", "Message": json.dumps(created(names[4]))})
        for empty in ({"Service": "Amazon S3", "Event": "s3:TestEvent"}, "CloudTrail validation message.",
                      {"Type": "Notification", "Message": "CloudTrail validation message."},
                      {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectRemoved:Delete"}]},
                      created(key(1, kind="CloudTrail-Digest")), created("x.txt")):
            self.aws.say(empty)
        p = self.follow()
        self.until(lambda: sorted(self.alerted()) == list(range(6)) and not self.aws.left())
        self.finish(p, signal.SIGTERM)
        said = self.said()
        self.assertEqual(self.count(said, "messages_empty"), 6, said)

    def test_a_queue_has_several_names(self):
        host = f"http://127.0.0.1:{self.aws.port}"
        for i, source in enumerate((f"{host}/{ACCOUNT}/trail", f"sqs://{REGION}/{ACCOUNT}/trail",
                                    f"arn:aws:sqs:{REGION}:{ACCOUNT}:trail")):
            self.aws.put("logs", key(i), trail([i]))
            self.aws.say(created(key(i)))
            p = self.follow(f"cloudtrail:{source}")
            self.until(lambda: not self.aws.left())  # pylint: disable=cell-var-from-loop
            self.finish(p, signal.SIGTERM)
        owners = [r[1].get("QueueOwnerAWSAccountId") for r in self.aws.requests if r[0] == "GetQueueUrl"]
        self.assertEqual(owners, [ACCOUNT] * 2)

    def test_a_message_stays_until_its_alerts_are_delivered(self):
        peer, output = self.peer("silent")
        for i in range(3):
            self.aws.put("logs", key(i), trail([i]))
            self.aws.say(created(key(i)))
        self.aws.say("CloudTrail validation message.")
        p = self.follow(outputs=[output])
        self.until(lambda: len(self.aws.left()) == 3 and peer.requests())  # the empty one is gone
        peer.stop()
        peer = Peer(self, "200", port=peer.port)
        self.until(lambda: not self.aws.left())
        self.assertEqual(set(self.ids(peer.alerts())), {0, 1, 2})
        self.finish(p, signal.SIGTERM)

    def test_a_message_that_is_worked_on_stays_invisible(self):
        peer, output = self.peer("silent")
        self.aws.put("logs", key(1), trail([1]))
        ident = self.aws.say(created(key(1)))
        p = self.follow(outputs=[output], sqsVisibility=2)
        self.until(peer.requests)
        n = self.aws.seen("ChangeMessageVisibilityBatch")
        self.until(lambda: self.aws.seen("ChangeMessageVisibilityBatch") >= n + 2)
        self.assertEqual(self.aws.receives(ident), 1)
        p.kill()

    def test_the_end_gives_messages_back_at_once(self):
        peer = Peer(self, "silent")
        output = self.output("delivered", port=peer.port, timeout_ms=GIVES_UP_MS, drain="100ms")
        self.aws.put("logs", key(1), trail([1]))
        ident = self.aws.say(created(key(1)))
        p = self.follow(outputs=[output])
        self.until(peer.requests)
        self.finish(p, signal.SIGTERM)
        self.assertLessEqual(self.aws.visible_in(ident), 0)

    def test_messages_are_kept_where_that_is_asked_for(self):
        self.aws.put("logs", key(1), trail([1]))
        ident = self.aws.say(created(key(1)))
        p = self.follow(sqsDelete=False)
        self.pass_time_until(lambda: len(self.alerted()) > 2)
        self.finish(p, signal.SIGTERM)
        self.assertEqual(self.aws.left(), [ident])
        self.assertEqual(self.aws.seen("DeleteMessageBatch"), 0)

    def test_nothing_is_lost_by_a_kill(self):
        n, each = 40, 10
        for i in range(n):
            self.aws.put("logs", key(i), trail(range(each * i, each * (i + 1))))
            self.aws.say(created(key(i)))
        peer, output = self.peer(*["200"] * 10, "silent")
        p = self.follow(outputs=[output], s3DownloadConcurrency=2)
        self.until(lambda: len(peer.requests()) > 10)
        p.kill()
        p.wait()
        self.assertTrue(self.aws.left())
        peer.stop()
        peer = Peer(self, "200", port=peer.port)
        self.aws.advance(1000)
        p = self.follow(outputs=[output], s3DownloadConcurrency=2)
        self.until(lambda: not self.aws.left())
        self.assertEqual(set(self.ids(peer.alerts())), set(range(n * each)))
        self.finish(p, signal.SIGTERM)

    def test_a_message_that_nobody_understands_does_not_stay_for_ever(self):
        for bad in ("poison", "[1]", {"Records": [{"eventSource": "aws:sns"}]}, '{"s3ObjectKey": ["x"]}', "{" * 100):
            self.aws.say(bad)
        self.aws.put("logs", key(1), trail([1]))
        p = self.follow(sqsMaxReceive=2)
        for times in (1, 2):
            self.until(lambda: self.aws.is_idle(times))  # pylint: disable=cell-var-from-loop
            self.aws.advance(1000)
        self.until(lambda: not self.aws.left())
        self.aws.say(created(key(1)))
        self.until(lambda: self.alerted() == [1] and not self.aws.left())
        self.finish(p, signal.SIGTERM)
        said = self.said()
        self.assertEqual(self.count(said, "messages_given_up"), 5, said)
        self.assertIn(hashlib.sha256(b"poison").hexdigest(), said)

    def test_dead_letters_are_left_to_the_queue(self):
        self.aws.max_receives = 2
        self.aws.say("poison")
        p = self.follow()
        self.pass_time_until(lambda: self.aws.dead)
        self.finish(p, signal.SIGTERM)
        self.assertEqual(self.aws.dead, ["poison"])
        self.assertEqual(self.aws.seen("DeleteMessageBatch"), 0)

    def test_objects_that_are_not_there_yet_are_waited_for_a_while(self):
        self.aws.put("logs", key(1), trail([1]))
        self.aws.faults[key(1)] = [stub.s3_error(404, "NoSuchKey")] * 2
        self.aws.say(created(key(1)))
        self.aws.say(created(key(2)))
        p = self.follow()
        self.until(lambda: not self.aws.left())
        self.finish(p, signal.SIGTERM)
        self.assertEqual(self.alerted(), [1])
        self.assertEqual(self.count(self.said(), "objects_missing"), 1)
        self.assertEqual(sum(r == ("GET", key(2)) for r in self.aws.requests), 4)

    def test_objects_that_may_not_be_read_come_again(self):
        self.aws.put("logs", key(1), trail([1]))
        self.aws.forever[key(1)] = stub.s3_error(403, "AccessDenied")
        ident = self.aws.say(created(key(1)))
        p = self.follow()
        self.until(lambda: self.aws.seen("ChangeMessageVisibilityBatch"))
        self.until(lambda: self.aws.visible_in(ident) <= 60)
        with self.aws.lock:
            del self.aws.forever[key(1)]
        self.aws.advance(61)
        self.until(lambda: not self.aws.left())
        self.finish(p, signal.SIGTERM)
        self.assertEqual(self.alerted(), [1])
        self.assertIn("AccessDenied", self.said())

    def test_a_damaged_object_is_tried_again_and_then_given_up(self):
        whole = trail(range(2000))
        self.aws.put("logs", key(1), whole[:len(whole) // 2])
        ident = self.aws.say(created(key(1)))
        p = self.follow(sqsMaxReceive=2)
        self.until(lambda: "cut short" in self.said())  # the message is left in the same step
        self.assertEqual(self.aws.receives(ident), 1)
        self.aws.advance(1000)
        self.until(lambda: not self.aws.left())
        self.assertIn(0, self.alerted())
        self.finish(p, signal.SIGTERM)
        self.assertEqual(self.count(self.said(), "objects_corrupt"), 2)
        self.assertEqual(self.count(self.said(), "messages_given_up"), 1)

    def test_calls_that_fail_are_made_again(self):
        for i in range(3):
            self.aws.put("logs", key(i), trail([i]))
            self.aws.say(created(key(i)))
        self.aws.fail_deletes = 2
        self.aws.denied = {"GetQueueUrl": 1, "ReceiveMessage": 1, "DeleteMessageBatch": 1}
        p = self.follow()
        self.until(lambda: not self.aws.left())
        self.assertEqual(sorted(self.alerted()), [0, 1, 2])
        self.finish(p, signal.SIGTERM)

    def test_a_queue_that_is_not_there_is_an_error(self):
        _, said = self.read("cloudtrail:sqs://nowhere", status=1)
        self.assertIn("QueueDoesNotExist", said)

    def test_several_share_a_queue(self):
        n = 60
        for i in range(n):
            self.aws.put("logs", key(i), trail([i]))
        peer = Peer(self, "200")
        output = self.output("delivered", port=peer.port, batch=8)
        config = self.config(output, s3DownloadConcurrency=2, sqsMessages=3)
        running = [self.start(*self.args(config, "cloudtrail:sqs://trail")) for _ in range(3)]
        for i in range(n):
            self.aws.say(created(key(i)))
        self.until(lambda: not self.aws.left())
        self.assertEqual(sorted(self.ids(peer.alerts())), list(range(n)))
        for p in running:
            p.send_signal(signal.SIGTERM)
        self.assertEqual([p.wait(case.PATIENCE) for p in running], [0, 0, 0])


class RealBuckets(Trails):
    """Against OpenStack Swift, which verifies signatures and has lists of its own."""

    @classmethod
    def setUpClass(cls):
        cls.store = realstore.Store(cls.addClassCleanup)
        cls.store.put("logs")

    def config(self, *outputs, more="", **keys):
        os.environ.update(realstore.ENVIRONMENT)
        return super().config(*outputs, more=more, aws={"endpoint": self.store.url}, **keys)

    def test_real_records_in_a_bucket_are_those_of_their_folder(self):
        root = os.environ.get("GYR_CASES") or os.path.join(HERE, "..", "..", "examples", "logs")
        folder = os.path.join(self.dir, "folder")
        names = [os.path.join(at, f) for at, _, files in os.walk(root) for f in files
                 if re.search(r"\.json(\.gz)?$", f) and ("cloudtrail" in at or "cloudtrail" in f)]
        for path in names:
            name = os.path.relpath(path, root)
            with open(path, "rb") as f:
                self.store.put("logs", "some/" + name, f.read())
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            os.symlink(os.path.abspath(path), os.path.join(folder, name))
        self.rules = self.write("rules.yaml", RULES.replace("%ct.id", "%ct.id %ct.time %ct.name %ct.user"))
        from_folder, from_bucket = self.lines(f"cloudtrail:{folder}"), self.lines("cloudtrail:s3://logs/some/")
        self.assertEqual(from_folder, from_bucket)
        self.assertGreater(len(from_folder[0]), 10)

    def test_a_tree_is_listed_by_account_and_region_and_time(self):
        keys = [key(m, a, r, prefix="tree dir/") for a in (ACCOUNT, "210987654321") for r in (REGION, "us-east-1")
                for m in range(3)]
        for i, k in enumerate(keys):
            self.store.put("logs", k, trail([i]))
        got, said = self.read("cloudtrail:s3://logs/tree dir/AWSLogs/", s3Interval="2024-01-02T03:01:00Z")
        self.assertEqual(got, [i for i in range(12) if i % 3])
        self.assertEqual(self.count(said, "list_calls"), 1 + 2 + 4)
        self.assertEqual(self.count(said, "keys"), 8)  # those before the interval were not even listed

    def test_missing_buckets_and_wrong_keys_are_errors(self):
        self.assertIn("NoSuchBucket", self.read("cloudtrail:s3://nowhere", status=1)[1])
        realstore.ENVIRONMENT = {**realstore.ENVIRONMENT, "AWS_SECRET_ACCESS_KEY": "wrong"}
        self.addCleanup(realstore.ENVIRONMENT.update, {"AWS_SECRET_ACCESS_KEY": realstore.SECRET})
        self.assertIn("403", self.read("cloudtrail:s3://logs", status=1)[1])


if __name__ == "__main__":
    unittest.main()
