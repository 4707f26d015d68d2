"""The whole program, as its users run it. Usage: test_gyr.py PROGRAM [TEST]"""

import gzip
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time
import unittest

from case import BUILD, ENDLESS, GYR, PATIENCE, RULES, Case, whole_lines


class Alerts(Case):
    def test_text(self):
        r = self.run_gyr("-r", self.rules, "ticker:20")
        self.assertEqual(r.returncode, 0, r.stderr)
        lines = r.stdout.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[1], r"^\d\d:\d\d:\d\d\.\d{9}: Warning tick 10$")
        self.assertRegex(lines[0], r"^\d\d:\d\d:\d\d\.\d{9}: Informational fifth 5$")

    def test_iso_time(self):
        r = self.run_gyr("-r", self.rules, "-o", "time_format_iso_8601=true", "ticker:5")
        self.assertRegex(r.stdout, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\+0000: Info")

    def test_json_has_the_keys_in_order(self):
        r = self.run_gyr("-r", self.rules, "-o", "json_output=true", "ticker:10",
                         env={"FALCO_HOSTNAME": "here"})
        alert = json.loads(r.stdout.splitlines()[1])
        self.assertEqual(list(alert), ["hostname", "output", "output_fields", "priority", "rule",
                                       "source", "tags", "time"])
        self.assertEqual(alert["hostname"], "here")
        self.assertEqual(alert["tags"], ["a", "b"])
        self.assertEqual(alert["output_fields"]["tick.value"], 10)
        self.assertEqual(list(alert["output_fields"]), sorted(alert["output_fields"]))
        self.assertRegex(alert["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")
        seconds = alert["output_fields"]["evt.time"] // 10**9
        self.assertTrue(alert["time"].startswith(
            time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))))

    def test_json_keys_can_be_chosen(self):
        r = self.run_gyr("-r", self.rules, "-o", "json_output=true",
                         "-o", "json_include_message_property=true",
                         "-o", "json_include_id_property=true",
                         "-o", "json_include_output_property=false",
                         "-o", "json_include_tags_property=false",
                         "-o", "json_include_output_fields_property=false", "ticker:5")
        alert = json.loads(r.stdout)
        self.assertEqual(list(alert), ["hostname", "id", "message", "priority", "rule", "source",
                                       "time"])
        self.assertEqual(alert["message"], "fifth 5")

    def test_appended_output(self):
        r = self.run_gyr("-r", self.rules, "-o", "json_output=true", "-o",
                         'append_output[]={"match": {"rule": "Every tenth"}, '
                         '"extra_output": "plus %tick.value", '
                         '"extra_fields": ["tick.value", {"zone": "eu %tick.value"}]}', "ticker:10")
        fifth, tenth, *_ = [json.loads(l) for l in r.stdout.splitlines()]
        if fifth["rule"] == "Every tenth":
            fifth, tenth = tenth, fifth
        self.assertTrue(tenth["output"].endswith("tick 10 plus 10"))
        self.assertEqual(tenth["output_fields"]["zone"], "eu 10")
        self.assertNotIn("zone", fifth["output_fields"])

    def test_all_matches(self):
        first = self.run_gyr("-r", self.rules, "ticker:100")
        every = self.run_gyr("-r", self.rules, "-o", "rule_matching=all", "ticker:100")
        self.assertEqual(len(first.stdout.splitlines()), 20)
        self.assertEqual(len(every.stdout.splitlines()), 30)

    def test_control_characters_cannot_forge_lines(self):
        rules = self.write("x.yaml", RULES + """
- rule: Forged
  desc: x
  condition: tick.value = 1
  output: "a\\n00:00:00.000000000: Critical forged \\e[2J \\u009b %tick.value"
  priority: ERROR
  source: ticker
""")
        r = self.run_gyr("-r", rules, "ticker:1")
        self.assertEqual(len(r.stdout.splitlines()), 1)
        self.assertNotIn("\x1b", r.stdout)
        self.assertIn("a\\n00:00", r.stdout)
        r = self.run_gyr("-r", rules, "-o", "json_output=true", "ticker:1")
        self.assertEqual(len(r.stdout.splitlines()), 1)
        self.assertIn("\x1b[2J", json.loads(r.stdout)["output"])


