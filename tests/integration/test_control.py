"""The control endpoint, asked over HTTP. Usage: test_control.py PROGRAM [TEST]"""

import fcntl
import http.client
import json
import os
import pty
import re
import shutil
import socket
import ssl
import struct
import subprocess
import termios
import time
import unittest

from case import ENDLESS, GYR, PATIENCE, Case, whole_lines


class Control(Case):
    def up(self, more="", webserver="", source=f"ticker:{ENDLESS}"):
        """Starts the program with its endpoint on a free port."""
        config = self.write("gyr.yaml", f"""
rules_files: [{self.rules}]
file_output: {{enabled: true, filename: {self.dir}/alerts}}
log_level: info
outputs_queue: {{when_full: block}}
webserver:
  enabled: true
  listen_port: 0
{webserver}
{more}
""")
        self.p = self.start("-c", config, source)
        self.until(lambda: re.search(r"webserver: https?://127.0.0.1:(\d+)", self.said()))
        self.port = int(re.search(r"webserver: https?://127.0.0.1:(\d+)", self.said()).group(1))

    def get(self, path, method="GET", headers=None, context=None, body=None):
        cls = http.client.HTTPSConnection if context else http.client.HTTPConnection
        c = cls("127.0.0.1", self.port, timeout=PATIENCE, **({"context": context} if context else {}))
        try:
            c.request(method, path, headers=headers or {}, body=body)
            r = c.getresponse()
            return r.status, r.read().decode(), r
        finally:
            c.close()

    def json(self, path):
        status, body, _ = self.get(path)
        self.assertEqual(status, 200, body)
        return json.loads(body)


