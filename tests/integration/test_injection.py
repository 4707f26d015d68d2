"""What events say cannot forge anything in any output. Usage: test_injection.py PROGRAM [TEST]

An API call is logged whose caller chose a program name full of line ends, terminal escapes, control
characters of all kinds, quotes, and bytes that are no UTF-8. Each output gets its alert, in each form,
and what arrives is looked at byte by byte.
"""

import http.server
import json
import os
import re
import socket
import subprocess
import threading
import unittest

from case import PATIENCE, Case

FORGED = "00:00:00.000000000: Critical Forged"
HOSTILE = ("a\n" + FORGED + "\r\n<0>1 - - forged\r\x1b[2J\x1b]0;owned\x07\x00\x01\x7f\t\\\"'{}%n"
           "\u0085\u009b31m\u2028\u202e<b>|")
BROKEN = b"\xff\xfe\xc3(\xed\xa0\x80\xf4\x90\x80\x80"

RULES = """
- rule: Hostile
  desc: x
  condition: ct.name = Hostile
  output: "agent %ct.useragent end"
  priority: WARNING
  source: aws_cloudtrail
  tags: [t]
"""


class Injection(Case):
    def setUp(self):
        super().setUp()
        self.rules = self.write("rules.yaml", RULES)
        records = [{"eventName": "Hostile", "eventTime": f"2026-01-01T00:00:0{i}Z",
                    "eventID": str(i), "eventType": "AwsApiCall", "userAgent": "AGENT"} for i in range(3)]
        text = json.dumps({"Records": records}).encode()
        self.log = os.path.join(self.dir, "log.json")
        with open(self.log, "wb") as f:
            f.write(text.replace(b"AGENT", json.dumps(HOSTILE)[1:-1].encode() + BROKEN))

    def alert(self, output, more="", code=0):
        config = self.write("gyr.yaml", f"rules_files: [{self.rules}]\n{output}\n{more}\n")
        r = subprocess.run([__import__("case").GYR, "-c", config, f"cloudtrail:{self.log}"],
                           capture_output=True, timeout=PATIENCE, cwd=self.dir, check=False,
                           env={**os.environ, "TZ": "UTC"})
        self.assertEqual(r.returncode, code, r.stderr)
        return r

    def clean(self, data, n=None):
        """UTF-8 in @n lines, and in them nothing that a terminal would obey."""
        text = data.decode("utf-8")  # raises on anything else
        self.assertNotRegex(text.replace("\n", ""), "[\x00-\x1f\x7f-\x9f\u2028\u202e]")
        if n is not None:
            self.assertTrue(text.endswith("\n"), text[-40:])
            self.assertEqual(text.count("\n"), n, text)
        return text

    def check_lines(self, data):
        for line in self.clean(data, 3).splitlines():
            self.assertRegex(line, r"^00:00:0\d\.0{9}: Warning agent a\\n00:00:00.*end$")

    def check_json_lines(self, data):
        for line in self.clean(data, 3).split("\n")[:-1]:
            self.check_json(json.loads(line))

    def check_json(self, alert):
        self.assertEqual(alert["rule"], "Hostile")
        agent = alert["output_fields"]["ct.useragent"]
        whole = HOSTILE.replace("\0", "\ufffd")  # for those who parse
        self.assertTrue(agent.startswith(whole), agent)
        self.assertEqual(agent[len(whole):], BROKEN.decode("utf-8", "replace"))
        self.assertIn(whole, alert["output"])

    # ---- outputs ----

    def test_stdout(self):
        r = self.alert("stdout_output: {enabled: true}")
        self.check_lines(r.stdout.split(b"Events detected")[0])
        self.clean(r.stderr)

    def test_stdout_json(self):
        r = self.alert("stdout_output: {enabled: true}", "json_output: true")
        self.check_json_lines(r.stdout.split(b"Events detected")[0])

    def read(self, name="out"):
        with open(os.path.join(self.dir, name), "rb") as f:
            return f.read()

    def test_file(self):
        self.alert(f"file_output: {{enabled: true, filename: {self.dir}/out}}")
        self.check_lines(self.read())

    def test_file_json(self):
        self.alert(f"file_output: {{enabled: true, filename: {self.dir}/out}}", "json_output: true")
        self.check_json_lines(self.read())

    def test_file_with_a_template(self):
        self.alert(f"""
outputs:
  - plugin: file
    template: '{{"agent":"{{%ct.useragent|json}}","raw":"%ct.useragent"}}'
    config: {{filename: {self.dir}/out}}
""")
        self.assertIn('{"agent":"a\\\\n', self.clean(self.read(), 3).replace("\\n", "\\\\n"))

    def test_program(self):
        for keep in ("true", "false"):
            self.alert("program_output: {enabled: true, keep_alive: %s, "
                       "program: 'cat >> %s/out'}" % (keep, self.dir))
            self.check_lines(self.read())
            os.remove(os.path.join(self.dir, "out"))

    def test_program_json(self):
        self.alert(f"program_output: {{enabled: true, program: 'cat >> {self.dir}/out'}}",
                   "json_output: true")
        self.check_json_lines(self.read())

    # ---- syslog ----

    def syslog(self, kind, form):
        """Runs with a server of this kind; returns the messages, taken apart as it asks."""
        if kind == "local":
            server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            server.bind(os.path.join(self.dir, "log.sock"))
            address = os.path.join(self.dir, "log.sock")
        else:
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp"
                                   else socket.SOCK_STREAM)
            server.bind(("127.0.0.1", 0))
            address = f"{kind}://127.0.0.1:{server.getsockname()[1]}"
        server.settimeout(PATIENCE)
        got = []

        def take():
            if kind != "tcp":
                got.extend(server.recv(65536) for _ in range(3))
                return
            c, _ = server.accept()
            c.settimeout(PATIENCE)
            data = b""
            while part := c.recv(65536):
                data += part
            while data:  # octet counting
                n, _, data = data.partition(b" ")
                got.append(data[:int(n)])
                data = data[int(n):]
            c.close()

        if kind == "tcp":
            server.listen()
        t = threading.Thread(target=take)
        t.start()
        try:
            self.alert(f"syslog_output: {{enabled: true, address: '{address}', format: {form}, "
                       "structured_data: true, max_bytes: 8192}")
            t.join(PATIENCE)
        finally:
            server.close()
        return got

    def test_syslog(self):
        for kind in ("local", "udp", "tcp"):
            for form in ("text", "message"):
                got = self.syslog(kind, form)
                self.assertEqual(len(got), 3, kind)
                for m in got:
                    text = self.clean(m)
                    self.assertNotIn("\n", text)
                    self.assertRegex(text, r"^<12>" + ("" if kind == "local" else "1 "))
                if kind == "local":
                    os.remove(os.path.join(self.dir, "log.sock"))

    def test_syslog_json(self):
        for m in self.syslog("tcp", "json"):
            text = self.clean(m)
            self.check_json(json.loads(text[text.index("{"):]))

    # ---- http ----

    def posts(self, params, json_output=True):
        """The bodies, and the headers, of what was posted."""
        got = []

        class Peer(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((body, str(self.headers)))
                items = [{"create": {"status": 201}}] * (body.count(b'"create"') or 1)
                answer = json.dumps({"errors": False, "items": items}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            self.alert("http_output: {enabled: true, proxy: '', timeout_ms: 600000, "
                       f"url: 'http://127.0.0.1:{server.server_port}/', {params}}}",
                       "json_output: true" if json_output else "")
        finally:
            server.shutdown()
            server.server_close()
        self.assertTrue(got)
        for _, headers in got:
            self.assertNotIn("orged", headers)
        return [body for body, _ in got]

    def test_http_text(self):
        bodies = self.posts("batch: one", json_output=False)
        self.assertEqual(len(bodies), 3)
        for b in bodies:
            self.assertNotIn("\n", self.clean(b).rstrip("\n"))

    def test_http_json(self):
        for b in self.posts("batch: one"):
            self.clean(b)
            self.check_json(json.loads(b))

    def test_http_array(self):
        alerts = [a for b in self.posts("batch: array") for a in json.loads(self.clean(b))]
        self.assertEqual(len(alerts), 3)
        for a in alerts:
            self.check_json(a)

    def test_http_ndjson(self):
        self.check_json_lines(b"".join(b if b.endswith(b"\n") else b + b"\n"
                                       for b in self.posts("batch: ndjson")))

    def test_falcosidekick(self):
        for b in self.posts("preset: falcosidekick"):
            self.check_json(json.loads(self.clean(b)))

    def test_elasticsearch(self):
        lines = "".join(self.clean(b) for b in self.posts("preset: elasticsearch")).split("\n")[:-1]
        self.assertEqual(len(lines), 6)
        for action, alert in zip(lines[::2], lines[1::2]):
            self.assertEqual(list(json.loads(action)), ["create"])
            self.check_json(json.loads(alert))

    def test_loki(self):
        values = [v for b in self.posts("preset: loki")
                  for s in json.loads(self.clean(b))["streams"] for v in s["values"]]
        self.assertEqual(len(values), 3)
        for _, line in values:
            self.clean(line.encode())
            self.check_json(json.loads(line))

    def test_alertmanager(self):
        alerts = [a for b in self.posts("preset: alertmanager") for a in json.loads(self.clean(b))]
        self.assertEqual(len(alerts), 3)
        for a in alerts:
            self.assertEqual(a["labels"]["rule"], "Hostile")
            for name in a["labels"]:
                self.assertRegex(name, r"^[a-zA-Z_][a-zA-Z0-9_]*$")

    def test_slack(self):
        for b in self.posts("preset: slack"):
            message = json.loads(self.clean(b))
            self.assertNotRegex(message["text"], r"[\x00-\x1f\x7f-\x9f]")
            self.assertNotIn("<b>", message["text"])  # no markup, no mention of everybody

    def test_otlp(self):
        records = [r for b in self.posts("preset: otlp")
                   for x in json.loads(self.clean(b))["resourceLogs"]
                   for s in x["scopeLogs"] for r in s["logRecords"]]
        self.assertEqual(len(records), 3)
        for r in records:
            self.assertTrue(re.match(r"\d+$", r["timeUnixNano"]))


if __name__ == "__main__":
    unittest.main()