class Running(Case):
    def test_summary_counts_what_was_printed(self):
        r = self.run_gyr("-r", self.rules, "-o", "rule_matching=all", "ticker:1000")
        self.assertIn("1000 events", r.stderr)
        self.assertIn("300 alerts", r.stderr)
        self.assertRegex(r.stderr, r"100 +Warning +Every tenth")
        self.assertRegex(r.stderr, r"200 +Informational +Every fifth")
        self.assertIn("output stdout: 300 delivered", r.stderr)
        self.assertEqual(len(r.stdout.splitlines()), 300)

    def test_configuration_gives_the_lines_falco_users_know(self):
        c = self.write("c.yaml", f"""
rules_files: [{self.rules}]
plugins:
- name: ticker
  library_path: libticker.so
  open_params: "30"
load_plugins: [ticker]
stdout_output: {{enabled: true}}
""")
        r = self.run_gyr("-c", c)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("Events detected: 6\nRule counts by severity:\n   WARNING: 3\n"
                      "   INFORMATIONAL: 3\nTriggered rules by rule name:\n", r.stdout)
        self.assertIn("   Every tenth: 3\n", r.stdout)

    def test_a_library_that_is_not_there_is_told_with_its_place(self):
        c = self.write("c.yaml", f"""
rules_files: [{self.rules}]
plugins:
- name: ticker
  library_path: tickers.so
  open_params: "30"
load_plugins: [ticker]
stdout_output: {{enabled: true}}
""")
        r = self.run_gyr("-c", c)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn(f"{c}:4:3: 'tickers.so' does not exist: the registry's plugin 'ticker' is taken",
                      r.stderr)
        self.assertIn("Events detected: 6", r.stdout)

    def test_time_limit_ends_an_endless_source(self):
        began = time.monotonic()
        r = self.run_gyr("-r", self.rules, "-M", "0.5", "-o", "priority=emergency",
                         f"ticker:{ENDLESS}")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertGreater(time.monotonic() - began, 0.4)

    def test_several_sources_at_once(self):
        r = self.run_gyr("-r", self.rules, "ticker:50", "ticker:100")
        self.assertIn("150 events", r.stderr)
        self.assertEqual(len(r.stdout.splitlines()), 30)

    def test_several_outputs_get_every_alert(self):
        c = self.write("c.yaml", f"""
rules_files: [{self.rules}]
outputs:
- plugin: file
  name: one
  config: {{filename: {self.dir}/one, format: json}}
- plugin: file
  name: two
  config: {{filename: {self.dir}/two}}
  queue: {{capacity: 1, when_full: block}}
file_output: {{enabled: true, filename: {self.dir}/three}}
""")
        r = self.run_gyr("-c", c, "ticker:5000")
        self.assertEqual(r.returncode, 0, r.stderr)
        for name in ("one", "two", "three"):
            with open(os.path.join(self.dir, name), encoding="utf-8") as f:
                self.assertEqual(len(f.readlines()), 1000, name)
        self.assertNotIn("tick", r.stdout.split("Events detected")[0])

    def test_full_queue_drops_and_counts_when_told_to(self):
        fifo = os.path.join(self.dir, "fifo")
        os.mkfifo(fifo)
        keep = os.open(fifo, os.O_RDWR)
        self.addCleanup(os.close, keep)
        r = self.run_gyr("-r", self.rules, "-o", "stdout_output.enabled=false",
                         "-o", "file_output.enabled=true", "-o", f"file_output.filename={fifo}",
                         "-o", "outputs_queue.capacity=1", "-o", "outputs_queue.when_full=drop",
                         "-o", "json_output=true", "ticker:1000")
        self.assertEqual(r.returncode, 0, r.stderr)
        delivered = int(re.search(r"output file: (\d+) delivered", r.stderr)[1])
        dropped = re.search(r"dropped, queue full: (\d+)", r.stderr)
        lost = re.search(r"lost at the end: (\d+)", r.stderr)
        self.assertEqual(delivered + sum(int(x[1]) for x in (dropped, lost) if x), 200)

    def test_signal_stops_and_drains(self):
        c = self.write("c.yaml", "outputs: [{plugin: stdout, drain: 1h, queue: {capacity: 1000, "
                                 "when_full: block}}]\n")
        p = self.start("-c", c, "-r", self.rules, f"ticker:{ENDLESS}")
        self.until(lambda: os.path.getsize(self.out) > 0)
        self.finish(p, signal.SIGTERM)
        alerts = int(re.search(r"s, (\d+) alerts", self.said())[1])
        lost = re.search(r"lost at the end: (\d+)", self.said())  # of a source that was let go
        with open(self.out, encoding="utf-8") as f:
            lines = f.read().split("Events detected")[0].splitlines()
        self.assertEqual(len(lines) + int(lost[1] if lost else 0), alerts)
        self.assertIn("fifth 5", lines[0])

    def test_reload_takes_new_rules_and_keeps_old_ones_on_errors(self):
        log = os.path.join(self.dir, "log")
        rule = "- {rule: %s, desc: x, condition: 'tick.divisible[100000] = true', " \
               "output: n, priority: ERROR, source: ticker}\n"
        self.write("rules.yaml", rule % "First")
        c = self.write("c.yaml", f"""
rules_files: [{self.rules}]
file_output: {{enabled: true, filename: {log}}}
json_output: true
log_level: info
""")
        p = self.start("-c", c, f"ticker:{ENDLESS}")

        def saw(rule_name):
            if not os.path.exists(log):
                return False
            with open(log, encoding="utf-8") as f:
                return f'"rule":"{rule_name}"' in f.read()[-4000:]

        self.until(lambda: saw("First"))
        self.write("rules.yaml", "- rule: broken\n")
        p.send_signal(signal.SIGHUP)
        self.until(lambda: "all stays as it was" in self.said())
        self.write("rules.yaml", rule % "Second")
        p.send_signal(signal.SIGHUP)
        self.until(lambda: saw("Second"))
        self.finish(p, signal.SIGINT)
        with open(log, encoding="utf-8") as f:
            alerts = [json.loads(l) for l in f]
        counts = [a["rule"] for a in alerts if a["source"] == "ticker"]
        self.assertEqual(counts, sorted(counts), "First, then Second, and never back")

    def test_a_reload_tells_what_is_odd_about_the_configuration(self):
        text = f"rules_files: [{self.rules}]\nstdout_output: {{enabled: true}}\n"
        self.write("rules.yaml", "- {rule: x, desc: x, condition: tick.value = 1, output: x, "
                                 "priority: ERROR, source: ticker}")
        c = self.write("c.yaml", text)
        p = self.start("-c", c, f"ticker:{ENDLESS}")
        self.until(lambda: os.path.getsize(self.out))
        self.write("c.yaml", text + "log_levl: info\n")
        p.send_signal(signal.SIGHUP)
        self.until(lambda: f"{c}:3:11: unknown key 'log_levl'" in self.said())
        self.finish(p, signal.SIGINT)

    def test_a_reload_that_fails_is_an_alert(self):
        c = self.write("c.yaml", f"""
rules_files: [{self.rules}]
stdout_output: {{enabled: true}}
json_output: true
""")
        self.write("rules.yaml", "- {rule: x, desc: x, condition: tick.value = 1, output: x, "
                                 "priority: ERROR, source: ticker}")
        p = self.start("-c", c, f"ticker:{ENDLESS}")

        def told():
            return [json.loads(x) for x in whole_lines(self.out) if "hot restart failure" in x]

        self.until(lambda: os.path.getsize(self.out))
        self.write("rules.yaml", "- rule: broken\n")
        p.send_signal(signal.SIGHUP)
        self.until(told)
        alert = told()[0]
        self.assertEqual(alert["rule"], "Falco internal: hot restart failure")
        self.assertEqual((alert["priority"], alert["source"]), ("Critical", "internal"))

    def test_reopen_follows_a_moved_file(self):
        log = os.path.join(self.dir, "log")
        p = self.start("-r", self.rules, "-o", "file_output.enabled=true",
                       "-o", f"file_output.filename={log}", "-o", "file_output.keep_alive=true",
                       f"ticker:{ENDLESS}")
        self.until(lambda: os.path.exists(log) and os.path.getsize(log) > 0)
        os.rename(log, log + ".1")
        p.send_signal(signal.SIGUSR1)
        self.until(lambda: os.path.exists(log) and os.path.getsize(log) > 0)
        self.finish(p, signal.SIGTERM)

    def test_changed_rules_are_taken_up_by_themselves(self):
        log = os.path.join(self.dir, "log")
        rule = "- {rule: %s, desc: x, condition: 'tick.divisible[100000] = true', " \
               "output: n, priority: ERROR, source: ticker}\n"
        self.write("rules.yaml", rule % "First")
        p = self.start("-r", self.rules, "-o", "file_output.enabled=true", "-o",
                       f"file_output.filename={log}", "-o", "json_output=true",
                       "-o", "outputs_queue.when_full=drop", f"ticker:{ENDLESS}")

        def saw(name):
            with open(log, encoding="utf-8") as f:
                f.seek(max(0, os.path.getsize(log) - 2000))
                return f'"rule":"{name}"' in f.read()

        self.until(lambda: os.path.exists(log) and saw("First"))
        new = self.write("new.yaml", rule % "Second")
        os.rename(new, self.rules)
        self.until(lambda: saw("Second"))
        self.finish(p, signal.SIGTERM)

    def test_pid_file_lives_as_long_as_the_run(self):
        pid = os.path.join(self.dir, "pid")
        p = self.start("-r", self.rules, "-P", pid, "-o", "priority=emergency",
                       f"ticker:{ENDLESS}")
        self.until(lambda: os.path.exists(pid) and os.path.getsize(pid) > 0)
        with open(pid, encoding="utf-8") as f:
            self.assertEqual(int(f.read()), p.pid)
        self.finish(p, signal.SIGTERM)
        self.assertFalse(os.path.exists(pid))


