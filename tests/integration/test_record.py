"""record and replay: what a source gave is played back; what goes wrong is said."""

import glob
import json
import os
import re
import unittest

from case import Case

CORPUS = os.path.join(os.path.dirname(__file__), "..", "fuzz", "corpus", "scap")


class Record(Case):
    def test_a_recording_of_a_recording_is_the_same(self):
        for name in ("current", "old", "sections", "processes"):
            first, second = (os.path.join(self.dir, n) for n in ("first.scap", "second.scap"))
            for source, file in ((os.path.join(CORPUS, name), first), (first, second)):
                r = self.run_gyr("record", "-w", file, f"replay:{source}")
                self.assertEqual(r.returncode, 0, r.stderr)
            with open(first, "rb") as a, open(second, "rb") as b:
                self.assertEqual(a.read(), b.read(), name)

    def test_events_of_a_plugin_are_all_there(self):
        file = os.path.join(self.dir, "ticks.scap")
        r = self.run_gyr("record", "-w", file, "ticker:1000")
        self.assertEqual(r.returncode, 0, r.stderr)
        r = self.run_gyr("record", "-w", os.path.join(self.dir, "again"), f"replay:{file}")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertTrue(re.search(r"^1000 events", r.stderr, re.M), r.stderr)

    def test_a_cut_recording_fails_with_its_place(self):
        file = self.write("cut.scap", "")
        with open(os.path.join(CORPUS, "current"), "rb") as whole, open(file, "wb") as cut:
            cut.write(whole.read()[:-7])
        r = self.run_gyr(f"replay:{file}")
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stderr, "cut.scap': at byte [0-9]+: the recording ends within")

    def test_a_full_disk_fails_the_run(self):
        r = self.run_gyr("record", "-w", "/dev/full", "ticker:100")
        self.assertEqual(r.returncode, 1)
        self.assertIn("No space left", r.stderr)

    def test_wrong_use_is_refused(self):
        file = os.path.join(self.dir, "x")
        self.refuses(self.run_gyr("record", "ticker:1"), "-w FILE")
        self.refuses(self.run_gyr("record", "-w", "/nowhere/x", "ticker:1"), "/nowhere/x")
        self.refuses(self.run_gyr("record", "-w", file, "ticker:1", "ticker:2"), "one source")


class FromTheMiddle(Case):
    """A recording that a match starts knows what was there before."""

    FIELDS = """evt.type proc.name proc.exepath proc.cmdline proc.cwd proc.pname proc.aname[2] proc.vpid
        proc.env proc.tty proc.sid user.name group.name fd.num fd.name fd.type fd.sip fd.cport
        fd.l4proto thread.cgroups container.id container.name container.image.repository
        proc.is_exe_upper_layer thread.cap_effective""".split()
    ID = "3ad7b26ded6d"
    PROCESS = {"name": "sh", "exepath": "/bin/sh", "args": ["-c", "x"], "cwd": "/srv", "uid": 33,
               "cgroups": ["cpu=/docker/" + ID + "a" * 52],
               "parent": {"name": "sshd", "parent": {"name": "systemd"}}}
    BEFORE = [{"type": "open", "args": {"fd": 5, "name": "/etc/passwd"}},
              {"type": "socket", "args": {"fd": 6, "domain": "AF_INET", "type": 1, "proto": 0}},
              {"type": "connect", "args": {"res": 0, "fd": 6,
                                           "tuple": "192.0.2.7:4000->192.0.2.1:80"}}]
    EVENTS = [{"type": "getpid", "process": PROCESS, "users": {"33": "www-data"}, "before": BEFORE},
              {"type": "write", "args": {"res": 1, "fd": 5}},
              {"type": "write", "args": {"res": 1, "fd": 6}},
              {"type": "close", "args": {"res": 0, "fd": 5}},
              {"type": "write", "args": {"res": -9, "fd": 5}}]

    def alerts(self, source, *more):
        r = self.run_gyr("-o", "json_output=true", "-o", "priority=debug", "-o",
                         "rule_matching=all", "-o", "base_syscalls.all=true", *more, source)
        self.assertEqual(r.returncode, 0, r.stderr)
        alerts = [json.loads(x) for x in r.stdout.splitlines() if x.startswith("{")]
        return [{f: a["output_fields"][f] for f in self.FIELDS} for a in alerts
                if a["rule"] == "every"]

    def capturing(self, start):
        return self.write("r.yaml", json.dumps([
            {"rule": "every", "desc": "x", "condition": "evt.num > 0", "priority": "DEBUG",
             "output": " ".join("%" + f for f in self.FIELDS)},
            {"rule": "start", "desc": "x", "condition": start, "priority": "DEBUG", "output": "x",
             "capture": True, "capture_duration": 3600000}]))

    def compare(self, source, start):
        """What is played back of a recording that @start began; how many events it has."""
        prefix = os.path.join(self.dir, "cap")
        rules = self.capturing(start)
        whole = self.alerts(source, "-r", rules, "-o", "capture.enabled=true", "-o",
                            f"capture.path_prefix={prefix}")
        files = glob.glob(prefix + "_*.scap")
        self.assertEqual(len(files), 1)
        played = self.alerts(f"replay:{files[0]}", "-r", rules)
        self.assertGreater(len(played), 0)
        self.assertEqual(played, whole[-len(played):])
        return played

    def described(self):
        return "described:" + self.write("e.jsonl", "".join(json.dumps(e) + "\n" for e in self.EVENTS))

    def test_it_knows_processes_descriptors_and_users(self):
        played = self.compare(self.described(), "evt.type = write and fd.num = 5 and evt.rawres = 1")
        self.assertEqual(len(played), 4)
        self.assertEqual(played[0]["proc.aname[2]"], "systemd")
        self.assertEqual(played[0]["fd.name"], "/etc/passwd")
        self.assertEqual(played[0]["container.id"], self.ID)
        self.assertEqual(played[1]["fd.name"], "192.0.2.7:4000->192.0.2.1:80")

    def test_it_knows_what_its_first_event_takes_away(self):
        played = self.compare(self.described(), "evt.type = close")
        self.assertEqual([p["fd.name"] for p in played], ["/etc/passwd", ""])

    def test_real_recordings(self):
        for name in ("current", "processes", "old"):
            self.compare("replay:" + os.path.join(CORPUS, name), "evt.num > 0")
            for file in glob.glob(os.path.join(self.dir, "cap_*")):
                os.unlink(file)

    def test_a_bound_of_its_size_holds(self):
        prefix = os.path.join(self.dir, "cap")
        write = {"type": "write", "args": {"res": 1, "fd": 5, "data": {"hex": "00" * 4000}}}
        path = self.write("many.jsonl", "".join(
            json.dumps(e) + "\n" for e in [{"type": "getpid", "process": self.PROCESS}] + [write] * 400))
        rules = self.write("r.yaml", json.dumps([
            {"rule": "start", "desc": "x", "condition": "evt.num = 1", "priority": "DEBUG",
             "output": "x", "capture": True, "capture_duration": 3600000}]))
        r = self.run_gyr("-o", "priority=debug", "-o", "base_syscalls.all=true", "-r", rules, "-o",
                         "capture.enabled=true", "-o", f"capture.path_prefix={prefix}", "-o",
                         "capture.max_file_size_mb=1", "described:" + path)
        self.assertIn("capture size limit reached", r.stdout)
        file, = glob.glob(prefix + "_*.scap")
        self.assertLessEqual(os.path.getsize(file), 1_000_000)


if __name__ == "__main__":
    unittest.main()
