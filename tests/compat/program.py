#!/usr/bin/env python3
"""program.py [-v] BUILD DIR FILE...: case files that are about the whole program.

In: the shared cases under DIR and the program BUILD/gyr. Out: for each FILE one line, `FILE: P passed,
F failed, S skipped`; what is skipped, by family and reason; under -v the failures by id. Exit 1 on a
failure that known.txt does not list.

A runner takes one case and returns None (passed), a text (failed), or raises Skip. Arguments of the
cases are those of the original; they are given unchanged, run in DIR.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import golden_events
import recorded_filters

HERE = os.path.dirname(os.path.abspath(__file__))


class Skip(Exception):
    """This case cannot be run, and why."""


class Bench:
    """The program under test and the folder of cases."""

    def __init__(self, build, cases, tmp):
        self.build, self.cases, self.tmp = os.path.abspath(build), os.path.abspath(cases), tmp
        self.gyr = os.path.join(self.build, "gyr")
        self.scap, self.filters = {}, {}
        self.captures = None  # whether recordings can be judged; None: not tried yet

    def has_plugin(self, name):
        return os.path.exists(os.path.join(self.build, "plugins", name + ".so"))

    def need(self, *plugins):
        if not os.path.exists(self.gyr):
            raise Skip("the program is not built yet")
        missing = [p for p in plugins if not self.has_plugin(p)]
        if missing:
            raise Skip("no plugin yet: " + ", ".join(missing))

    def need_captures(self):
        """Recordings must be read, and the state that their fields come from be kept."""
        self.need("replay", "syscall_fields")
        if self.captures is None:
            rule = {"rule": "x", "desc": "x", "output": "x", "priority": "ERROR",
                    "condition": "evt.type exists and proc.name exists and fd.name exists"}
            path = os.path.join(self.tmp, "probe.yaml")
            with open(path, "w", encoding="utf-8") as f:
                json.dump([rule], f)
            names = [os.path.join(d, n) for d, _, ns in os.walk(self.cases) for n in sorted(ns)
                     if n.endswith(".scap") and "google" in n]
            self.captures = any(self.run(["-r", path, "-o", "engine.kind=replay", "-o",
                                          "engine.replay.capture_file=" + n]).out for n in names)
        if not self.captures:
            raise Skip("no fields of system calls yet")

    def run(self, args, env=None, timeout=300):
        e = {**os.environ, "TZ": "UTC", "FALCO_HOSTNAME": "golden-host", **(env or {})}
        p = subprocess.run([self.gyr, *args], cwd=self.cases, env=e, stdin=subprocess.DEVNULL,
                           capture_output=True, timeout=timeout, check=False)
        return Result(p.returncode, p.stdout.decode("utf-8", "replace"),
                      p.stderr.decode("utf-8", "replace"))

    def config(self, name, value):
        """A configuration file (JSON is YAML) with plugin paths that exist here."""
        for p in value.get("plugins", []):
            p["library_path"] = os.path.join(self.build, "plugins", p["name"] + ".so")
        path = os.path.join(self.tmp, re.sub(r"\W", "_", name) + ".yaml")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(value, f)
        return path


class Result:
    """What a run left: status, both streams, and the alerts counted in its closing summary."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.alerts = []
        for line in out.splitlines():
            if line.startswith("{") and '"rule"' in line:
                try:
                    self.alerts.append(json.loads(line))
                except ValueError:
                    pass

    def counts(self, head):
        text = self.out if head in self.out else self.err
        m = re.search(re.escape(head) + r"\n((?:[ \t]+.*\n?)*)", text)
        found = {}
        for line in m.group(1).splitlines() if m else ():
            name, _, n = line.strip().rpartition(": ")
            if n.isdigit():
                found[name] = int(n)
        return found

    def by_rule(self):
        found = self.counts("Triggered rules by rule name:")
        if not found:
            for a in self.alerts:
                found[a["rule"]] = found.get(a["rule"], 0) + 1
        return found

    def by_priority(self):
        found = self.counts("Rule counts by severity:")
        if not found:
            for a in self.alerts:
                found[a["priority"]] = found.get(a["priority"], 0) + 1
        return found

    def last_error(self):
        return (self.err.strip().splitlines() or ["(nothing on stderr)"])[-1][:200]