RECORD = '{"eventType":"AwsApiCall","eventTime":"2024-01-02T03:04:05Z","eventID":"%d","eventName":"StopLogging",' \
         '"eventSource":"cloudtrail.amazonaws.com","awsRegion":"eu","userIdentity":{"type":"Root"}}'
AUDIT = '{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"%d","stage":"ResponseComplete",' \
        '"verb":"create","stageTimestamp":"2024-01-02T03:04:05.000000Z",' \
        '"requestReceivedTimestamp":"2024-01-02T03:04:05.000000Z",' \
        '"user":{"username":"x"},"objectRef":{"resource":"pods"}}'


class Terminal(Case):
    """On a terminal it says that it runs, and how far it is where that can be said."""

    def said_by(self, source):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with open(os.path.join(self.dir, "out"), "wb") as out:
            p = subprocess.Popen([GYR, "-r", self.rules, source], stdout=out, stderr=slave,
                                 cwd=self.dir)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        os.close(slave)
        said = ""
        while "alerts\x1b[K" not in said and " events in " not in said:
            said += os.read(master, 65536).decode()
        return p, said

    def test_an_endless_source_has_no_share(self):
        p, said = self.said_by(f"ticker:{ENDLESS}")
        self.assertTrue(said.startswith("2 rules on ticker:"), said)
        self.assertIn("(Ctrl-C ends it)", said)
        self.assertIn(" events, ", said)
        self.assertNotIn("%", said)
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(PATIENCE), 0)


