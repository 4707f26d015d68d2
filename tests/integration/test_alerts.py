"""What becomes of alerts: routes, suppression, redaction. Usage: test_alerts.py PROGRAM [TEST]"""

import json
import os
import unittest

from case import RULES, Case


class Routing(Case):
    def config(self, more):
        return self.write("gyr.yaml", f"""
rules_files: [{self.rules}]
json_output: true
outputs:
  - {{plugin: file, name: first, config: {{filename: {self.dir}/first}}}}
  - {{plugin: file, name: second, config: {{filename: {self.dir}/second}}}}
  - {{plugin: stdout}}
{more}
""")

    def alerts(self, name):
        with open(os.path.join(self.dir, name), encoding="utf-8") as f:
            return [json.loads(x) for x in f]

    def test_alerts_go_where_their_routes_say(self):
        c = self.config("""
routes:
  - match: {rule: "*tenth", tags: [a], priority: warning}
    outputs: [first]
  - condition: tick.value >= 15
    outputs: [second]
    final: true
  - match: {source: ticker}
    outputs: [stdout]
""")
        r = self.run_gyr("-c", c, "ticker:30")
        self.assertEqual(r.returncode, 0, r.stderr)
        value = lambda a: a["output_fields"]["tick.value"]  # noqa: E731
        self.assertEqual([value(a) for a in self.alerts("first")], [10, 20, 30])
        self.assertEqual([value(a) for a in self.alerts("second")], [15, 20, 25, 30])
        said = [json.loads(x) for x in r.stdout.splitlines() if x.startswith("{")]
        self.assertEqual([value(a) for a in said], [5, 10])

    def test_a_route_to_an_unknown_output_is_refused(self):
        c = self.config("routes: [{outputs: [secnd]}]")
        self.refuses(self.run_gyr("-c", c, "ticker:1"), "gyr.yaml:", "'secnd'", "'second'")

    def test_a_condition_with_an_unknown_field_is_refused(self):
        c = self.config("routes: [{condition: tick.valu = 3, outputs: [first]}]")
        self.refuses(self.run_gyr("-c", c, "ticker:1"), "route 1", "tick.valu")

    def test_alerts_that_no_output_gets_are_counted(self):
        c = self.config("routes: [{match: {rule: '*fifth'}, outputs: []}]")
        r = self.run_gyr("-c", c, "ticker:30")
        self.assertEqual(len(self.alerts("first")), 3)
        self.assertIn("not sent, by their routes: 3", r.stderr)


class Suppression(Case):
    def run_with(self, policies, n=100, more=()):
        c = self.write("gyr.yaml", f"""
rules_files: [{self.rules}]
stdout_output: {{enabled: true}}
json_output: true
suppression:
  policies:
{policies}
""")
        r = self.run_gyr("-c", c, *more, f"ticker:{n}")
        self.assertEqual(r.returncode, 0, r.stderr)
        alerts = [json.loads(x) for x in r.stdout.splitlines() if x.startswith("{")]
        return r, alerts

    def test_a_summary_says_what_was_held_back(self):
        r, alerts = self.run_with(
            "    - {match: {rule: '*fifth'}, key: [evt.source], rate: 3/1h}")
        fifth = [a for a in alerts if a["rule"] == "Every fifth"]
        tenth = [a for a in alerts if a["rule"] == "Every tenth"]
        told = [a for a in alerts if a["source"] == "internal"]
        self.assertEqual((len(fifth), len(tenth), len(told)), (3, 10, 1))
        self.assertEqual(told[0]["rule"], "Gyr internal: alerts suppressed")
        self.assertEqual(told[0]["priority"], "Informational")
        self.assertNotIn("tags", told[0])
        self.assertEqual(told[0]["output_fields"]["n_suppressed"], 7)
        self.assertEqual(told[0]["output_fields"]["rule"], "Every fifth")
        self.assertEqual(told[0]["output_fields"]["keys"], "ticker (7)")
        self.assertIn("suppressed: 7", r.stderr)

    def test_repetitions_are_dropped(self):
        _, alerts = self.run_with("    - {key: [evt.source], dedupe: 1h, shared: true}")
        self.assertEqual(len([a for a in alerts if a["source"] == "ticker"]), 1)
        told = {a["output_fields"]["rule"]: a["output_fields"]["n_suppressed"]
                for a in alerts if a["source"] == "internal"}
        self.assertEqual(sum(told.values()), 19)

    def test_the_old_limit_for_all_outputs(self):
        c = self.write("gyr.yaml", f"""
rules_files: [{self.rules}]
stdout_output: {{enabled: true}}
outputs: {{rate: 0.0001, max_burst: 4}}
""")
        r = self.run_gyr("-c", c, "ticker:100")
        self.assertEqual(len([x for x in r.stdout.splitlines() if "tick " in x or "fifth " in x]), 4)

    def test_mistakes_are_told_with_their_place(self):
        for policy, words in (("{rate: x}", ["10/1m"]), ("{key: [a]}", ["rate"]),
                              ("{burst: 3, dedupe: 1m}", ["burst"]),
                              ("{rate: 1, key: [tick.valu]}", ["tick.valu"])):
            c = self.write("gyr.yaml", f"""
rules_files: [{self.rules}]
stdout_output: {{enabled: true}}
suppression: {{policies: [{policy}]}}
""")
            self.refuses(self.run_gyr("-c", c, "ticker:1"), "suppress", *words)


