"""What tests of a running kernel share: the program watching this machine with rules of the test's own.

Needs root and the driver. Where they are missing the tests are skipped, and fail when CI=true."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from case import BUILD, GYR, PATIENCE, Case, whole_lines  # noqa: E402

PROVOKE = os.path.join(BUILD, "tests", "live", "provoke")


def missing():
    if os.geteuid() != 0:
        return "not root"
    if not os.path.exists(os.path.join(BUILD, "plugins", "syscall.so")):
        return "built without the driver"
    return None


class Live(Case):
    def setUp(self):
        why = missing()
        if why and os.environ.get("CI") == "true":
            self.fail(f"no live test: {why}")
        if why:
            self.skipTest(why)
        super().setUp()
        self.tag = os.path.basename(self.dir)  # what only this test has in it
        self.sentinel = self.write("sentinel", "")
        self.n_seen = 0

    def watch(self, rules, *args):
        """Starts the program with rules (`{dir}` and `{tag}` are this test's) and waits until it sees."""
        rules = rules.replace("{dir}", self.dir).replace("{tag}", self.tag) + f"""
- rule: sentinel
  desc: the program sees
  condition: evt.type in (open, openat, openat2) and fd.name startswith {self.sentinel}
  output: "%fd.name"
  priority: DEBUG
"""
        self.live_rules = self.write("live.yaml", rules)
        self.gyr = self.start("syscall:", "-r", self.live_rules, "-o", "json_output=true",
                              "-o", "watch_config_files=false", *args)
        self.until_seen()
        return self.gyr

    def until_seen(self):
        """The kernel's events up to now are through when an open made now is: each has a name of its own, as
        one of before may come only now."""
        made = set()

        def seen():
            self.assertIsNone(self.gyr.poll(), self.said())
            self.n_seen += 1
            made.add(f"{self.sentinel}{self.n_seen}")
            with open(f"{self.sentinel}{self.n_seen}", "wb"):
                pass
            return any(a["output_fields"]["fd.name"] in made for a in self.alerts("sentinel"))

        self.until(seen)

    def alerts(self, rule):
        """Alerts of a rule so far, oldest first."""
        return [a for a in map(json.loads, whole_lines(self.out)) if a["rule"] == rule]

    def fields(self, rule, n=1):
        """What the first alert of a rule says, once there are n of them."""
        self.until(lambda: len(self.alerts(rule)) >= n)
        return self.alerts(rule)[0]["output_fields"]

    def stop(self):
        self.gyr.terminate()
        self.assertEqual(self.gyr.wait(PATIENCE), 0, self.said())