class AuditLogs(Case):
    """Logs with everything wrong in them: nothing else is lost, and all of it is counted."""

    def events(self, source, name):
        r = self.run_gyr("-o", "priority=emergency", f"{source}:{os.path.join(self.dir, name)}")
        self.assertEqual(r.returncode, 0, r.stderr)
        return int(re.search(r"^(\d+) events", r.stderr, re.M)[1]), r.stderr

    def put(self, name, data):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)

    def trail(self, *ids):
        return ('{"Records":[' + ",".join(RECORD % i for i in ids) + "]}").encode()

    def test_shipped_rules_judge_a_log(self):
        self.put("t.json", self.trail(1))
        r = self.run_gyr(f"cloudtrail:{self.dir}/t.json")
        self.assertRegex(r.stdout, r"^03:04:05\.000000000: Critical ")

    def test_cloudtrail_folder_with_broken_files(self):
        good = self.trail(1, 2)
        self.put("log/a.json", good)
        self.put("log/b.json.gz", gzip.compress(self.trail(3)))
        self.put("log/empty.json", b"")
        self.put("log/empty.json.gz", gzip.compress(b""))
        self.put("log/truncated.json", good[:-60])
        self.put("log/cut.json.gz", gzip.compress(self.trail(*range(2000)))[:-40])
        self.put("log/nul.json", b'{"Records":[\0' + good)
        self.put("log/not.json", b"no json at all")
        self.put("log/latin.json", self.trail(7).replace(b"Root", b"R\xffot"))
        self.put("log/z.json", self.trail(8))
        os.symlink("../log", os.path.join(self.dir, "log", "loop"))
        n, said = self.events("cloudtrail", "log")
        self.assertGreaterEqual(n, 5)
        self.assertRegex(said, r"skipped|failed|truncated|broken|damaged")

    def test_k8s_lines_with_broken_ones(self):
        lines = [AUDIT % i for i in range(5)]
        lines.insert(1, "{")
        lines.insert(3, "\0\0")
        lines.insert(4, '{"kind":"Event","auditID":"\udcff"}')
        lines.append(AUDIT[:80])
        self.put("audit.log", "\n".join(lines).encode("utf-8", "surrogateescape"))
        n, said = self.events("k8saudit", "audit.log")
        self.assertEqual(n, 5)
        self.assertIn("skipped", said)

    def test_a_huge_line_is_skipped_and_the_rest_read(self):
        huge = b'{"kind":"Event","auditID":"' + b"x" * (50 << 20) + b'"}'
        self.put("audit.log", (AUDIT % 1).encode() + b"\n" + huge + b"\n" +
                 (AUDIT % 2).encode() + b"\n")
        n, said = self.events("k8saudit", "audit.log")
        self.assertGreaterEqual(n, 2, said)

    def test_a_bomb_is_refused_and_the_rest_read(self):
        bomb = gzip.compress(b'{"Records":[' + b" " * (300 << 20) + b"]}", 9)
        self.put("log/a.json.gz", bomb)
        self.put("log/b.json", self.trail(1))
        n, _ = self.events("cloudtrail", "log")
        self.assertEqual(n, 1)