# ---- expectations ------------------------------------------------------------------------------


def differs(want, got):
    return got == 0 if want == ">0" else got != want


def check_detections(r, want):
    rules, prios = r.by_rule(), r.by_priority()
    if "total" in want and differs(want["total"], sum(rules.values())):
        return f"{sum(rules.values())} alerts, want {want['total']}: {r.last_error()}"
    for rule, n in want.get("by_rule", {}).items():
        if differs(n, rules.get(rule, 0)):
            return f"rule '{rule}': {rules.get(rule, 0)}, want {n}"
    for prio, n in want.get("by_priority", {}).items():
        got = sum(v for k, v in prios.items() if prio.lower() in k.lower())
        if differs(n, got):
            return f"priority {prio}: {got}, want {n}"
    return None


def flat(item):
    """(code, message, [(type, name)]) of one validation message, outermost place first. Cases name
    the type of one place and the name of another: the rule around it."""
    where = [(x.get("item_type", "").lower(), x.get("item_name", ""))
             for x in item.get("context", {}).get("locations", [])]
    # The cases tell the last place with the nearest name, which may be that of a place around it.
    names = [name for _, name in where if name]
    if names:
        where.append((where[-1][0], names[-1]))
    return item.get("code", ""), item.get("message", ""), where


def check_validation(r, want):
    m = re.search(r'\{.*"falco_load_results".*\}', r.out, re.S)
    if not m:
        return "no falco_load_results on stdout: " + r.last_error()
    results = json.loads(m.group(0))["falco_load_results"]
    for kind in ("errors", "warnings"):
        have = [flat(i) for f in results for i in f.get(kind, [])]
        for w in want.get(kind, []):
            if not any(w.get("code", c).lower() == c.lower() and
                       ("item_type" not in w or
                        (any(t == w["item_type"].lower() for t, _ in where) and
                         ("item_name" not in w or any(n == w["item_name"] for _, n in where))))
                       for c, _, where in have):
                return f"{kind}: want {w}, have {have}"
    return None


def check_streams(r, want):
    for stream, text in (("stdout", r.out), ("stderr", r.err)):
        for key, flags, wanted in (("regex", 0, True), ("regex_dotall", re.S, True),
                                   ("not_regex", 0, False)):
            for pattern in want.get(f"{stream}_{key}", []):
                if bool(re.search(pattern, text, flags)) != wanted:
                    return f"{stream}: {'no' if wanted else 'a'} match of {pattern!r}"
        for part in want.get(f"{stream}_contains", []):
            if part not in text:
                return f"{stream} lacks {part!r}"
    return None


def check_files(bench, r, want, values):
    def lines(path):
        with open(os.path.join(bench.cases, path), encoding="utf-8") as f:
            return f.read().splitlines()

    if "stdout_contains_lines_of" in want:
        missing = [x for x in lines(want["stdout_contains_lines_of"]) if x not in r.out]
        if missing:
            return f"stdout lacks {missing[0]!r}"
    if "stdout_json_has_keys" in want:
        have = json.loads(r.out)
        missing = [k for k in want["stdout_json_has_keys"] if k not in have]
        if missing:
            return f"stdout: no key {missing}"
    if "stdout_first_lines_json_equal" in want:
        alerts = [x for x in lines(want["stdout_first_lines_json_equal"]) if x.startswith("{")]
        for x, y in zip(alerts, r.out.splitlines()):
            if json.loads(x) != json.loads(y):
                return f"stdout: {y[:200]}"
    if "file_output_equals" in want:
        with open(values["outFilePath"], encoding="utf-8") as f:
            have = f.read().splitlines()
        missing = [x for x in lines(want["file_output_equals"]["expected"]) if x not in have]
        if missing:
            return f"the file lacks {missing[0]!r}"
    return None


