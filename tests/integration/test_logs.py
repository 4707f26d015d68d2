"""Audit logs as they are found: whole, torn, hostile. Usage: test_logs.py PROGRAM [TEST]

In every folder of this file lie good files before and after the bad one. The claim is always the same:
the program ends by itself with status 0, every good record raises its alert, and the summary counts what
was left out.
"""

import gzip
import json
import os
import re
import resource
import subprocess
import unittest

from case import GYR, PATIENCE, Case

RULES = """
- rule: Record
  desc: any
  condition: ct.name exists
  output: "%ct.name"
  priority: INFO
  source: aws_cloudtrail
- rule: Event
  desc: any
  condition: ka.verb exists
  output: "%ka.verb"
  priority: INFO
  source: k8s_audit
"""


def record(name, **more):
    return {"eventVersion": "1.08", "eventTime": "2024-05-14T08:00:00Z", "eventName": name,
            "eventSource": "s3.amazonaws.com", "awsRegion": "eu-west-1", "eventType": "AwsApiCall",
            "userIdentity": {"type": "IAMUser", "userName": "lee"}, **more}


def event(verb, **more):
    return {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": "1", "verb": verb,
            "stage": "ResponseComplete", "stageTimestamp": "2024-05-14T08:00:00.000000Z", **more}