class Usage(Case):
    def test_wrong_options(self):
        self.refuses(self.run_gyr("--lsit"), "'--lsit' is not an option", "did you mean '--list'")
        self.refuses(self.run_gyr("-Z"), "'-Z' is not an option")
        self.refuses(self.run_gyr("-r"), "'-r' needs a value")
        self.refuses(self.run_gyr("-M", "soon"), "a number of seconds")
        self.refuses(self.run_gyr("--enable-source", "a", "--disable-source", "b"), "exclude")
        self.refuses(self.run_gyr("--format", "xml"), "text, markdown or json")
        self.refuses(self.run_gyr("-o", "json_output"), "write key=value")
        self.refuses(self.run_gyr("-o", "json_output=maybe"), "true or false")

    def test_wrong_input(self):
        self.refuses(self.run_gyr("-r", self.rules), "no source to open")
        self.refuses(self.run_gyr("nosuch:x"), "nosuch")
        self.refuses(self.run_gyr("stdout:x"), "no source")
        self.refuses(self.run_gyr("-c", "missing.yaml"), "missing.yaml")
        self.refuses(self.run_gyr("-r", "missing.yaml", "ticker:1"), "missing.yaml")
        self.refuses(self.run_gyr("-r", self.rules, "ticker:x"), "ticker:x")
        self.refuses(self.run_gyr("-r", self.rules, "--enable-source", "nosuch", "ticker:1"),
                     "'nosuch' is not an event source")
        self.refuses(self.run_gyr("-r", self.rules, "-o", "base_syscalls={custom_set: [nosuch]}",
                                  "syscall:"), "custom_set: 'nosuch' is neither a system call")
        self.refuses(self.run_gyr("-r", self.rules, "-o", "stdout_output.enabled=false",
                                  "ticker:1"), "no output is enabled")

    def test_unknown_field_is_told_with_its_place(self):
        rules = self.write("x.yaml", RULES.replace("tick.divisible[5]", "tick.divisble[5]"))
        r = self.run_gyr("-r", rules, "ticker:1")
        self.assertEqual(r.returncode, 2)
        self.assertIn("tick.divisble", r.stderr)
        self.assertIn("x.yaml", r.stderr)

    def test_unknown_keys_are_warned_about(self):
        r = self.run_gyr("-r", self.rules, "-o", "json_outptu=true", "ticker:1")
        self.assertEqual(r.returncode, 0)
        self.assertIn("did you mean 'json_output'", r.stderr)

    def test_a_value_where_an_output_has_its_map_is_told(self):
        r = self.run_gyr("-r", self.rules, "-o", "jsn_output=true", "ticker:10")
        self.assertEqual((r.returncode, len(r.stdout.splitlines())), (0, 2), r.stderr)
        self.assertIn("'jsn_output' is no key: did you mean 'json_output'?", r.stderr)

    def test_slips_in_names_draw_suggestions(self):
        self.refuses(self.run_gyr("--list=tickr"), "did you mean 'ticker'?")
        self.refuses(self.run_gyr("-r", self.rules, "--disable-source", "tikcer", "ticker:1"),
                     "did you mean 'ticker'?")
        rules = self.write("x.yaml", RULES.replace("INFO", "WARNNG").replace("source:", "source: t", 1)
                           + "- rulle: x\n- rule: y\n  desc: d\n  condition: evt.type = opne\n"
                             "  output: o\n  priority: INFO\n")
        said = self.run_gyr("-V", rules).stdout
        for name in ("WARNING", "ticker", "rule", "open"):
            self.assertIn(f"did you mean '{name}'?", said)

    def test_slips_in_conditions_are_named(self):
        for condition, words in (
                ("tick.value = 1 AND tick.value = 2", ["found 'AND'", "did you mean 'and'?"]),
                ("tick.value = 1 or tick.value = 'x", ["the quote that opens here is not closed"])):
            rules = self.write("x.yaml", RULES.replace("tick.divisible[5] = true", condition))
            said = self.run_gyr("-V", rules).stdout
            for w in words:
                self.assertIn(w, said)

    def test_a_mistake_in_what_is_appended_is_told_as_such(self):
        r = self.run_gyr("-r", self.rules, "-p", "%tick.vale", "ticker:1")
        self.assertEqual(r.returncode, 2)
        self.assertIn("'tick.vale' is not a field, in what append_output or -p adds", r.stderr)

    def test_an_output_to_a_file_needs_no_name(self):
        r = self.run_gyr("-r", self.rules, "-o", "file_output.enabled=true", "ticker:10")
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(os.path.join(self.dir, "events.txt"), encoding="utf-8") as f:
            self.assertEqual(len(f.readlines()), 2)

    def test_keys_that_moved_are_told(self):
        r = self.run_gyr("-r", self.rules, "-o", "container_engines.docker.enabled=true",
                         "ticker:1")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("'container_engines' is not read", r.stderr)

    def test_options_of_older_releases_are_taken(self):
        r = self.run_gyr("-F", "x", "--cri", "y", "-s", "stats", "--stats-interval", "200",
                         "-r", self.rules, "--dry-run", "ticker:1")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("-F does nothing any more", r.stderr)
        self.assertIn("--cri does nothing any more", r.stderr)
        self.refuses(self.run_gyr("-s", "stats", "--stats-interval", "soon", "ticker:1"),
                     "metrics.interval")
        self.refuses(self.run_gyr("--list", "--markdown", "--format", "json"), "exclude")

    def test_a_selection_that_fits_no_rule_is_told(self):
        r = self.run_gyr("-r", self.rules, "-o", "rules[].disable.rule=Every tneth",
                         "-o", "rules[].disable.tag=b", "ticker:10")
        self.assertIn("disable rule 'Every tneth' fits no rule", r.stderr)
        self.assertNotIn("tag 'b'", r.stderr)

    def test_sources_of_the_engine_can_be_disabled_too(self):
        c = self.write("c.yaml", f"""
rules_files: [{self.rules}]
engine: {{kind: modern_ebpf}}
plugins: [{{name: ticker, library_path: ticker.so, open_params: "10"}}]
load_plugins: [ticker]
""")
        for args in (("--disable-source", "syscall"), ("--enable-source", "ticker")):
            r = self.run_gyr("-c", c, *args)
            self.assertEqual(r.returncode, 0, r.stderr)
            self.assertIn("2 rules, 1 sources", r.stderr)

    def test_dry_run_stops_before_anything_runs(self):
        r = self.run_gyr("-r", self.rules, "--dry-run", "ticker:10")
        self.assertEqual((r.returncode, r.stdout), (0, "dry run: 2 rules, 1 sources\n"))