class Redaction(Case):
    def test_a_named_field_is_shown_nowhere(self):
        rules = self.write("rules.yaml", RULES.replace(
            '"fifth %tick.value"', '"fifth %tick.value %toupper(evt.source) %evt.source"'))
        r = self.run_gyr("-r", rules, "-o", "json_output=true", "-o", "redact.fields[]=tick.*",
                         "-o", "redact.text=***", "-o", "json_include_message_property=true",
                         "-o", 'append_output[]={"extra_fields": [{"x": "v %tick.value"}, '
                         '"tick.value"]}', "ticker:5")
        alert = json.loads(r.stdout)
        self.assertEqual(alert["message"], "fifth *** TICKER ticker")
        self.assertEqual(alert["output_fields"]["tick.value"], "***")
        self.assertEqual(alert["output_fields"]["x"], "v ***")

    def test_transformed_fields_are_hidden_too(self):
        rules = self.write("rules.yaml", RULES.replace(
            '"fifth %tick.value"', '"fifth %toupper(evt.source)."'))
        r = self.run_gyr("-r", rules, "-o", "redact.fields[]=evt.source", "ticker:5")
        self.assertIn("fifth [redacted].", r.stdout)

    def test_keys_of_suppression_are_hidden_too(self):
        c = self.write("gyr.yaml", f"""
rules_files: [{self.rules}]
stdout_output: {{enabled: true}}
json_output: true
redact: {{fields: [evt.source]}}
suppression: {{policies: [{{key: [evt.source], rate: 1/1h}}]}}
""")
        r = self.run_gyr("-c", c, "ticker:100")
        told = [json.loads(x) for x in r.stdout.splitlines() if '"internal"' in x]
        self.assertEqual(len(told), 2)
        self.assertTrue(told[0]["output_fields"]["keys"].startswith("[redacted] ("))


