"""Fields of system call events by cases that are data: field_cases.json.

A case has an event (as the source `described` takes it), the values of fields on it (null: absent), and
conditions that it fulfils.
"""

import json
import os
import unittest

from case import Case

with open(os.path.join(os.path.dirname(__file__), "field_cases.json"), encoding="utf-8") as f:
    CASES = json.load(f)


class FieldCases(Case):
    def run_on(self, events, rules):
        path = self.write("events.jsonl", "".join(json.dumps(e) + "\n" for e in events))
        r = self.run_gyr("-r", self.write("r.yaml", json.dumps(rules)), "-o", "json_output=true",
                         "-o", "priority=debug", "-o", "base_syscalls.all=true",
                         "-o", "rule_matching=all", f"described:{path}")
        self.assertEqual(r.returncode, 0, r.stderr)
        return [json.loads(x) for x in r.stdout.splitlines() if x.startswith("{")]

    def test_values(self):
        fields = sorted({f for c in CASES for f in c["want"]})
        alerts = self.run_on([c["event"] for c in CASES], [
            {"rule": "r", "desc": "x", "priority": "DEBUG", "condition": "evt.num > 0",
             "output": " ".join("%" + f for f in fields)}])
        self.assertEqual(len(alerts), len(CASES))
        for case, alert in zip(CASES, alerts):
            with self.subTest(case["says"]):
                self.assertEqual({f: alert["output_fields"][f] for f in case["want"]}, case["want"])

    def test_a_counter_counts_its_questions(self):
        alerts = self.run_on([{"type": "getpid", "process": {"name": "x"}}] * 3, [
            {"rule": "r", "desc": "x", "priority": "DEBUG", "condition": "evt.num > 0",
             "output": "%util.cnt"}])
        counts = [a["output_fields"]["util.cnt"] for a in alerts]
        self.assertGreater(counts[0], 0)
        self.assertTrue(counts[0] < counts[1] < counts[2], counts)

    def test_conditions(self):
        cases = [c for c in CASES if "fires" in c]
        for case in cases:
            rules = [{"rule": c, "desc": "x", "priority": "DEBUG", "condition": c, "output": "x"}
                     for c in case["fires"]]
            self.assertEqual([a["rule"] for a in self.run_on([case["event"]], rules)],
                             case["fires"], case["says"])


if __name__ == "__main__":
    unittest.main()