class Questions(Case):
    def test_lists(self):
        fields = json.loads(self.run_gyr("--list=ticker", "--format", "json").stdout)
        self.assertEqual([s["source"] for s in fields], ["ticker"])
        self.assertIn("tick.value", [f["name"] for f in fields[0]["fields"]])
        names = self.run_gyr("--list=ticker", "-N").stdout.split()
        self.assertIn("tick.divisible", names)
        self.assertIn("| `tick.value` | uint64 |",
                      self.run_gyr("--list=ticker", "--format", "MARKDOWN").stdout)
        self.refuses(self.run_gyr("--list=nosuch"), "'nosuch' is not an event source")
        self.refuses(self.run_gyr("--list=tickr"), "did you mean 'ticker'?")

    def test_plugins(self):
        rows = json.loads(self.run_gyr("--list-plugins", "--format", "json").stdout)
        ticker = next(p for p in rows if p["name"] == "ticker")
        self.assertEqual((ticker["id"], ticker["kind"], ticker["digest"]), (999, "source", "ok"))
        for what in ("ticker", "999", os.path.join(BUILD, "plugins/ticker.so")):
            self.assertIn("(ID=999, source='ticker')", self.run_gyr("--plugin-info", what).stdout)

    def test_validate(self):
        r = self.run_gyr("-V", self.rules)
        self.assertEqual((r.returncode, r.stdout), (0, f"{self.rules}: Ok\n"))
        bad = self.write("bad.yaml", "- rule: x\n  condition: y\n")
        r = self.run_gyr("-V", self.rules, "-V", bad, "-o", "json_output=true")
        self.assertEqual(r.returncode, 2)
        results = json.loads(r.stdout)["falco_load_results"]
        self.assertEqual([f["successful"] for f in results], [True, False])

    def test_describe(self):
        r = self.run_gyr("-r", self.rules, "-L")
        self.assertIn("Every tenth", r.stdout)
        r = self.run_gyr("-r", self.rules, "-l", "Every tenth")
        self.assertNotIn("Every fifth", r.stdout)
        self.refuses(self.run_gyr("-r", self.rules, "-l", "None"), "no rule 'None'")
        r = self.run_gyr("-r", self.rules, "-L", "-o", "json_output=true")
        self.assertEqual(len(json.loads(r.stdout)["rules"]), 2)

    def test_events(self):
        self.assertIn(" execve\n", self.run_gyr("--list-events").stdout)
        self.assertEqual(self.run_gyr("--list-syscall-events").stdout,
                         self.run_gyr("--list-events").stdout)
        rows = json.loads(self.run_gyr("--list-events", "--format", "json").stdout)
        self.assertIn({"code": 322, "name": "pluginevent", "direction": "enter"}, rows)
        ignored = self.run_gyr("-i").stdout
        self.assertIn("- pread\n", ignored)
        self.assertNotIn("- open\n", ignored)

    def test_only_listed_plugins_are_known_when_there_is_a_list(self):
        c = self.write("c.yaml", "load_plugins: []\n")
        r = self.run_gyr("-c", c, "-V", self.rules, "-o", "json_output=true")
        result = json.loads(r.stdout)["falco_load_results"][0]
        self.assertEqual(r.returncode, 0)
        self.assertEqual({w["code"] for w in result["warnings"]}, {"LOAD_UNKNOWN_SOURCE"})

    def test_support(self):
        bad = self.write("bad.yaml", "- rule: [\n")
        more = self.write("more.yaml", "priority: info\n")
        text = f"rules_files: [{self.rules}, {bad}]\nconfig_files: [{more}]\n"
        c = self.write("c.yaml", text)
        r = self.run_gyr("--support", "-c", c)
        self.assertEqual(r.returncode, 0, r.stderr)
        told = json.loads(r.stdout)
        self.assertEqual(told["config"], text)
        self.assertEqual([f["content"] for f in told["config_files"]], ["priority: info\n"])
        self.assertEqual([f["variants"][0]["content"] for f in told["rules_files"]],
                         [RULES, "- rule: [\n"])
        self.assertTrue(told["cmdline"].endswith(f"--support -c {c}"))
        self.assertEqual(told["system_info"]["machine"], os.uname().machine)
        self.assertEqual(told["engine_info"]["engine_version"], "0.62.0")

    def test_versions_and_schemas(self):
        v = json.loads(self.run_gyr("--version", "-o", "json_output=true").stdout)
        self.assertEqual((v["engine_version"], v["plugin_api_version"]), ("0.62.0", "3.12.0"))
        self.assertIn("0.62.0", self.run_gyr("--version").stdout)
        self.assertIn("properties", json.loads(self.run_gyr("--config-schema").stdout))
        self.assertIn("$schema", json.loads(self.run_gyr("--rule-schema").stdout))
        self.assertEqual(int(self.run_gyr("--page-size").stdout), os.sysconf("SC_PAGESIZE"))
        self.assertEqual(self.run_gyr("--help").returncode, 0)

    def test_core_links_no_library_of_plugins(self):
        out = subprocess.run(["ldd", GYR], capture_output=True, text=True, check=True).stdout
        for name in ("libcurl", "libbpf", "libz.", "libjson-c"):
            self.assertNotIn(name, out)