class Drops(Case):
    """Losses of a source of system events, made up as `simulate_drops` says."""

    def run_with(self, drops, n=5, more=""):
        events = self.write("events.jsonl", "".join(json.dumps(
            {"type": "close", "args": {"fd": 3}, "time": (1700000000 + 2 * i) * 10**9}) + "\n"
            for i in range(n)))
        rules = self.write("none.yaml", "- {rule: Never, desc: x, condition: evt.type = accept, "
                                        "output: x, priority: DEBUG}\n")
        c = self.write("gyr.yaml", f"""
rules_files: [{rules}]
stdout_output: {{enabled: true}}
json_output: true
syscall_event_drops: {drops}
{more}
""")
        return self.run_gyr("-c", c, f"described:{events}")

    def test_an_alert_tells_them(self):
        r = self.run_with("{actions: [alert], rate: 1, max_burst: 2, simulate_drops: true}")
        self.assertEqual(r.returncode, 0, r.stderr)
        alerts = [json.loads(x) for x in r.stdout.splitlines() if x.startswith("{")]
        self.assertEqual(len(alerts), 4, "one a second that was looked at")
        self.assertEqual((alerts[0]["rule"], alerts[0]["priority"], alerts[0]["source"]),
                         ("Falco internal: syscall event drop", "Debug", "internal"))
        self.assertEqual(alerts[0]["output"], "Falco internal: syscall event drop. "
                                              "1 system calls dropped in last second.")
        fields = alerts[0]["output_fields"]
        self.assertEqual(fields["n_drops"], "1")
        self.assertTrue({"n_evts", "n_drops_buffer_total", "n_drops_buffer_execve_exit",
                         "n_drops_page_faults", "ebpf_enabled"} < set(fields))
        self.assertEqual(alerts[0]["time"], "2023-11-14T22:13:22.000000000Z")
        self.assertIn("event drop detected: 4 occurrences", r.stderr)
        self.assertIn("num times actions taken: 4", r.stderr)

    def test_the_bucket_bounds_what_is_told(self):
        r = self.run_with("{actions: [alert], rate: 0.1, max_burst: 2, simulate_drops: true}", 9)
        self.assertIn("event drop detected: 8 occurrences", r.stderr)
        self.assertIn("num times actions taken: 3", r.stderr)

    def test_exit_ends_the_run(self):
        r = self.run_with("{actions: [exit], simulate_drops: true}")
        self.assertEqual(r.returncode, 1)
        self.assertIn("Exiting.", r.stderr)
        self.assertIn("num times actions taken: 1", r.stderr)

    def test_mistakes_are_told(self):
        for drops, word in (("{actions: [ignore, log]}", "ignore"), ("{actions: [lag]}", "actions"),
                            ("{threshold: 2}", "[0, 1]"), ("{rate: 0}", "rate"),
                            ("{max_burst: 0}", "max_burst")):
            self.refuses(self.run_with(drops), "gyr.yaml:", word)
        self.refuses(self.run_with("{}", more="syscall_event_timeouts: {max_consecutives: 0}"),
                     "max_consecutives")


class Captures(Case):
    """Recordings that matches start; they are played back to see what is in them."""

    def run_with(self, capture, rules, n=40, every_ms=500):
        events = self.write("events.jsonl", "".join(json.dumps(
            {"type": "close", "args": {"fd": 100 + i},
             "time": 1700000000 * 10**9 + i * every_ms * 10**6}) + "\n" for i in range(n)))
        rules = self.write("rules.yaml", rules)
        c = self.write("gyr.yaml", f"""
rules_files: [{rules}]
stdout_output: {{enabled: true}}
json_output: true
capture: {{enabled: true, path_prefix: {self.dir}/shot{capture}}}
""")
        r = self.run_gyr("-c", c, f"described:{events}")
        self.assertEqual(r.returncode, 0, r.stderr)
        return r, sorted(x for x in os.listdir(self.dir) if x.startswith("shot"))

    def numbers(self, name):
        """The descriptors of the events in a recording."""
        rules = self.write("all.yaml", "- {rule: All, desc: x, condition: evt.type = close, "
                                       "output: x %evt.rawarg.fd, priority: INFO}")
        r = self.run_gyr("-r", rules, "-o", "json_output=true", f"replay:{self.dir}/{name}")
        self.assertEqual(r.returncode, 0, r.stderr)
        return [json.loads(x)["output_fields"]["evt.rawarg.fd"] - 100
                for x in r.stdout.splitlines() if x.startswith("{")]

    RULE = "- {rule: R%d, desc: x, condition: 'evt.type = close and evt.rawarg.fd in (%s)', " \
           "output: x, priority: INFO%s}\n"

    def test_a_match_starts_one_and_another_makes_it_longer(self):
        _, files = self.run_with("", self.RULE % (1, "105, 108, 130", ", capture: true, "
                                                 "capture_duration: 2000")
                                 + self.RULE % (2, "120", ""))
        self.assertEqual(len(files), 2)
        self.assertRegex(files[0], r"^shot_01700000002500000000_\d{20}\.scap$")
        self.assertEqual(self.numbers(files[0]), list(range(5, 13)))
        self.assertEqual(self.numbers(files[1]), list(range(30, 35)))

    def test_all_rules_may_start_one(self):
        _, files = self.run_with(", mode: all_rules, default_duration: 1000",
                                 self.RULE % (2, "120", ""))
        self.assertEqual(len(files), 1)
        self.assertEqual(self.numbers(files[0]), [20, 21, 22])

    def test_the_size_is_bounded(self):
        r, files = self.run_with(", mode: all_rules, default_duration: 1000000, "
                                 "max_file_size_mb: 1", self.RULE % (1, "100", ""), 30000, 1)
        self.assertEqual(len(files), 1)
        self.assertLess(os.path.getsize(os.path.join(self.dir, files[0])), 1100000)
        told = [json.loads(x) for x in r.stdout.splitlines() if '"internal"' in x]
        self.assertEqual([x["rule"] for x in told], ["Falco internal: capture size limit reached"])
        self.assertEqual(told[0]["output_fields"]["max_file_size_mb"], "1")

    def test_a_folder_that_is_not_there_is_told_once(self):
        r, _ = self.run_with("/none/x, mode: all_rules, default_duration: 1", self.RULE % (1, "100, 101", ""))
        self.assertEqual(r.stderr.count("capture: recording"), 1)


