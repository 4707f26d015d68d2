"""Events of plugins inside recordings are events of their own sources, and read back as they were."""

import json
import os
import unittest

from case import Case

CORPUS = os.path.join(os.path.dirname(__file__), "..", "fuzz", "corpus", "scap")

RULES = """
- rule: Tick
  desc: a tick that divides by ten
  condition: tick.divisible[10] = true
  output: "tick %tick.value of %evt.source by %evt.pluginname"
  priority: WARNING
  source: ticker
- rule: Anything
  desc: any event of the system
  condition: evt.num > 0
  output: "event %evt.type"
  priority: INFO
"""


class Carried(Case):
    def record(self, *sources, name="out.scap"):
        file = os.path.join(self.dir, name)
        r = self.run_gyr("record", "-w", file, *sources)
        self.assertEqual(r.returncode, 0, r.stderr)
        return file

    def alerts(self, *args):
        r = self.run_gyr("-o", "json_output=true", *args)
        self.assertEqual(r.returncode, 0, r.stderr)
        return [json.loads(x) for x in r.stdout.splitlines() if x.startswith("{")], r.stderr

    def test_rules_of_its_source_see_a_plugin_event(self):
        rules = self.write("both.yaml", RULES)
        live, _ = self.alerts("-r", rules, "ticker:100")
        played, _ = self.alerts("-r", rules, f"replay:{self.record('ticker:100')}")
        self.assertEqual(len(live), 10)
        for a in live + played:
            a["output_fields"].pop("evt.time")
        self.assertEqual([(a["rule"], a["source"], a["output_fields"]) for a in played],
                         [(a["rule"], a["source"], a["output_fields"]) for a in live])

    def test_rules_of_the_system_do_not(self):
        rules = self.write("system.yaml", RULES[RULES.index("- rule: Anything"):])
        played, _ = self.alerts("-r", rules, f"replay:{self.record('ticker:100')}")
        self.assertEqual(played, [])

    def test_both_kinds_in_one_recording_each_find_their_rules(self):
        file = self.record("ticker:10")
        with open(file, "ab") as out, open(os.path.join(CORPUS, "current"), "rb") as more:
            out.write(more.read())
        played, _ = self.alerts("-r", self.write("both.yaml", RULES), f"replay:{file}")
        self.assertEqual(sum(a["source"] == "ticker" for a in played), 1)
        self.assertGreater(sum(a["source"] == "syscall" for a in played), 0)

    def test_a_recording_of_plugin_events_is_recorded_the_same(self):
        first = self.record("ticker:1000")
        second = self.record(f"replay:{first}", name="again.scap")
        with open(first, "rb") as a, open(second, "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_events_of_a_plugin_that_is_not_here_are_counted(self):
        file = self.record("ticker:10")
        with open(file, "rb") as f:
            data = f.read()
        with open(file, "wb") as f:  # the ID behind the lengths of the two parameters
            f.write(data.replace((4).to_bytes(4, "little") + (8).to_bytes(4, "little") +
                                 (999).to_bytes(4, "little"),
                                 (4).to_bytes(4, "little") + (8).to_bytes(4, "little") +
                                 (77).to_bytes(4, "little")))
        played, err = self.alerts("-r", self.write("both.yaml", RULES[RULES.index("- rule: Anything"):]),
                                  f"replay:{file}")
        self.assertEqual(played, [])
        self.assertIn("plugin with ID 77", err)
        self.assertRegex(err, "of plugins that are not here: 10")

    def test_rules_are_tested_on_events_of_plugins_in_recordings(self):
        file = self.record("ticker:20")
        self.write("ticks.yaml", RULES[:RULES.index("- rule: Anything")])
        self.write("ticks.test.yaml", f"""
source: ticker
reader: replay
tests:
  - rule: Tick
    fires:
      - capture: {file}
        number: 10
    silent:
      - capture: {file}
        number: 11
""")
        r = self.run_gyr("test", os.path.join(self.dir, "ticks.test.yaml"))
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)


if __name__ == "__main__":
    unittest.main()
