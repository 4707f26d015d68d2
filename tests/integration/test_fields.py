"""Fields of system call events, each on an event that is written down: what they answer."""

import json
import unittest

from case import Case

ABSENT = None


class Fields(Case):
    def ask(self, event, fields, before=()):
        """The values of @fields on @event."""
        path = self.write("events.jsonl", json.dumps({**event, "before": list(before)}) + "\n")
        rule = [{"rule": "r", "desc": "x", "priority": "DEBUG", "condition": "evt.num > 0",
                 "output": " ".join("%" + f for f in fields)}]
        r = self.run_gyr("-r", self.write("r.yaml", json.dumps(rule)), "-o", "json_output=true",
                         "-o", "priority=debug", "-o", "base_syscalls.all=true", f"described:{path}")
        self.assertEqual(r.returncode, 0, r.stderr)
        out = [json.loads(x)["output_fields"] for x in r.stdout.splitlines() if x.startswith("{")]
        return {f: out[-1][f] for f in fields}

    def says(self, event, want, before=()):
        self.assertEqual(self.ask(event, list(want), before), want)

    def test_syslog(self):
        log = [{"type": "open", "args": {"fd": 5, "name": "/dev/log"}}]
        self.says({"type": "write", "args": {"res": 12, "fd": 5, "data": {"hex": b"<85>su: hello".hex()}},
                   "process": {"name": "su"}},
                  {"syslog.facility.str": "authpriv", "syslog.facility": 10,
                   "syslog.severity.str": "notice", "syslog.severity": 5,
                   "syslog.message": "su: hello", "evt.is_syslog": True}, log)

    def test_syslog_of_something_else(self):
        none = {"syslog.facility.str": ABSENT, "syslog.severity": ABSENT, "syslog.message": ABSENT}
        log = [{"type": "open", "args": {"fd": 5, "name": "/dev/log"}}]
        file = [{"type": "open", "args": {"fd": 5, "name": "/tmp/x"}}]
        for text, before in ((b"hello", log), (b"<>x", log), (b"<12", log), (b"<1234>x", log),
                             (b"<12>x", file)):
            self.says({"type": "write", "args": {"res": 1, "fd": 5, "data": {"hex": text.hex()}},
                       "process": {"name": "su"}}, none, before)

    def test_time_around(self):
        at = 1_700_000_000_000_000_000
        for ns, ms, fires in ((at, 0, True), (at + 2_000_000, 2, True), (at + 2_000_001, 2, False),
                              (at - 3_000_000, 3, True), (at - 3_000_001, 3, False)):
            path = self.write("e.jsonl", json.dumps({"type": "getpid", "time": ns}) + "\n")
            rules = self.write("r.yaml", json.dumps([{
                "rule": "r", "desc": "x", "priority": "DEBUG", "output": "x",
                "condition": f"evt.around[{at}] = {ms}"}]))
            r = self.run_gyr("-r", rules, "-o", "priority=debug", "-o", "base_syscalls.all=true",
                             f"described:{path}")
            self.assertEqual("Debug x" in r.stdout, fires, (ns, ms, r.stderr))

    def test_around_takes_equals_alone(self):
        for condition in ("evt.around[1] > 5", "evt.around[1] != 5", "evt.around[1] in (1, 2)",
                          "evt.around[1] exists"):
            rules = self.write("r.yaml", json.dumps([{
                "rule": "r", "desc": "x", "priority": "DEBUG", "output": "x", "condition": condition}]))
            self.assertEqual(self.run_gyr("-V", rules).returncode, 2, condition)

    def test_time_since_the_event_before(self):
        events = [{"type": "getpid", "time": 10_000_000_000}, {"type": "getpid", "time": 13_000_000_005}]
        path = self.write("e.jsonl", "".join(json.dumps(e) + "\n" for e in events))
        fields = ("evt.deltatime", "evt.deltatime.s", "evt.deltatime.ns", "evt.outputtime")
        rules = self.write("r.yaml", json.dumps([{
            "rule": "r", "desc": "x", "priority": "DEBUG", "condition": "evt.num > 0",
            "output": " ".join("%" + f for f in fields)}]))
        r = self.run_gyr("-r", rules, "-o", "json_output=true", "-o", "priority=debug",
                         "-o", "base_syscalls.all=true", f"described:{path}")
        out = [json.loads(x)["output_fields"] for x in r.stdout.splitlines() if x.startswith("{")]
        self.assertEqual([out[0][f] for f in fields], [0, 0, 0, "00:00:10.000000000"])
        self.assertEqual([out[1][f] for f in fields], [3_000_000_005, 3, 5, "00:00:13.000000005"])

    def test_what_is_executed_when_the_kernel_does_not_tell(self):
        self.says({"type": "execve", "args": {"filename": "bin/run", "trusted_exepath": ""},
                   "process": {"name": "run", "cwd": "/srv"}},
                  {"proc.exepath": "/srv/bin/run", "proc.cwd": "/srv/"})

    def test_a_bound_port_makes_a_server_and_an_address_alone_does_not(self):
        socket = [{"type": "socket", "args": {"fd": 5, "domain": "AF_INET", "type": 1, "proto": 0}}]
        self.says({"type": "bind", "args": {"fd": 5, "addr": "192.0.2.1:80"}, "process": {"name": "web"}},
                  {"fd.sip": "192.0.2.1", "fd.sport": 80, "fd.l4proto": "tcp", "fd.name": "192.0.2.1:80"},
                  socket)
        self.says({"type": "bind", "args": {"fd": 5, "addr": "192.0.2.1:0"}, "process": {"name": "web"}},
                  {"fd.sip": ABSENT, "fd.sport": ABSENT, "fd.l4proto": "<NA>", "fd.name": "192.0.2.1:0"},
                  socket)

    def test_a_socket_has_a_protocol_when_it_has_ends(self):
        self.says({"type": "socket", "args": {"fd": 5, "domain": "AF_INET", "type": 1, "proto": 0},
                   "process": {"name": "x"}}, {"fd.l4proto": "<NA>", "fd.type": "ipv4"})

    def test_identities_are_taken_over_as_they_are(self):
        self.says({"type": "setresuid", "args": {"ruid": 0, "euid": 4294967295, "suid": 0},
                   "process": {"name": "x", "uid": 7}}, {"user.uid": 4294967295})

    def test_raw_parameters_are_shown_as_they_are_written(self):
        self.says({"type": "brk", "args": {"res": 0x5017AF4, "addr": 8}, "process": {"name": "x"}},
                  {"evt.rawarg.res": "5017AF4", "evt.rawarg.addr": 8})

    def test_fields_inside_calls_are_in_the_alert(self):
        path = self.write("e.jsonl", json.dumps({"type": "getpid", "process": {"name": "cat"}}) + "\n")
        rules = self.write("r.yaml", json.dumps([{
            "rule": "r", "desc": "x", "priority": "DEBUG", "condition": "evt.num > 0",
            "output": "%toupper(proc.name)"}]))
        r = self.run_gyr("-r", rules, "-o", "json_output=true", "-o", "priority=debug",
                         "-o", "base_syscalls.all=true", f"described:{path}")
        alert = json.loads(r.stdout.splitlines()[0])
        self.assertTrue(alert["output"].endswith("CAT"), alert)
        self.assertEqual(alert["output_fields"]["proc.name"], "cat")

    def fires(self, condition, events):
        rules = self.write("r.yaml", json.dumps([{"rule": "r", "desc": "x", "priority": "DEBUG",
                                                  "output": "x", "condition": condition}]))
        path = self.write("e.jsonl", "".join(json.dumps(e) + "\n" for e in events))
        r = self.run_gyr("-r", rules, "-o", "priority=debug", "-o", "base_syscalls.all=true",
                         f"described:{path}")
        self.assertEqual(r.returncode, 0, r.stderr)
        return "Debug x" in r.stdout

    def test_names_compared_with_are_resolved(self):
        """localhost is in the hosts file: nobody else is asked for it."""
        to = {"type": "connect", "process": {"name": "x"},
              "before": [{"type": "socket",
                          "args": {"fd": 5, "domain": "AF_INET", "type": 1, "proto": 0}}],
              "args": {"res": 0, "fd": 5, "tuple": "192.0.2.7:4000->127.0.0.1:80"}}
        for condition, fires in (
                ("fd.sip.name = localhost", True), ("fd.cip.name = localhost", False),
                ("fd.sip.name != localhost", False), ("fd.cip.name != localhost", True),
                ("fd.sip.name in (localhost)", True), ("fd.cip.name in (localhost)", False),
                ("not fd.sip.name in (localhost)", False), ("fd.sip.name exists", True),
                ("fd.sip.name contains host", False), ("fd.sip.name startswith x", False)):
            self.assertEqual(self.fires(f"evt.type = connect and {condition}", [to]), fires, condition)

    def test_what_is_no_address_has_no_name(self):
        self.says({"type": "open", "args": {"fd": 5, "name": "/tmp/x"}, "process": {"name": "x"}},
                  {"fd.sip.name": ABSENT, "fd.lip.name": ABSENT})

    def test_fields_of_old_releases_say_what_to_use(self):
        span = "id ntags nargs tags tag[x] args arg[x]".split()
        names = [f"evtin.span.{way}{f}" for way in ("", "p.", "s.", "m.") for f in span]
        names += ["span." + f for f in span + """time enterargs enterarg[x] duration
                  duration.quantized duration.human duration.fortag[x] count count.fortag[x]
                  childcount.fortag[x] idtag[x] rawtime rawparenttime""".split()]
        names += ["mesos." + f for f in """task.name task.id task.label.x task.labels framework.name
                  framework.id""".split()]
        names += ["marathon." + f for f in """app.name app.id app.label.x app.labels group.name
                  group.id""".split()]
        self.assertEqual(len(names), 60)
        rules = self.write("r.yaml", json.dumps([
            {"rule": n, "desc": "x", "priority": "DEBUG", "output": "x",
             "condition": f"evt.type = open and {n} exists"} for n in names]))
        r = self.run_gyr("-V", rules, "-o", "json_output=true")
        self.assertEqual(r.returncode, 2)
        said = [e["message"] for f in json.loads(r.stdout)["falco_load_results"] for e in f["errors"]]
        self.assertEqual(len(said), 60, r.stdout)
        for name, message in zip(names, said):
            self.assertIn("no longer exists", message)
            self.assertIn(name.split("[")[0], message)
        text = self.run_gyr("-V", rules).stdout
        self.assertEqual(text.count("use proc.env[MESOS_TASK_ID]"), 1, text)
        self.assertEqual(text.count("nothing stands for them"), 48, text)

    def test_fields_of_old_releases_are_listed_apart(self):
        text = self.run_gyr("--list=syscall").stdout
        fields, gone = text.split("no longer fields", 1)
        self.assertIn("mesos.task.name", gone)
        self.assertNotIn("mesos", fields)
        self.assertNotIn("mesos", self.run_gyr("--list=syscall", "-N").stdout)

    def test_a_rule_may_do_without_a_field_of_old_releases(self):
        rules = self.write("r.yaml", json.dumps([{
            "rule": "r", "desc": "x", "priority": "DEBUG", "output": "x",
            "condition": "evt.type = open and mesos.task.id = x", "skip-if-unknown-filter": True}]))
        r = self.run_gyr("-V", rules)
        self.assertEqual(r.returncode, 0, r.stderr)


if __name__ == "__main__":
    unittest.main()