class StaticFields(Case):
    def test_they_stand_in_conditions_and_outputs(self):
        rules = self.write("rules.yaml", """
- rule: Here
  desc: x
  condition: tick.value <= 2 and static.site = "north 1" and static.site startswith nor
  output: "%tick.value at %static.site (%toupper(static.env))"
  priority: INFO
  source: ticker
""")
        r = self.run_gyr("-r", rules, "-o", "json_output=true", "-o", "static_fields.site=north 1",
                         "-o", "static_fields.env=prod", "-o",
                         'append_output[]={"extra_fields": ["static.env"]}', "ticker:5")
        alerts = [json.loads(x) for x in r.stdout.splitlines()]
        self.assertEqual(len(alerts), 2, r.stderr)
        self.assertTrue(alerts[0]["output"].endswith("1 at north 1 (PROD)"))
        self.assertEqual(alerts[0]["output_fields"]["static.site"], "north 1")
        self.assertEqual(alerts[0]["output_fields"]["static.env"], "prod")

    def test_mistakes_are_told(self):
        for option, word in (("static_fields.a=[1]", None), ("static_fields={a-b: x}", "letters"),
                             ("static_fields={a: {b: c}}", "text")):
            r = self.run_gyr("-r", self.rules, "-o", option, "ticker:1")
            if word:
                self.refuses(r, "static_fields", word)
            else:
                self.assertEqual(r.returncode, 0, r.stderr)


class Templates(Case):
    def run_with(self, template):
        c = self.write("gyr.yaml", f"""
rules_files: [{self.rules}]
json_output: true
outputs:
  - {{plugin: stdout}}
  - plugin: file
    name: form
    template: {template}
    config: {{filename: {self.dir}/form}}
""")
        return self.run_gyr("-c", c, "ticker:10")

    def test_an_output_has_its_own_text(self):
        r = self.run_with("""'{"v":"%tick.value","rule":"{rule|json}","p":"{priority|lower}"}'""")
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(os.path.join(self.dir, "form"), encoding="utf-8") as f:
            lines = [json.loads(x) for x in f]
        self.assertEqual(lines, [{"v": "5", "rule": "Every fifth", "p": "informational"},
                                 {"v": "10", "rule": "Every tenth", "p": "warning"}])
        said = [json.loads(x) for x in r.stdout.splitlines() if x.startswith("{")]
        self.assertEqual([x["output_fields"]["tick.value"] for x in said], [5, 10])

    def test_mistakes_are_told(self):
        self.refuses(self.run_with("'{rul}'"), "template", "'rul'", "'rule'")
        self.refuses(self.run_with("'%tick.valu'"), "template", "tick.valu")


if __name__ == "__main__":
    unittest.main()
