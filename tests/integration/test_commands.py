"""explain, fmt, test, --profile, and rules that change under a running stream."""

import json
import os
import signal
import subprocess
import unittest

from case import ENDLESS, GYR, Case

EVERY = 1000

COUNTING = """
- rule: {name}
  desc: one in a thousand, none twice, none left out
  condition: tick.divisible[{every}] = true
  output: "at %tick.value"
  priority: WARNING
  source: ticker
"""


class Reload(Case):
    def test_no_event_is_missed_or_judged_twice(self):
        rules = self.write("count.yaml", COUNTING.format(name="v0", every=EVERY))
        config = self.write("gyr.yaml", "outputs: [{plugin: stdout, drain: 1h, "
                                        "queue: {when_full: block}}]\njson_output: true\n")
        p = self.start("-c", config, "-r", rules, f"ticker:{ENDLESS}")

        def saw(version):
            with open(self.out, encoding="utf-8") as f:
                f.seek(max(0, os.path.getsize(self.out) - 4000))
                return f'"rule":"v{version}"' in f.read()

        self.until(lambda: saw(0))
        for version in range(1, 101):
            self.write("new.yaml", COUNTING.format(name=f"v{version}", every=EVERY))
            os.replace(os.path.join(self.dir, "new.yaml"), rules)
            p.send_signal(signal.SIGHUP)
            if version % 10 == 0:  # the others come as close together as they can
                self.until(lambda: saw(version))  # noqa: B023
        self.finish(p, signal.SIGTERM)
        with open(self.out, encoding="utf-8") as f:
            alerts = [json.loads(line) for line in f if line.startswith("{")]
        self.assertEqual([a["output_fields"]["tick.value"] for a in alerts],
                         list(range(EVERY, EVERY * len(alerts) + 1, EVERY)))
        self.assertGreaterEqual({a["rule"] for a in alerts},
                                {f"v{version}" for version in range(0, 101, 10)})


class Explain(Case):
    def test_a_rule_and_the_whole(self):
        r = self.run_gyr("explain", "-r", self.rules, "Every tenth")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("condition: tick.divisible[10] = true", r.stdout)
        r = self.run_gyr("explain", "-r", self.rules)
        self.assertIn("rules: 2", r.stdout)
        self.assertIn("Every fifth", r.stdout)  # a bool has no look-up: residual

    def test_unknown_rule(self):
        self.refuses(self.run_gyr("explain", "-r", self.rules, "Every twelfth"), "Every twelfth")


class Profile(Case):
    def test_counts_rules_and_fields(self):
        r = self.run_gyr("--profile", "-r", self.rules, "-o", "rule_matching=all", "ticker:20")
        self.assertRegex(r.stderr, r"\n +20 +2 +[0-9.]+  Every tenth\n")
        self.assertRegex(r.stderr, r"\n +20  tick\.divisible\[5\]\n")


class Layout(Case):
    def test_check_names_and_fmt_mends(self):
        path = self.write("x.yaml", "- list:   a # why\n  items: [ x,y ]\n")
        r = self.run_gyr("fmt", "--check", path)
        self.assertEqual((r.returncode, r.stdout), (1, path + "\n"), r.stderr)
        self.assertEqual(self.run_gyr("fmt", self.dir).returncode, 0)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), "- list: a  # why\n  items: [x, y]\n")
        r = self.run_gyr("fmt", "--check", path)
        self.assertEqual((r.returncode, r.stdout), (0, ""))

    def test_what_is_no_yaml_is_left_alone(self):
        path = self.write("x.yaml", "- list: [\n")
        self.refuses(self.run_gyr("fmt", path), "x.yaml:")
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), "- list: [\n")


RULE = """
- rule: Root
  desc: d
  condition: ct.user.identitytype = Root
  output: root
  priority: INFO
  source: aws_cloudtrail
"""


class RuleTests(Case):
    def over(self, text):
        self.write("r/root.yaml", RULE)
        self.write("r/root.test.yaml", text)
        return self.run_gyr("test", "--junit", "j.xml", os.path.join(self.dir, "r"))

    def test_pass_and_coverage(self):
        r = self.over("source: aws_cloudtrail\nevent: {eventName: A, userIdentity: {type: Root}}\n"
                       "tests:\n- rule: Root\n  fires: [{}]\n"
                       "  silent: [{userIdentity: {type: IAMUser}}, {userIdentity: null}]\n")
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertIn("1 rules, 0 without a firing event, 0 without a near-miss", r.stdout)
        self.assertTrue(r.stdout.endswith("3 passed, 0 failed\n"))
        with open(os.path.join(self.dir, "j.xml"), encoding="utf-8") as f:
            self.assertEqual(f.read().count("<testcase"), 3)

    def test_failures_are_placed(self):
        r = self.over("source: aws_cloudtrail\ntests:\n- rule: Root\n  fires:\n"
                       "    - '{\"userIdentity\": {\"type\": \"Role\"}}'\n")
        self.assertEqual(r.returncode, 1)
        self.assertIn("root.test.yaml:5:7: rule 'Root' does not fire", r.stdout)
        self.assertIn("rule 'Root' has no near-miss event", r.stdout)

    def test_events_of_a_recording(self):
        capture = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz", "corpus",
                               "scap", "old")
        self.write("r/open.yaml", RULE.replace("ct.user.identitytype = Root", "evt.type = openat "
                                               "and proc.name = cat")
                   .replace("aws_cloudtrail", "syscall"))
        test = ("source: syscall\nreader: replay\ntests:\n- rule: Root\n"
                f"  fires: [{{capture: {capture}, number: 2}}, {{capture: {capture}}}]\n"
                f"  silent: [{{capture: {capture}, number: 3}}]\n")
        self.write("r/open.test.yaml", test)
        r = self.run_gyr("test", os.path.join(self.dir, "r"))
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertTrue(r.stdout.endswith("3 passed, 0 failed\n"))
        for wrong, word in ((("number: 3", "number: 99"), "no event 99"),
                            (("corpus/scap/old", "corpus/scap/new"), "scap/new"),
                            (("reader: replay\n", ""), "reader"),
                            (("reader: replay", "reader: json"), "json")):
            self.write("r/open.test.yaml", test.replace(*wrong))
            self.refuses(self.run_gyr("test", os.path.join(self.dir, "r")), word)

    def test_mistakes_in_tests_are_refused(self):
        self.refuses(self.over("source: aws_cloudtrail\ntests:\n- rule: Roof\n"), "Roof")
        self.refuses(self.over("tests: []\n"), "source")
        self.refuses(self.over("source: nobody\ntests: []\n"), "nobody")


class Words(Case):
    def test_commands_want_files(self):
        for command in ("fmt", "test"):
            self.refuses(self.run_gyr(command), "which files")

    def test_every_command_answers_help(self):
        whole = self.run_gyr("--help").stdout
        for command in ("record", "fmt", "test", "explain", "top"):
            r = self.run_gyr(command, "--help")
            self.assertEqual((command, r.returncode, r.stdout), (command, 0, whole))

    def test_help_names_the_commands(self):
        r = subprocess.run([GYR, "--help"], capture_output=True, text=True, check=True)
        for word in ("fmt", "test", "explain", "--profile"):
            self.assertIn(word, r.stdout)


if __name__ == "__main__":
    unittest.main()
