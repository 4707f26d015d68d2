"""State tables: a plugin of another make reads and writes the state of the one that parses."""

import os
import re
import unittest

from case import BUILD, Case

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz", "corpus", "scap")

RULES = """
- rule: Each
  desc: every event with what the other plugin says of it
  condition: neighbour.visits > 0
  output: "v=%neighbour.visits o=%neighbour.opened s=%neighbour.seen f=%neighbour.fds
    n=%neighbour.comm g=%neighbour.group c=%neighbour.container id=%container.id"
  priority: INFO
"""


class Tables(Case):
    def run_with(self, config):
        return self.run_gyr("-c", self.write("gyr.yaml", config),
                            "-r", self.write("rules.yaml", RULES),
                            f"replay:{CORPUS}/processes")

    def test_a_plugin_of_another_make_works_on_the_threads(self):
        r = self.run_with(f"""
plugins:
  - {{name: neighbour, library_path: {BUILD}/tests/neighbour.so}}
stdout_output: {{enabled: true}}
""")
        self.assertEqual(r.returncode, 0, r.stderr)
        lines = re.findall(r"Informational (v=.*)", r.stdout)
        self.assertEqual(len(lines), 9, r.stdout)
        # A section forgets all threads, and with them what others wrote about them.
        self.assertEqual(lines[0], "v=1 o=1 s=1 f=0 n=cat g= c= id=host")
        self.assertEqual(lines[8], "v=1 o=1 s=1 f=0 n=cat g=/ c= id=host")

    def test_what_one_plugin_adds_another_reads(self):
        r = self.run_with(f"""
plugins:
  - {{name: neighbour, library_path: {BUILD}/tests/neighbour.so}}
  - name: container
    init_config:
      engines:
        static: {{enabled: true, container_id: only, container_name: n, container_image: i}}
stdout_output: {{enabled: true}}
""")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("c=only id=only", r.stdout)


if __name__ == "__main__":
    unittest.main()
