"""The http output's preset `alertmanager` against a real one: what it takes, it knows."""

import json
import os
import re
import shutil
import subprocess
import unittest
import urllib.request

from case import PATIENCE, Case

SERVER = shutil.which("prometheus-alertmanager") or "/usr/bin/prometheus-alertmanager"
ROUTES = "route: {receiver: none}\nreceivers: [{name: none}]\n"


class Alertmanager(Case):
    def serve(self):
        """Starts it on a free port. -> its URL"""
        log = os.path.join(self.dir, "alertmanager.log")
        with open(log, "wb") as f:
            p = subprocess.Popen(
                [SERVER, "--config.file", self.write("alertmanager.yml", ROUTES),
                 "--storage.path", os.path.join(self.dir, "data"),
                 "--web.listen-address", "127.0.0.1:0", "--cluster.listen-address", ""],
                stdout=f, stderr=f)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)

        def address():
            with open(log, encoding="utf-8") as f:
                return re.search(r"address=(127\.0\.0\.1:\d+)", f.read())
        self.until(address)
        return "http://" + address().group(1)

    def known(self, url):
        with urllib.request.urlopen(url + "/api/v2/alerts", timeout=PATIENCE) as r:
            return json.load(r)

    def test_alerts_are_known_by_their_labels(self):
        url = self.serve()
        config = self.write("gyr.yaml", f"""
stdout_output: {{enabled: false}}
http_output: {{enabled: true, url: "{url}", preset: alertmanager}}
""")
        r = self.run_gyr("-c", config, "-r", self.rules, "ticker:10")
        self.assertEqual(r.returncode, 0, r.stderr)
        got = self.known(url)
        self.until(lambda: all(a["status"]["state"] == "active" for a in self.known(url)))
        self.assertEqual({a["labels"]["rule"] for a in got}, {"Every tenth", "Every fifth"})
        for a in got:
            self.assertEqual(a["labels"]["eventsource"], "ticker")


if __name__ == "__main__":
    unittest.main()
