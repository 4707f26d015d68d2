#!/usr/bin/env python3
"""real_logs.py [-v] BUILD DIR: every record of the real logs under DIR/real_logs is read.

In: audit logs that others recorded. Out: `real_logs: P passed, F failed, S skipped`, one case a file and one
a folder, and for the source that is posted to one more a file. The records are counted here by Python's own JSON parser; the program must deliver each that its
source does not document as left out, and count each that it leaves out.
"""
import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

SOURCES = {"cloudtrail": ("cloudtrail", "Records"), "k8s_audit": ("k8saudit", "items")}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


def values(text):
    """The JSON values of @text, one after another."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        if at == len(text):
            return
        value, at = decoder.raw_decode(text, at)
        yield value


def records(value, envelope):
    if isinstance(value, list):
        for v in value:
            yield from records(v, envelope)
    elif isinstance(value.get(envelope), list):
        yield from value[envelope]
    else:
        yield value


def count(path, envelope):
    """-> (records in the file, those that become events)"""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as f:
        found = [r for v in values(f.read()) for r in records(v, envelope)]
    if envelope == "items":
        good = [r for r in found if RFC3339.match(str(r.get("stageTimestamp")))]
    else:
        good = [r for r in found if RFC3339.match(str(r.get("eventTime"))) and
                isinstance(r.get("eventType"), str) and r["eventType"] != "AwsCloudTrailInsight"]
    return len(found), len(good)


def judge(gyr, source, path, wanted):
    r = subprocess.run([gyr, "-o", "priority=emergency", f"{source}:{path}"], capture_output=True,
                       text=True, timeout=300, check=False)
    events = re.search(r"^(\d+) events in", r.stderr, re.M)
    skipped = sum(int(n) for n in re.findall(source + r"\.skipped_(?:no|by)\w+: (\d+)", r.stderr))
    have = (int(events[1]) + skipped, int(events[1])) if events else None
    if r.returncode or have != wanted:
        return f"{have} (records, events), want {wanted}; exit status {r.returncode}"
    return None


def post(port, path):
    """-> the status that the file is answered with"""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        body = f.read()
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    c.request("POST", "/", body, {"Content-Type": "application/json"})
    status = c.getresponse().status
    c.close()
    return status


def judge_posted(gyr, path, wanted):
    """The same file, posted: every event of it is taken; a file that has others is not answered 200."""
    with tempfile.TemporaryFile("w+") as err, subprocess.Popen(
            [gyr, "-o", "log_level=info", "-o", "priority=emergency", "k8saudit:http://127.0.0.1:0/"],
            stdout=subprocess.DEVNULL, stderr=err) as p:
        port = None
        while port is None and p.poll() is None:
            err.seek(0)
            port = re.search(r"listens at http://127\.0\.0\.1:(\d+)/", err.read())
        status = post(int(port[1]), path) if port else 0
        p.send_signal(signal.SIGTERM)
        p.wait(300)
        err.seek(0)
        said = err.read()
    taken = sum(int(n) for n in re.findall(r"webhook_(?:events|duplicates): (\d+)", said))
    if taken != wanted[1] or status != (200 if wanted[0] == wanted[1] else 400):
        return f"posted: {taken} events, status {status}, want {wanted}"
    return None


def cases(root):
    """(source, path, (records, events)) of every log file, and of every folder of them."""
    for folder, (source, envelope) in SOURCES.items():
        for at, _, names in os.walk(os.path.join(root, folder)):
            paths = [os.path.join(at, n) for n in sorted(names)
                     if re.search(r"\.(json|jsonl|log)(\.gz)?$", n)]
            counts = [count(p, envelope) for p in paths]
            for path, n in zip(paths, counts):
                yield source, path, n
            if len(paths) > 1:
                yield source, at, tuple(map(sum, zip(*counts)))


def main():
    args = sys.argv[1:]
    verbose = args[:1] == ["-v"]
    build, root = args[verbose:]
    root = os.path.join(root, "real_logs")
    passed, failed = 0, 0
    for source, path, wanted in cases(root):
        reasons = [judge(os.path.join(build, "gyr"), source, path, wanted)]
        if source == "k8saudit" and os.path.isfile(path):
            reasons.append(judge_posted(os.path.join(build, "gyr"), path, wanted))
        passed, failed = passed + reasons.count(None), failed + len(reasons) - reasons.count(None)
        for why in filter(None, reasons) if verbose else ():
            print(f"  FAIL {os.path.relpath(path, root)}: {why}")
    print(f"real_logs: {passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