class Logs(Case):
    def setUp(self):
        super().setUp()
        self.rules = self.write("rules.yaml", RULES)
        self.logs = os.path.join(self.dir, "logs")
        os.mkdir(self.logs)

    def put(self, name, data):
        path = os.path.join(self.logs, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def trail(self, name, *names, before="", after=""):
        """A log file with a record for each name, and raw text around them."""
        rows = [json.dumps(record(n)) for n in names]
        return self.put(name, '{"Records":[' + ",".join([*before, *rows, *after]) + "]}")

    def judge(self, source, path=None, *more):
        r = self.run_gyr("-r", self.rules, *more, f"{source}:{path or self.logs}")
        self.assertEqual(r.returncode, 0, r.stderr)
        return [l.split(" ")[-1] for l in r.stdout.splitlines()], r.stderr

    def counted(self, summary, source, what, n):
        m = re.search(rf"{source}\.{what}: (\d+)", summary)
        self.assertEqual(int(m[1]) if m else 0, n, summary)

    def around(self, source, name, data, found, counter=None, n=1):
        """@data as file @name between two good ones; @found of it must come out."""
        if source == "cloudtrail":
            self.trail("a.json", "first")
            self.trail("z.json", "last")
        else:
            self.put("a.json", json.dumps(event("first")) + "\n")
            os.utime(os.path.join(self.logs, "a.json"), (1, 1))
            self.put("z.json", json.dumps(event("last")) + "\n")
        path = self.put(name, data)
        os.utime(path, (2, 2))
        names, summary = self.judge(source)
        self.assertEqual(names, ["first", *found, "last"], summary)
        if counter:
            self.counted(summary, source, counter, n)
        return summary


class CloudTrail(Logs):
    def test_folders_are_read_in_order_packed_or_not(self):
        self.trail("2024/01/b.json", "two")
        self.trail("2024/01/a.json", "one")
        self.put("2024/02/c.json.gz", gzip.compress(json.dumps({"Records": [record("three")]}).encode()))
        self.put("2024/02/readme.txt", "no log")
        names, summary = self.judge("cloudtrail")
        self.assertEqual(names, ["one", "two", "three"])
        self.counted(summary, "cloudtrail", "files", 3)
        self.assertIn("3 events", summary)

    def test_truncated_file(self):
        text = json.dumps({"Records": [record("kept"), record("torn")]})
        self.around("cloudtrail", "m.json", text[:-40], ["kept"], "skipped_malformed")

    def test_truncated_gzip(self):
        rows = [record(f"r{i}", requestID=os.urandom(40).hex()) for i in range(200)]
        data = gzip.compress(json.dumps({"Records": rows}).encode())
        self.trail("a.json", "first")
        self.trail("z.json", "last")
        self.put("m.json.gz", data[:len(data) // 2])
        names, summary = self.judge("cloudtrail")
        self.assertEqual((names[0], names[-1]), ("first", "last"))
        self.assertGreater(len(names), 50)
        self.assertEqual(names[1:-1], [f"r{i}" for i in range(len(names) - 2)])
        self.counted(summary, "cloudtrail", "files_failed", 1)

    def test_gzip_bomb(self):
        self.around("cloudtrail", "m.json.gz", gzip.compress(b'{"Records":[' + b" " * (300 << 20)),
                    [], "files_failed")

    def test_not_gzip_by_its_content(self):
        self.around("cloudtrail", "m.json.gz", json.dumps({"Records": [record("plain")]}), ["plain"])

    def test_record_of_50_megabytes(self):
        rows = [record("before"), record("huge", requestID="x" * (50 << 20)), record("after")]
        self.around("cloudtrail", "m.json", json.dumps({"Records": rows}), ["before", "after"],
                    "skipped_too_large")

    def test_one_line_of_50_megabytes_with_many_records(self):
        row = json.dumps(record("many", requestID="x" * 50000))
        self.trail("m.json", before=[row] * 1000)
        names, _ = self.judge("cloudtrail")
        self.assertEqual(len(names), 1000)

    def test_invalid_utf8(self):
        bad = json.dumps(record("odd")).encode().replace(b"odd", b"od\xff\xfe")
        self.around("cloudtrail", "m.json", b'{"Records":[' + bad + b"]}",
                    [b"od\xff\xfe".decode("utf-8", "replace")], "invalid_bytes")

    def test_nul_byte(self):
        text = json.dumps({"Records": [record("nul")]}).encode().replace(b"nul", b"n\0l")
        self.trail("a.json", "first")
        self.trail("z.json", "last")
        self.put("m.json", text)
        names, summary = self.judge("cloudtrail")
        self.assertEqual((names[0], names[-1]), ("first", "last"))
        self.assertNotIn("\0", "".join(names))
        self.counted(summary, "cloudtrail", "invalid_bytes", 1)

    def test_empty_file(self):
        self.around("cloudtrail", "m.json", b"", [], "files_empty")

    def test_what_is_no_record(self):
        rows = [record("good"), 7, "text", [], {"eventName": "timeless"}, record("also")]
        summary = self.around("cloudtrail", "m.json", json.dumps({"Records": rows}), ["good", "also"])
        self.assertRegex(summary, r"cloudtrail\.skipped_\w+: \d")

    def test_loop_of_folders(self):
        self.trail("d/m.json", "inside")
        os.symlink("..", os.path.join(self.logs, "d/up"))
        os.symlink("loop", os.path.join(self.logs, "loop"))
        names, summary = self.judge("cloudtrail")
        self.assertEqual(names, ["inside"])
        self.counted(summary, "cloudtrail", "skipped_links", 1)

    def test_unreadable_file(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        self.trail("a.json", "first")
        os.chmod(self.trail("m.json", "secret"), 0)
        self.trail("z.json", "last")
        names, summary = self.judge("cloudtrail")
        self.assertEqual(names, ["first", "last"])
        self.counted(summary, "cloudtrail", "files_failed", 1)

    def test_missing_path(self):
        self.refuses(self.run_gyr("-r", self.rules, f"cloudtrail:{self.logs}/none"), "none")

    def test_an_absent_error_stays_absent(self):
        rules = self.write("x.yaml", RULES.replace("ct.name exists", "not ct.error exists"))
        self.trail("m.json", "fine")
        self.put("n.json", json.dumps({"Records": [record("bad", errorCode="AccessDenied")]}))
        r = self.run_gyr("-r", rules, f"cloudtrail:{self.logs}")
        self.assertEqual([l.split(" ")[-1] for l in r.stdout.splitlines()], ["fine"])


class K8sAudit(Logs):
    def test_lines_lists_and_arrays(self):
        self.put("a", "\n".join(json.dumps(event(f"l{i}")) for i in range(3)))
        self.put("b", json.dumps({"kind": "EventList", "items": [event("i0"), event("i1")]}, indent=1))
        self.put("c", json.dumps([event("a0"), event("a1")]))
        self.put("d.gz", gzip.compress(json.dumps(event("packed")).encode()))
        for i, name in enumerate("abc"):
            os.utime(os.path.join(self.logs, name), (i + 1, i + 1))
        names, _ = self.judge("k8saudit")
        self.assertEqual(names, ["l0", "l1", "l2", "i0", "i1", "a0", "a1", "packed"])

    def test_a_torn_line_costs_itself_alone(self):
        lines = [json.dumps(event("one")), json.dumps(event("torn"))[:-30], json.dumps(event("two"))]
        self.around("k8saudit", "m", "\n".join(lines), ["one", "two"], "skipped_malformed")

    def test_line_of_50_megabytes(self):
        lines = [json.dumps(event("one")), json.dumps(event("huge", requestURI="x" * (50 << 20))),
                 json.dumps(event("two"))]
        self.around("k8saudit", "m", "\n".join(lines), ["one", "two"], "skipped_too_large")

    def test_gzip_bomb(self):
        self.around("k8saudit", "m.gz", gzip.compress(b'{"kind":"' + b"A" * (300 << 20)), [],
                    "files_failed")

    def test_bytes_that_are_no_text(self):
        lines = [json.dumps(event("one")).encode(), bytes(range(256)) * 40, b"\0\0\0\0",
                 json.dumps(event("two")).encode()]
        self.put("m", b"\n".join(lines))
        names, summary = self.judge("k8saudit")
        self.assertEqual(names, ["one", "two"], summary)
        self.assertRegex(summary, r"k8saudit\.skipped_malformed: [1-9]")

    def test_empty_file(self):
        self.around("k8saudit", "m", b"", [], "files_empty")

    def test_deep_nesting(self):
        lines = [json.dumps(event("one")), '{"a":' * 100000 + "1" + "}" * 100000,
                 json.dumps(event("two"))]
        self.around("k8saudit", "m", "\n".join(lines), ["one", "two"], "skipped_malformed")

    def test_loop_of_folders(self):
        self.put("d/m", json.dumps(event("inside")))
        os.symlink("..", os.path.join(self.logs, "d/up"))
        names, summary = self.judge("k8saudit")
        self.assertEqual(names, ["inside"])
        self.counted(summary, "k8saudit", "skipped_links", 1)


class Reading(Logs):
    def test_memory_does_not_depend_on_the_size_of_the_log(self):
        if "GYR_SANITIZED" in os.environ:
            self.skipTest("sanitizers need memory of their own")
        row = json.dumps(event("get", requestURI="x" * 2000)) + "\n"

        def peak(n):
            path = self.put("big", row * n)
            p = subprocess.Popen([GYR, "-r", self.rules, "-o", "priority=error", f"k8saudit:{path}"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, used = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(p.returncode, 0)
            return used.ru_maxrss

        small, large = peak(1000), peak(50000)
        self.assertLess(large, small + 8192, "KiB")

    def test_a_reader_that_goes_ends_the_run(self):
        row = json.dumps(event("get")) + "\n"
        path = self.put("big", row * 200000)
        config = self.write("gyr.yaml", "outputs: [{plugin: stdout, drain: 1h}]\n")  # if it waited
        with subprocess.Popen([GYR, "-c", config, "-r", self.rules, f"k8saudit:{path}"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
            self.assertIn("get", p.stdout.readline())
            p.stdout.close()
            err = p.stderr.read()
            p.wait(PATIENCE)
        self.assertEqual(p.returncode, 1, err)
        self.assertIn("nobody reads standard output", err)
        delivered = int(re.search(r"output stdout: (\d+) delivered", err)[1])
        lost = int(re.search(r"lost at the end: (\d+)", err)[1])
        self.assertEqual(delivered + lost, int(re.search(r"s, (\d+) alerts", err)[1]))

    def test_another_output_goes_on_without_standard_output(self):
        row = json.dumps(event("get")) + "\n"
        path, log = self.put("big", row * 5000), os.path.join(self.dir, "log")
        with subprocess.Popen([GYR, "-r", self.rules, "-o", "file_output.enabled=true", "-o",
                               f"file_output.filename={log}", f"k8saudit:{path}"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
            p.stdout.close()
            err = p.stderr.read()
            p.wait(PATIENCE)
        self.assertEqual(p.returncode, 0, err)
        with open(log, encoding="utf-8") as f:
            self.assertEqual(len(f.readlines()), 5000)

    def test_closed_standard_output_is_told(self):
        r = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', GYR, "-r", self.rules,
                            f"k8saudit:{self.put('m', json.dumps(event('get')))}"],
                           stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
        self.refuses(r, "standard output is closed")

    def test_sources_of_both_kinds_side_by_side(self):
        self.trail("t/a.json", "record")
        self.put("k/a.json", json.dumps(event("verb")))
        r = self.run_gyr("-r", self.rules, f"cloudtrail:{self.logs}/t", f"k8saudit:{self.logs}/k")
        self.assertEqual(sorted(l.split(" ")[-1] for l in r.stdout.splitlines()), ["record", "verb"])


if __name__ == "__main__":
    # A crash is told by the status; its memory image would only fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unittest.main(verbosity=2)