class Pages(Control):
    def test_health_is_what_probes_know(self):
        self.up(webserver="  k8s_healthz_endpoint: /live")
        self.assertEqual(self.get("/live")[:2], (200, '{"status": "ok"}'))
        self.assertEqual(self.get("/healthz")[0], 404)

    def test_readiness_names_sources_outputs_and_plugins(self):
        began = time.monotonic()
        self.up()
        self.until(lambda: self.json("/readyz")["sources"][0]["last_event_age_seconds"] is not None)
        page = self.json("/readyz")
        self.assertEqual(page["status"], "ok")
        source = page["sources"][0]
        self.assertEqual((source["source"], source["plugin"], source["state"]),
                         ("ticker", "ticker", "running"))
        self.assertLessEqual(source["last_event_age_seconds"], time.monotonic() - began)
        self.assertEqual([(o["name"], o["state"]) for o in page["outputs"]], [("file", "ok")])
        self.assertIn("tick", [p["name"] for p in page["plugins"]])

    def dead(self, delivery):
        self.up(more=f"""
outputs:
  - {{plugin: http, name: dead, config: {{url: "http://127.0.0.1:1/"}}, delivery: {delivery},
     breaker: {{failures: 1}}, queue: {{when_full: {"block" if delivery != "best_effort" else "drop"}}}}}
""")

        answers = []

        def is_failing():
            status, body, _ = self.get("/readyz")
            body = json.loads(body)
            answers.append((status, body["status"]))
            return {o["name"]: o["state"] for o in body["outputs"]} == {"file": "ok",
                                                                        "dead": "failing"}

        self.until(is_failing)
        return answers[-1]

    def test_an_output_that_events_wait_for_and_that_fails_is_not_ready(self):
        self.assertEqual(self.dead("delivered"), (503, "not ready"))

    def test_an_output_of_best_effort_that_fails_is_told(self):
        self.assertEqual(self.dead("best_effort"), (200, "degraded"))

    def test_versions(self):
        self.up()
        page = self.json("/versions")
        for key in ("falco_version", "engine_version", "libs_version", "plugin_api_version",
                    "driver_api_version", "driver_schema_version"):
            self.assertRegex(page[key], r"^\d+\.\d+\.\d+$")

    def test_rules_in_use_with_their_counts(self):
        self.up()
        self.until(lambda: self.json("/rules")["rules"][0].get("alerts"))
        page = self.json("/rules")
        self.assertEqual(page["n_enabled"], 2)
        self.assertEqual([(r["name"], r["tags"], r["line"]) for r in page["rules"]],
                         [("Every tenth", ["a", "b"], 2), ("Every fifth", [], 9)])

    def test_the_configuration_hides_secrets(self):
        self.up(more="""
outputs:
  - plugin: http
    config:
      url: "http://user:hush1@127.0.0.1:1/x"
      headers: ["Authorization: Bearer hush2"]
    queue: {when_full: drop}
plugins:
  - {name: json, init_config: '{"password": "hush3"}'}
load_plugins: []
static_fields: {my_token: hush4, site: here}
""")
        status, body, _ = self.get("/config")
        self.assertEqual(status, 200)
        self.assertNotIn("hush", body)
        page = json.loads(body)
        self.assertEqual(page["config"]["static_fields"], {"my_token": "***", "site": "here"})
        self.assertEqual(page["files"], [os.path.join(self.dir, "gyr.yaml")])

    def test_anything_else_is_refused(self):
        self.up()
        self.assertEqual(self.get("/nope")[0], 404)
        self.assertEqual(self.get("/../etc/passwd")[0], 404)
        self.assertEqual(self.get("/rules", method="POST", body="x")[0], 405)
        self.assertEqual(self.get("/rules", method="DELETE")[0], 405)
        self.assertEqual(self.get("/rules", headers={"X": "y" * 60000})[0] // 100, 4)
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(b"\x00\xff garbage\r\n\r\n" * 100)
        self.assertEqual(self.get("/healthz")[0], 200)

    def test_there_is_none_for_sources_that_end(self):
        logs = self.write("log.json", '{"Records": []}')
        r = self.run_gyr("-r", self.rules, "-o", "webserver.enabled=true", f"cloudtrail:{logs}")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertNotIn("webserver", r.stderr)

    def test_a_port_in_use_is_an_error(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            r = self.run_gyr("-r", self.rules, "-o", "webserver.enabled=true", "-o",
                             f"webserver.listen_port={s.getsockname()[1]}", f"ticker:{ENDLESS}")
        self.refuses(r, "webserver: 127.0.0.1:", "in use")


class Metrics(Control):
    METRICS = "metrics: {enabled: true}"
    PROMETHEUS = "  prometheus_metrics_enabled: true"

    def samples(self):
        """{name{labels}: value} of the page, and its types."""
        status, body, r = self.get("/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(r.getheader("Content-Type").startswith("text/plain; version=0.0.4"))
        lines = body.splitlines()
        return {x.rsplit(" ", 1)[0]: float(x.rsplit(" ", 1)[1]) for x in lines if x[0] != "#"}, body

    def test_they_need_both_keys(self):
        self.up(more=self.METRICS)
        self.assertEqual(self.get("/metrics")[0], 404)

    def test_names_that_dashboards_know(self):
        self.up(more=self.METRICS, webserver=self.PROMETHEUS)
        key = 'falcosecurity_falco_rules_matches_total{rule_name="Every tenth",priority="4",' \
              'source="ticker",tag_a="true",tag_b="true"}'
        label = f'{{source="ticker:{ENDLESS}",evt_source="ticker"}}'
        self.until(lambda: min(self.samples()[0].get(k, 0)
                               for k in (key, "gyr_source_events_total" + label)) > 0)
        have, _ = self.samples()
        names = {x.split("{")[0] for x in have}
        for name in ("version_info", "kernel_release_info", "sha256_rules_files_info",
                     "sha256_config_files_info", "start_timestamp_nanoseconds",
                     "reload_timestamp_nanoseconds", "duration_seconds_total",
                     "outputs_queue_num_drops_total", "memory_rss_bytes", "cpu_usage_ratio"):
            self.assertIn("falcosecurity_falco_" + name, names)
        self.assertIn("falcosecurity_evt_hostname_info", names)
        self.assertEqual(have["gyr_source_up" + label], 1)
        self.assertIn('gyr_output_accepted_total{output="file"}', have)
        self.assertGreater(have["falcosecurity_falco_memory_rss_bytes"], 1 << 20)

    def test_counters_grow(self):
        self.up(more=self.METRICS, webserver=self.PROMETHEUS)
        key = f'gyr_source_events_total{{source="ticker:{ENDLESS}",evt_source="ticker"}}'
        first = self.samples()[0].get(key, 0)
        self.until(lambda: self.samples()[0].get(key, 0) > first)

    def test_groups_can_be_left_out(self):
        self.up(more="metrics: {enabled: true, rules_counters_enabled: false, "
                     "resource_utilization_enabled: false}", webserver=self.PROMETHEUS)
        _, body = self.samples()
        self.assertNotIn("rules_matches_total", body)
        self.assertNotIn("memory_rss_bytes", body)

    @unittest.skipUnless(shutil.which("promtool") or os.environ.get("CI"), "no promtool")
    def test_promtool_reads_them(self):
        rules = """
- {rule: 'odd "name" \\ here', desc: x, condition: tick.value > 0, output: x, priority: INFO,
   source: ticker, tags: [a-b, a.b, "1"]}
"""
        self.write("rules.yaml", rules)
        self.up(more=self.METRICS, webserver=self.PROMETHEUS)
        self.until(lambda: "rules_matches_total{" in self.samples()[1])
        r = subprocess.run(["promtool", "check", "metrics"], input=self.samples()[1], text=True,
                           capture_output=True, check=False)
        # It does not like the unit of three names, which are Falco's.
        said = [x for x in r.stderr.splitlines() if "timestamp_nanoseconds" not in x]
        self.assertEqual(said, [])
        self.assertIn(r.returncode, (0, 3))


class Access(Control):
    def test_a_token_is_asked_for_everywhere_but_for_health(self):
        token = self.write("token", "s3cr3t-Token\nsecond line\n")
        self.up(webserver=f"  bearer_token_file: {token}")
        self.assertEqual(self.get("/healthz")[0], 200)
        for given in (None, "Bearer", "Bearer s3cr3t-Toke", "Bearer s3cr3t-Tokenx", "Bearer x",
                      "Basic s3cr3t-Token", "Bearer second line"):
            status, _, r = self.get("/rules", headers={"Authorization": given} if given else {})
            self.assertEqual(status, 401, given)
            self.assertEqual(r.getheader("WWW-Authenticate"), "Bearer")
        self.assertEqual(self.get("/rules", headers={"Authorization": "Bearer s3cr3t-Token"})[0],
                         200)

    def test_tls(self):
        pem = os.path.join(self.dir, "both.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=x",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.dir + "/key",
                        "-out", self.dir + "/crt"], check=True, capture_output=True)
        with open(pem, "w", encoding="utf-8") as f:
            for part in ("crt", "key"):
                with open(os.path.join(self.dir, part), encoding="utf-8") as g:
                    f.write(g.read())
        self.up(webserver=f"  ssl_enabled: true\n  ssl_certificate: {pem}")
        context = ssl.create_default_context(cafile=self.dir + "/crt")
        self.assertEqual(self.get("/healthz", context=context)[0], 200)
        url = f"https://127.0.0.1:{self.port}"
        self.assertEqual(self.run_gyr("top", url, "-o", f"webserver.ssl_certificate={pem}").returncode,
                         0)
        r = self.run_gyr("top", url)
        self.assertEqual((r.returncode, "self-signed" in r.stderr), (1, True), r.stderr)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.get("/healthz", context=old)

    def test_files_that_are_wrong_are_told(self):
        for more, word in ((f"bearer_token_file: {self.dir}/none", "token"),
                           (f"bearer_token_file: {self.write('empty', '')}", "token"),
                           (f"{{ssl_enabled: true, ssl_certificate: {self.dir}/none}}",
                            "certificate"),
                           (f"{{ssl_enabled: true, ssl_certificate: {self.write('no.pem', 'x')}}}",
                            "certificate"),
                           ("k8s_healthz_endpoint: health", "k8s_healthz_endpoint")):
            config = self.write("bad.yaml", f"rules_files: [{self.rules}]\n"
                                            "stdout_output: {enabled: true}\n")
            more = more.strip("{}").split(", ")
            options = [x for m in ["enabled: true", "listen_port: 0"] + more
                       for x in ("-o", "webserver." + m.replace(": ", "=", 1))]
            self.refuses(self.run_gyr("-c", config, *options, f"ticker:{ENDLESS}"), "webserver",
                         word)


class Snapshots(Control):
    def lines(self, name="snapshots"):
        return [json.loads(x) for x in whole_lines(os.path.join(self.dir, name))]

    def alerts(self):
        return [json.loads(x) for x in whole_lines(os.path.join(self.dir, "alerts"))
                if "internal" in x]

    def take(self, more=""):
        self.write("rules.yaml", "- {rule: Of a 1000, desc: x, priority: INFO, source: ticker, "
                                 "output: x, condition: tick.value = 1}")
        config = self.write("gyr.yaml", f"""
rules_files: [{self.rules}]
file_output: {{enabled: true, filename: {self.dir}/alerts}}
json_output: true
metrics: {{enabled: true, interval: 200ms, output_rule: true, output_file: {self.dir}/snapshots
          {more}}}
""")
        self.p = self.start("-c", config, f"ticker:{ENDLESS}")
        self.until(lambda: len(self.lines()) > 2)

    def test_keys_are_those_that_readers_know(self):
        self.take()
        self.assertEqual(self.lines()[2]["sample"], 3)

        def moved():
            """A snapshot between which and the one before there were events."""
            return [f for f in (x["output_fields"] for x in self.lines())
                    if f.get("falco.num_evts", 0) > f.get("falco.num_evts_prev", 2 ** 64) and
                    "falco.rules.matches_total" in f]

        self.until(moved)
        fields = moved()[0]
        for key in ("evt.time", "evt.hostname", "evt.source", "falco.version", "falco.start_ts",
                    "falco.reload_ts", "falco.kernel_release", "falco.host_boot_ts",
                    "falco.host_num_cpus", "falco.num_evts", "falco.num_evts_prev",
                    "falco.evts_rate_sec", "falco.rules.matches_total", "falco.rules.Of_a_1000",
                    "falco.memory_rss_mb", "falco.memory_vsz_mb", "falco.sha256_rules_file.rules",
                    "falco.sha256_config_file.gyr", "scap.engine_name"):
            self.assertIn(key, fields)
        self.assertIn("127.0.0.1",
                      fields["falco.host_netinfo.interfaces.lo.protocols.ipv4.addresses"].split(","))
        self.assertEqual((fields["evt.source"], fields["scap.engine_name"]), ("ticker", "ticker"))
        self.assertNotIn("falco.outputs_queue_num_drops", fields)  # zero, and so left out
        self.assertEqual([k for k, v in fields.items() if v == 0], [])

    def test_the_alert_has_the_same_fields(self):
        self.take()
        self.until(lambda: len(self.alerts()) > 1)
        alert = self.alerts()[0]
        self.assertEqual(list(alert), ["hostname", "output", "output_fields", "priority", "rule",
                                       "source", "time"])
        self.assertEqual((alert["rule"], alert["priority"], alert["source"], alert["output"]),
                         ("Falco internal: metrics snapshot", "Informational", "internal",
                          "Falco metrics snapshot"))
        self.assertEqual(alert["output_fields"], self.lines()[0]["output_fields"])
        self.assertEqual(list(alert["output_fields"]), sorted(alert["output_fields"]))

    def test_groups_units_and_zeros_can_be_chosen(self):
        self.take(""", rules_counters_enabled: false, convert_memory_to_mb: false,
          include_empty_values: true""")
        fields = self.lines()[2]["output_fields"]
        self.assertIn("falco.memory_rss_kb", fields)
        self.assertNotIn("falco.memory_rss_mb", fields)
        self.assertEqual(fields["falco.outputs_queue_num_drops"], 0)
        self.assertEqual([k for k in fields if k.startswith("falco.rules.")], [])

    def test_mistakes_are_told(self):
        for key, value, word in (("interval", "50ms", "100 ms"), ("interval", "5000", "time"),
                                 ("output_file", "/nowhere/x", "/nowhere/x")):
            r = self.run_gyr("-r", self.rules, "-o", "metrics.enabled=true", "-o",
                             "metrics.output_rule=true", "-o", f"metrics.{key}={value}",
                             "ticker:10")
            self.refuses(r, "metrics", word)


class Top(Control):
    def test_once(self):
        self.up()
        r = self.run_gyr("top", f"http://127.0.0.1:{self.port}")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertNotIn("\x1b", r.stdout)
        lines = r.stdout.splitlines()
        self.assertRegex(lines[0], r"^gyr \d+\.\d+\.\d+ on \S+   up 0:\d\d:\d\d   cpu .*   2 rules$")
        self.assertRegex(lines[1], r"^events/s \S+   alerts/s \S+   sent/s \S+$")
        table = {x.split("  ")[0].strip(): x for x in lines[2:]}
        self.assertRegex(table["Every tenth"], r"Every tenth +Warning +[\d.]+[kM]? +[\d.]+[kM]?")
        self.assertRegex(table["file"], r"file +ok +[\d.]+[kM]? ")
        self.assertTrue(any(x.startswith("ticker:") and " running " in x for x in lines))
        rates = [x.split()[2] for x in lines if x.startswith("ticker:")]
        self.assertNotIn("-", rates)

    def test_nobody_there_is_an_error(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            r = self.run_gyr("top", "--once", f"http://127.0.0.1:{s.getsockname()[1]}")
        self.assertEqual(r.returncode, 1)
        self.assertIn("refused", r.stderr)
        self.refuses(self.run_gyr("top", "a", "b"), "one URL")
        self.assertIn("no URL", self.run_gyr("top", "ftp://x").stderr)

    def test_address_and_token_of_the_configuration(self):
        token = self.write("token", "abc\n")
        self.up(webserver=f"  bearer_token_file: {token}")
        r = self.run_gyr("top", "-o", f"webserver.listen_port={self.port}")
        self.assertEqual(r.returncode, 1)
        self.assertIn("bearer_token_file", r.stderr)
        r = self.run_gyr("top", "-o", f"webserver.listen_port={self.port}", "-o",
                         f"webserver.bearer_token_file={token}")
        self.assertEqual(r.returncode, 0, r.stderr)

    def test_a_live_view_on_a_terminal(self):
        self.up()
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(GYR, [GYR, "top", f"http://127.0.0.1:{self.port}"])
        self.addCleanup(os.close, fd)
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
        screen = b""
        while screen.count(b"\x1b[H") < 3:  # drawn three times
            screen += os.read(fd, 65536)
        os.write(fd, b"q")
        while True:
            try:
                more = os.read(fd, 65536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            screen += more
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        text = screen.decode()
        self.assertTrue(text.startswith("\x1b[?1049h"), "on the other screen")
        self.assertIn("\x1b[?1049l", text[-40:], "and back")
        last = text.split("\x1b[H")[2].replace("\x1b[K", "").split("\r\n")
        self.assertLessEqual(len(last), 30)
        self.assertEqual([x for x in last if len(x) > 120], [])
        self.assertTrue(any(x.startswith("Every fifth") for x in last), last)


if __name__ == "__main__":
    unittest.main()
