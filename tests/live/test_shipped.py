#!/usr/bin/env python3
"""`gyr syscall:` and nothing else: the rules that come with the program see what they are for, live."""

import os
import shutil
import socket
import subprocess
import unittest

from live import PATIENCE, PROVOKE, Live


def sh(*args, **more):
    return subprocess.run(args, timeout=PATIENCE, check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, **more)


class Shipped(Live):
    def setUp(self):
        super().setUp()
        self.gyr = self.start("syscall:", "-o", "json_output=true")
        self.n = 0
        self.until_seen()

    def until_seen(self):
        """The events up to now are through when a link made now is told."""
        made = set()

        def seen():
            self.assertIsNone(self.gyr.poll(), self.said())
            self.n += 1
            made.add(os.path.join(self.dir, f"seen{self.n}"))
            os.symlink("/etc/shadow", os.path.join(self.dir, f"seen{self.n}"))
            return any(a["output_fields"]["evt.arg.linkpath"] in made
                       for a in self.alerts("Create Symlink Over Sensitive Files"))
        self.until(seen)

    def told(self, rule, mark=None):
        """Waits for an alert of the rule whose text has @mark, this test's tag unless given."""
        def own():
            return [a for a in self.alerts(rule) if (mark or self.tag) in a["output"]]
        self.until(own)
        return own()[0]

    def provoke(self, name, *args):
        path = os.path.join(self.dir, name)
        shutil.copy(PROVOKE, path)
        sh(path, *args, cwd=self.dir)

    def test_secrets(self):
        sh("cat", "/etc/shadow", os.path.join(self.dir, "nothing"))
        a = self.told("Read sensitive file untrusted")
        self.assertEqual(a["priority"], "Warning")
        self.assertEqual(a["output_fields"]["fd.name"], "/etc/shadow")
        sh("find", self.dir, "-name", "id_rsa")
        self.told("Search Private Keys or Passwords")
        sh("cat", "/etc/hosts", os.path.join(self.dir, "nothing"))
        self.until_seen()
        self.assertEqual(len([a for a in self.alerts("Read sensitive file untrusted")
                              if self.tag in a["output"]]), 1)

    def test_shells(self):
        self.provoke("nginx", "shell", self.tag)
        self.told("Run shell untrusted")
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(PATIENCE)
            path = os.path.join(self.dir, "backdoor")
            shutil.copy(PROVOKE, path)
            p = subprocess.Popen([path, "reverse", str(server.getsockname()[1]), self.tag])
            server.accept()[0].close()
            p.wait(PATIENCE)
        self.told("Reverse shell over a connection")

    def test_files_that_rarely_change(self):
        for folder in ("/etc", "/usr/bin"):
            path = os.path.join(folder, self.tag)
            self.addCleanup(sh, "rm", "-f", path)
            sh("cp", "/bin/true", path)
        self.told("Write below etc")
        self.told("Write below binary dir")
        sh("rm", "-f", os.path.join("/usr/bin", self.tag))
        self.told("Modify binary dirs")

    def test_links_to_secrets(self):
        hard = os.path.join("/etc", self.tag)
        self.addCleanup(sh, "rm", "-f", hard)
        sh("ln", "-s", "/etc/shadow", os.path.join(self.dir, "soft"))
        sh("ln", "/etc/shadow", hard)
        self.told("Create Symlink Over Sensitive Files", "soft")
        self.assertEqual(self.told("Create Hardlink Over Sensitive Files")
                         ["output_fields"]["evt.arg.newpath"], hard)

    def test_programs_that_are_nowhere_installed(self):
        folder = os.path.join("/dev/shm", self.tag)
        os.mkdir(folder)
        self.addCleanup(shutil.rmtree, folder)
        path = shutil.copy(shutil.which("true"), folder)
        sh(path)
        self.told("Execution from /dev/shm")
        self.provoke("loader", "memfd", shutil.which("true"), self.tag)
        self.told("Fileless execution via memfd_create")

    def test_a_process_held_by_another(self):
        name = "dbg" + self.tag[-8:]
        self.provoke(name, "ptrace")
        self.told("PTRACE attached to process", name)

    def pretend(self, name, *args, **more):
        """A program of that name runs, which does nothing."""
        sh(shutil.copy(shutil.which("true"), os.path.join(self.dir, name)), *args, **more)

    def test_programs_by_their_name_and_what_they_are_told(self):
        os.chmod(self.dir, 0o755)
        self.pretend("worker", "-o", "stratum+tcp://pool.invalid:3333", self.tag)
        self.pretend("xmrig", self.tag)
        self.pretend("useradd", self.tag)
        self.pretend("shred", self.tag)
        self.pretend("sudoedit", "-s", self.tag + "\\", user=65534)
        sh("grep", "aws_secret_access_key", os.path.join(self.dir, "nothing"))
        self.told("Detect crypto miners using the Stratum protocol")
        self.told("Known Cryptominer Process Executed")
        self.told("User mgmt binaries")
        self.told("Remove Bulk Data from Disk")
        self.assertEqual(self.told("Sudo Potential Privilege Escalation")["priority"], "Critical")
        self.told("Find AWS Credentials")

    def test_files_of_people(self):
        for name in (".bash_history", ".ssh/id_rsa"):
            self.write(name, "")
        sh("cp", "/etc/hostname", os.path.join(self.dir, ".bashrc"))
        self.told("Modify Shell Configuration File")
        sh("rm", os.path.join(self.dir, ".bash_history"))
        self.told("Delete or rename shell history")
        sh("cat", os.path.join(self.dir, ".ssh/id_rsa"))
        self.told("Private key read")
        sh("cp", "/etc/hostname", os.path.join(self.dir, ".ssh/authorized_keys"))
        self.told("Adding ssh keys to authorized_keys")
        sh("chmod", "u+s", os.path.join(self.dir, ".bashrc"))
        self.told("Set Setuid or Setgid bit")
        sh("cat", os.path.join(self.dir, "../../etc/passwd"))
        self.told("Directory traversal monitored file read")

    def test_a_process_that_looks_for_debuggers(self):
        sh("python3", "-c", "import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)", self.tag)
        self.told("PTRACE anti-debug attempt")

    def test_a_log_that_is_cleared(self):
        path = os.path.join("/var/log", self.tag + ".log")
        self.addCleanup(sh, "rm", "-f", path)
        sh("sh", "-c", f"echo x > {path}")
        sh("sh", "-c", f": > {path}")
        self.told("Clear Log Activities")
        self.until_seen()
        self.assertEqual(len([a for a in self.alerts("Clear Log Activities")
                              if path in a["output"]]), 1, "making a log is not clearing it")


if __name__ == "__main__":
    unittest.main()
