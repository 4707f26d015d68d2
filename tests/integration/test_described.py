"""The source `described`: what is written down becomes what was meant, or a sentence about the line."""

import json
import unittest

from case import Case

SHOW = """
- rule: show
  desc: everything
  condition: evt.num > 0
  output: "%evt.type|%evt.args|%proc.name|%proc.pname|%proc.cmdline|%user.name|%fd.name|%proc.stdin.name"
  priority: WARNING
"""


class Described(Case):
    def seen(self, *events):
        """What the fields of the events say, one list an event."""
        path = self.write("events.jsonl", "".join(json.dumps(e) + "\n" for e in events))
        r = self.run_gyr("-r", self.write("show.yaml", SHOW), "-o", "json_output=true",
                         f"described:{path}")
        self.assertEqual(r.returncode, 0, r.stderr)
        return [json.loads(x)["output"].split("Warning ", 1)[1].split("|")
                for x in r.stdout.splitlines() if x.startswith("{")]

    def fails(self, text, says):
        path = self.write("events.jsonl", text)
        r = self.run_gyr("-r", self.write("show.yaml", SHOW), f"described:{path}")
        self.assertEqual(r.returncode, 1, r.stderr)
        self.assertIn(says, r.stderr)

    def test_an_event_in_its_world(self):
        got = self.seen({
            "type": "openat",
            "args": {"fd": 3, "dirfd": "AT_FDCWD", "name": "notes", "flags": "O_RDWR"},
            "users": {"33": "www-data"},
            "process": {"name": "cat", "args": ["-n", "notes"], "uid": 33, "cwd": "/srv",
                        "files": {"0": {"type": "ipv4", "name": "192.0.2.7:40->198.51.100.1:44"}},
                        "parent": {"name": "bash"}}})[0]
        self.assertEqual(got[0], "openat")
        self.assertIn("name=notes(/srv/notes) flags=3(O_RDWR)", got[1])
        self.assertEqual(got[2:6], ["cat", "bash", "cat -n notes", "www-data"])
        self.assertEqual(got[6:], ["/srv/notes", "192.0.2.7:40->198.51.100.1:44"])

    def test_each_process_begins_a_world_and_a_line_without_goes_on(self):
        got = self.seen(
            {"type": "openat", "args": {"fd": 3, "name": "/a"}, "process": {"name": "one"}},
            {"type": "read", "args": {"res": 0, "fd": 3}},
            {"type": "read", "args": {"res": 0, "fd": 3}, "process": {"name": "two"}})
        self.assertEqual([x[2] for x in got], ["one", "one", "two"])
        self.assertEqual([x[6] for x in got[:2]], ["/a", "/a"])
        self.assertNotEqual(got[2][6], "/a", "the second world knows the file of the first")

    def test_what_was_before_is_remembered_and_not_shown(self):
        got = self.seen({"type": "read", "args": {"res": 1, "fd": 5}, "process": {"name": "one"},
                         "before": [{"type": "open", "args": {"fd": 5, "name": "/b"}}]})
        self.assertEqual(len(got), 1)
        self.assertEqual(got[0][6], "/b")

    def test_an_event_that_starts_a_process_describes_it(self):
        got = self.seen({"type": "execve", "process": {"name": "nc", "args": ["-e", "sh"]}})[0]
        self.assertIn("comm=nc", got[1])
        self.assertEqual(got[4], "nc -e sh")

    def test_a_call_without_an_event_of_its_own(self):
        self.assertEqual(self.seen({"type": "getpid"})[0][0], "getpid")

    def test_what_is_wrong_is_said_with_the_line(self):
        good = '{"type": "getpid"}\n'
        self.fails(good + "[1]\n", "line 2: no JSON object")
        self.fails(good + good + '{"type": "opened"}\n', "line 3: there is no event 'opened'")
        self.fails('{"typ": "open"}\n', "an event has no 'typ'")
        self.fails('{"type": "open", "args": {"path": "/x"}}\n',
                   "event 'open' has no parameter 'path'")
        self.fails('{"type": "open", "args": {"flags": "O_NONE|O_ALL"}}\n',
                   "'O_ALL' of 'flags' is none of its flags")
        self.fails('{"type": "open", "process": {"pid": "x"}}\n', "wants a number")
        self.fails('{"type": "open", "process": {"shell": "x"}}\n', "a process has no 'shell'")
        self.fails('{"type": "connect", "args": {"tuple": "1.2.3:4"}}\n', "is no IP address")


if __name__ == "__main__":
    unittest.main()