class BrokenPlugins(Case):
    """A copy of the plugins, with one of them spoilt."""

    def setUp(self):
        super().setUp()
        shutil.copytree(os.path.join(BUILD, "plugins"), os.path.join(self.dir, "plugins"))
        shutil.copy(os.path.join(BUILD, "registry.yaml"), self.dir)
        self.registry = os.path.join(self.dir, "registry.yaml")
        self.args = ("-o", f"registry.file={self.registry}", "-r", self.rules, "ticker:10")

    def edit(self, old, new):
        with open(self.registry, encoding="utf-8") as f:
            text = f.read()
        self.assertIn(old, text)
        self.write("registry.yaml", text.replace(old, new, 1))

    def test_the_copy_works(self):
        self.assertEqual(self.run_gyr(*self.args).returncode, 0)

    def test_removed_library(self):
        os.unlink(os.path.join(self.dir, "plugins/tick.so"))
        self.refuses(self.run_gyr(*self.args), "tick.so")

    def test_one_corrupt_byte(self):
        path = os.path.join(self.dir, "plugins/ticker.so")
        with open(path, "r+b") as f:
            f.seek(1000)
            byte = f.read(1)
            f.seek(1000)
            f.write(bytes([byte[0] ^ 1]))
        self.refuses(self.run_gyr(*self.args), "ticker.so")
        out = self.run_gyr("-o", f"registry.file={self.registry}", "--list-plugins").stdout
        self.assertRegex(out, r"ticker .* mismatch")

    def test_two_plugins_with_one_id(self):
        self.edit("id: 999\n", "id: 10005\n")
        self.refuses(self.run_gyr(*self.args), "registry.yaml", "10005")

    def test_wrong_id(self):
        self.edit("id: 999\n", "id: 998\n")
        self.refuses(self.run_gyr(*self.args), "ticker.so", "999", "998")

    def test_an_unneeded_broken_plugin_does_no_harm(self):
        os.unlink(os.path.join(self.dir, "plugins/file.so"))
        self.assertEqual(self.run_gyr(*self.args).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
