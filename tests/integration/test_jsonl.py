"""Recordings of audit logs in lines of JSON, played back by the source that plays recordings."""

import gzip
import json
import os
import subprocess
import unittest

from case import GYR, Case

LOGS = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "logs")
K8S = os.path.join(LOGS, "k8s_audit.jsonl")
AWS = os.path.join(LOGS, "cloudtrail.json")

RULES = """
- rule: Pod
  desc: x
  condition: ka.target.resource = pods
  output: "%ka.verb %evt.num %evt.time.iso8601"
  priority: INFO
  source: k8s_audit
- rule: Call
  desc: x
  condition: ct.name exists
  output: "%ct.name %evt.num"
  priority: INFO
  source: aws_cloudtrail
- rule: System
  desc: x
  condition: evt.num > 0
  output: "%evt.type"
  priority: INFO
"""


class Jsonl(Case):
    def alerts(self, *args, **more):
        r = self.run_gyr("-o", "json_output=true", *args, **more)
        self.assertEqual(r.returncode, 0, r.stderr)
        return [json.loads(x) for x in r.stdout.splitlines() if x.startswith("{")], r.stderr

    def aws_lines(self):
        with open(AWS, encoding="utf-8") as f:
            return [json.dumps(x, separators=(",", ":")) for x in json.load(f)["Records"]]

    def k8s_lines(self):
        with open(K8S, encoding="utf-8") as f:
            return f.read().splitlines()

    def same(self, played, live):
        def without_place(alerts):
            return [(a["rule"], a["source"], a["time"], a["output_fields"]) for a in alerts]
        self.assertGreater(len(live), 5)
        self.assertEqual(without_place(played), without_place(live))

    def test_kubernetes_alerts_as_from_its_own_source(self):
        self.same(self.alerts(f"replay:{K8S}")[0], self.alerts(f"k8saudit:{K8S}")[0])

    def test_cloudtrail_alerts_as_from_its_own_source(self):
        lines = self.write("ct.jsonl", "\n".join(self.aws_lines()))
        live = self.alerts(f"cloudtrail:{AWS}")[0]
        self.same(self.alerts(f"replay:{lines}")[0], live)
        self.same(self.alerts(f"replay:{AWS}")[0], live)  # one line, as it was delivered

    def test_a_packed_file(self):
        path = os.path.join(self.dir, "k8s.jsonl.gz")
        with open(K8S, "rb") as f, gzip.open(path, "wb") as out:
            out.write(f.read())
        self.same(self.alerts(f"replay:{path}")[0], self.alerts(f"k8saudit:{K8S}")[0])

    def test_blanks_between_tokens_are_taken_out_where_the_source_does(self):
        line = json.dumps(json.loads(self.k8s_lines()[1]), separators=(" , ", " : "))
        rules = self.write("r.yaml", """
- rule: Size
  desc: x
  condition: evt.num > 0
  output: "%evt.plugininfo"
  priority: INFO
  source: k8s_audit
""")
        path = self.write("k.jsonl", line + "\n")
        self.same_one = [self.alerts("-r", rules, f"{source}:{path}")[0][0]["output"]
                         for source in ("replay", "k8saudit")]
        self.assertEqual(*self.same_one)
        self.assertNotIn(" : ", self.same_one[0])

    def test_both_kinds_in_one_file_each_find_their_rules(self):
        k8s, aws = self.k8s_lines(), self.aws_lines()
        lines = [x for pair in zip(k8s, aws) for x in pair]
        path = self.write("both.jsonl", "\n".join(lines) + "\n")
        played, err = self.alerts("-r", self.write("r.yaml", RULES), f"replay:{path}")
        calls = [a for a in played if a["rule"] == "Call"]
        pods = [a for a in played if a["rule"] == "Pod"]
        self.assertEqual(len(calls), len(lines) // 2)
        self.assertGreater(len(pods), 0)
        self.assertEqual(len(played), len(calls) + len(pods))
        self.assertEqual([a["output_fields"]["evt.num"] for a in calls],
                         list(range(2, len(lines) + 1, 2)))
        self.assertIn(f"{len(lines)} events", err)

    def test_bad_lines_are_told_with_their_place_and_counted(self):
        good = self.aws_lines()
        path = self.write("bad.jsonl", "\n".join(
            [good[0], good[1][:100], "no json", '{"a":1}', '{"auditID":"1"}',
             '{"x":"' + "y" * 5000 + '"}', good[2]]) + "\n" + good[3][:-1])
        params = json.dumps({"path": path, "max_line": 4096})
        played, err = self.alerts("-r", self.write("r.yaml", RULES), f"replay:{params}")
        self.assertEqual([a["output_fields"]["evt.num"] for a in played], [1, 2])
        for line in (2, 3, 8):
            self.assertRegex(err, f"bad.jsonl': line {line}: not JSON")
        self.assertRegex(err, "bad.jsonl': line 4: a record of no known source")
        self.assertRegex(err, "bad.jsonl': line 5: no usable time")
        self.assertRegex(err, "bad.jsonl': line 6: line too long")
        self.assertIn("replay.skipped_malformed: 3", err)
        self.assertIn("replay.skipped_unknown: 1", err)
        self.assertIn("replay.skipped_no_time: 1", err)
        self.assertIn("replay.skipped_too_large: 1", err)

    def test_a_flood_of_bad_lines_is_counted_and_not_told(self):
        path = self.write("bad.jsonl", self.k8s_lines()[0] + "\n" + "{\n" * 1000)
        _, err = self.alerts("-r", self.write("r.yaml", RULES), f"replay:{path}")
        self.assertEqual(err.count("not JSON"), 20)
        self.assertIn("only counted", err)
        self.assertIn("replay.skipped_malformed: 1000", err)

    def test_records_before_damage_are_judged(self):
        path = os.path.join(self.dir, "k.jsonl.gz")
        with open(path, "wb") as f:
            f.write(gzip.compress("".join(x + "\n" for x in self.k8s_lines() * 20).encode())[:-200])
        r = self.run_gyr("-o", "json_output=true", f"replay:{path}")
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stderr, r"k.jsonl.gz': line \d+: the compressed data ends too early")
        self.assertGreater(r.stdout.count('"rule"'), 100)

    def test_standard_input_when_the_source_is_named(self):
        params = json.dumps({"path": "-", "source": "k8s_audit"})
        with open(K8S, "rb") as f:
            r = subprocess.run([GYR, f"replay:{params}"], stdin=f, capture_output=True, check=False)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn(b"10 alerts", r.stderr)

    def test_a_source_that_is_not_known(self):
        params = json.dumps({"path": K8S, "source": "okta"})
        r = self.run_gyr(f"replay:{params}")
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("'okta' is no source whose records", r.stderr)

    def test_the_option_of_older_releases_and_the_key_of_the_configuration(self):
        live = self.alerts(f"k8saudit:{K8S}")[0]
        self.same(self.alerts("-e", K8S)[0], live)
        self.same(self.alerts("-o", "engine.kind=replay", "-o",
                              f"engine.replay.capture_file={K8S}")[0], live)

    def test_a_recording_of_it_plays_the_same(self):
        scap = os.path.join(self.dir, "k.scap")
        r = self.run_gyr("record", "-w", scap, f"replay:{K8S}")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.same(self.alerts(f"replay:{scap}")[0], self.alerts(f"k8saudit:{K8S}")[0])


if __name__ == "__main__":
    unittest.main()