# Where the original's suite counts each open of an old capture twice (enter and exit), its released
# program once; the observed counts hold.
def expectation(case):
    want = dict(case["expect"])
    seen = case.get("observed_falco_0_44_1", {})
    if case["use"] != "current_with_observed":
        return want
    if "exit_code" in seen:
        want["exit_code"] = seen["exit_code"]
        want["process_error"] = seen["exit_code"] != 0
    if "by_rule" in seen:
        want["detections"] = {"by_rule": seen["by_rule"], "total": sum(seen["by_rule"].values())}
        for key in ("stdout_contains_lines_of", "file_output_equals"):
            want.pop(key, None)
        if "stdout_first_lines_json_equal" in want:
            want["stdout_first_lines_json_equal"] = case["golden_stdout_0_44_1"]
    if "load_results" in seen:
        want["validation"] = {
            k: [{x: i[x] for x in ("code", "item_type", "item_name") if x in i}
                for f in seen["load_results"] for i in f[k]] for k in ("errors", "warnings")}
    return want


# ---- runners -----------------------------------------------------------------------------------


def run_legacy(bench, case):
    """legacy_cases.json and k8saudit_cases.json: arguments, and what must come of them."""
    if not case["use"].startswith("current"):
        raise Skip(f"marked {case['use']}")
    bench.need()
    if case.get("plugin_config"):
        bench.need(*[p["name"] for p in case["plugin_config"]["plugins"]])
    elif case["mode"] == "replay":
        bench.need_captures()
    if "container" in " ".join(case["argv"]):
        bench.need("container")
    values = {"outFilePath": os.path.join(bench.tmp, "out.txt")}
    if case.get("plugin_config"):
        values["PLUGIN_CONFIG"] = bench.config(case["id"], case["plugin_config"])
    args = [re.sub(r"\$\{(\w+)\}", lambda m: values.get(m.group(1), m.group(0)), a)
            for a in case["argv"]]
    r = bench.run(args, case.get("env"))
    want = expectation(case)
    is_error = want.get("process_error", want.get("exit_code", 0) != 0)
    if (r.code != 0) != is_error:
        return f"exit status {r.code}: {r.last_error()}"
    if r.code < 0 or r.code > 2:
        return f"ended by signal or with status {r.code}"
    checks = [check_streams(r, want), check_files(bench, r, want, values)]
    if "detections" in want:
        checks.append(check_detections(r, want["detections"]))
    if "validation" in want:
        checks.append(check_validation(r, want["validation"]))
    return next((c for c in checks if c), None)


def run_golden(bench, case):
    """golden_cases.json: every alert of the original on real logs and captures, in order."""
    if case["family"] == "golden.events":
        bench.need_captures()
        return golden_events.judge(bench, case)
    args = [x for rule in case["rules"] for x in ("-r", rule)] + case["argv_extra"]
    if case["family"] == "golden.alerts":
        bench.need_captures()
        bench.need("container")  # its fields are in the rules
        args += ["-o", "engine.kind=replay", "-o", "engine.replay.capture_file=" + case["capture"]]
    else:
        name = {"aws_cloudtrail": "cloudtrail", "k8s_audit": "k8saudit"}[case["source"]]
        bench.need(name, "json")
        args = ["-c", bench.config(case["id"], {
            "plugins": [{"name": name, "open_params": case["input"]}, {"name": "json"}],
            "load_plugins": [name, "json"], "stdout_output": {"enabled": True}})] + args
    r = bench.run(args, timeout=300)
    if r.code:
        return f"exit status {r.code}: {r.last_error()}"
    if r.by_rule() != case["by_rule"]:
        return f"counts {r.by_rule()}, want {case['by_rule']}"
    if not case["alerts_file"]:
        return None
    with open(os.path.join(bench.cases, case["alerts_file"]), encoding="utf-8") as f:
        want = [json.loads(x) for x in f if x.strip()]
    key = lambda a: (a["time"], a["rule"], a["output"])  # noqa: E731
    if case["family"] != "golden.alerts":  # the order of files in a folder is not part of it
        want, have = sorted(want, key=key), sorted(r.alerts, key=key)
    else:
        have = r.alerts
    for x, y in zip(want, have):
        if list(x) != list(y) or list(x["output_fields"]) != list(y["output_fields"]):
            return f"{x['rule']}: keys {list(y)} {list(y['output_fields'])}"
        for k in x:
            if x[k] != y.get(k):
                return f"{x['rule']}: {k}: want {x[k]!r}, have {y.get(k)!r}"[:400]
    return None


def run_scap(bench, case):
    """scap_field_cases.json: one field of one event. All cases of a capture share a run."""
    bench.need_captures()
    return bench.scap[case["id"]]


def prepare_scap(bench, cases):
    """One run a capture: a rule for each case that prints its field on its event."""
    try:
        bench.need_captures()
    except Skip:
        return
    groups = {}
    for c in cases:
        groups.setdefault(c["scap"], []).append(c)
    for scap, group in groups.items():
        rules = [{"rule": c["id"], "desc": "x", "priority": "DEBUG", "output": f"[%{c['field']}]",
                  "condition": f"evt.num = {c['evt']['evt_num_on_replay']}"} for c in group]
        path = os.path.join(bench.tmp, "scap.yaml")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(rules, f)
        r = bench.run(["-r", path, "-o", "engine.kind=replay", "-o", "json_output=true",
                       "-o", "rule_matching=all", "-o", "priority=debug",
                       "-o", "json_include_message_property=true",
                       "-o", "append_output.suggested_output=false",
                       "-o", "base_syscalls.all=true",
                       "-o", "engine.replay.capture_file=" + scap])
        said = {a["rule"]: a for a in r.alerts}
        for c in group:
            bench.scap[c["id"]] = judge_scap(c, said.get(c["id"]), r)


def judge_scap(case, alert, r):
    if not alert:
        return "the event raised no alert: " + r.last_error()
    text = alert.get("message", alert["output"])
    text = text[text.index("[") + 1:text.rindex("]")]
    absent = alert["output_fields"].get(case["field"]) is None and text == "<NA>"
    if case["family"] == "scap.has_value":
        return None if absent != case["expect"] else f"absent: {absent}"
    have, want = None if absent else text, case["expect"]
    if isinstance(want, dict):  # an alert is UTF-8: what is none is replaced in it
        want = bytes.fromhex(want["hex"]).decode("utf-8", "replace")
    return None if have == want else f"{case['field']}: {have!r}, want {case['expect']!r}"


def run_filter(bench, case):
    """filter_cases.json: the conditions and outputs that are about an event of a recording."""
    bench.need_captures()
    return bench.filters[case["id"]]


RUNNERS = {"legacy_cases.json": run_legacy, "k8saudit_cases.json": run_legacy,
           "golden_cases.json": run_golden, "scap_field_cases.json": run_scap,
           "filter_cases.json": run_filter}


def read_known():
    known = {}
    path = os.path.join(HERE, "known.txt")
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, _, why = line.strip().partition(" ")
                known[name] = why
    return known


def run_file(bench, name, verbose, known):
    """-> number of failures that are not known"""
    with open(os.path.join(bench.cases, name), encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    title = name
    if name == "scap_field_cases.json":
        prepare_scap(bench, cases)
    if name == "filter_cases.json":
        title = name + " (recordings)"
        cases = [c for c in cases if c["family"] in recorded_filters.FAMILIES]
        bench.filters = recorded_filters.prepare(bench, cases)
    passed, failed, unknown, skipped = 0, [], 0, {}
    for case in cases:
        try:
            why = RUNNERS[name](bench, case)
        except Skip as s:
            skipped.setdefault((case["family"], str(s)), []).append(case["id"])
            continue
        except (subprocess.TimeoutExpired, ValueError, KeyError, OSError) as e:
            why = f"{type(e).__name__}: {e}"[:300]
        if why is None:
            passed += 1
        elif case["id"] in known:
            skipped.setdefault((case["family"], "known: " + known[case["id"]]), []).append(case["id"])
        else:
            failed.append((case["id"], why))
            unknown += "family:" + case["family"] not in known
    n_skipped = sum(len(v) for v in skipped.values())
    if verbose:
        for i, why in failed:
            print(f"  FAIL {i}: {why}")
    for (family, why), ids in sorted(skipped.items()):
        print(f"  skipped {family} ({len(ids)}): {why}")
    print(f"{title}: {passed} passed, {len(failed)} failed, {n_skipped} skipped", flush=True)
    return unknown


def main():
    args = sys.argv[1:]
    verbose = args[:1] == ["-v"]
    build, cases, *names = args[verbose:]
    known = read_known()
    with tempfile.TemporaryDirectory() as tmp:
        bench = Bench(build, cases, tmp)
        bad = sum(run_file(bench, n, verbose, known) for n in names or RUNNERS)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
