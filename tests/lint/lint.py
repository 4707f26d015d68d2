#!/usr/bin/env python3
"""lint: the rules of layout and size that fail the build.

In: the source tree. Out: one line a violation, `path:line: check: what`; exit 1 if there is any.

Files are read once, comments and literals are blanked by one regular expression, and every check is
a function over the result. The code is laid out by clang-format, so a function is what lies between
a `{` and a `}` in the first column. Exceptions are named in tests/lint/allow.txt, with a reason; an
exception that nothing needs is a violation too.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import re
import subprocess
import sys

TOP = {"CMakeLists.txt", "README.md", "LICENSE", "CHANGELOG.md", "core", "sources", "extractors",
       "outputs", "sdk", "rules", "drivers", "tests", "examples"}
LAYERS = {"event": 0, "host": 1, "sched": 2, "state": 3, "filter": 4, "plan": 5, "ruleset": 6,
          "route": 7, "config": 8, "run": 9, "report": 10, "command": 11}
# What stands beside the folders and may be seen from those above the layers of an event.
ROOT = {"engine.h": 9, "pipeline.h": 9}
PLUGINS = ("sources", "extractors", "outputs")
FUNCTION_LINES = 70
FILE_LINES = 800
COMPLEXITY = 15
PARAMETERS = 5

# Third-party headers and where they may be included.
HOMES = [
    ("uv.h", ["core/sched/loop.c", "sources/**"]),
    ("yaml.h", ["core/util/yaml.c"]),
    ("jansson.h", ["core/util/json.c"]),
    ("json-c/*", ["sources/**"]),
    ("json.h", ["sources/**"]),
    ("curl/*", ["outputs/**", "sources/**", "extractors/container/request.c"]),
    ("openssl/*", ["core/host/**", "core/util/**", "core/ruleset/**", "sources/**", "outputs/**"]),
    ("microhttpd.h", ["core/report/httpd.c", "sources/**"]),
    ("gnutls/*", ["sources/**"]),
    ("zlib.h", ["sources/**", "outputs/**"]),
    ("expat.h", ["sources/**"]),
    ("bpf/*", ["drivers/**"]),
    ("re2/*", ["core/filter/**"]),
    ("hs/*", ["core/plan/**"]),
    ("cmocka.h", []),
]

BANNED = {
    "strcpy": "writes without a bound", "strcat": "writes without a bound",
    "stpcpy": "writes without a bound", "sprintf": "writes without a bound",
    "vsprintf": "writes without a bound", "gets": "writes without a bound",
    "strncpy": "may leave no terminator", "strncat": "its bound is not the size",
    "atoi": "cannot say that it failed", "atol": "cannot say that it failed",
    "atoll": "cannot say that it failed", "atof": "cannot say that it failed",
    "strtok": "keeps state in a global", "alloca": "has no bound",
    "system": "runs a shell", "popen": "runs a shell", "tmpnam": "races", "mktemp": "races",
}
HEAP = ("malloc", "calloc", "realloc", "strdup", "strndup", "asprintf", "vasprintf")
SLEEP = ("sleep", "usleep", "nanosleep")

BLANK = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
CALL = re.compile(r'(?<![\w.])(?<!->)(%s)\s*\(' % "|".join(list(BANNED) + list(HEAP) + list(SLEEP)))
BRANCH = re.compile(r'\b(?:if|for|while|case)\b|&&|\|\||\?')
MACHINE = re.compile(r'/(?:wor[k]|Users|home/[a-z]+)/')
TEXT = (".c", ".h", ".md", ".py", ".sh", ".yaml", ".yml", ".cmake", ".txt", ".def", ".csv")


class File:
    """One file of the tree: its text, and its code with comments and literals blanked."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
            self.text = f.read()
        self.is_c = path.endswith((".c", ".h"))
        self.code = BLANK.sub(blank, self.text) if self.is_c else ""

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1


def blank(m):
    s = m.group(0)
    if s[0] == '"':
        return '"' + " " * (len(s) - 2) + '"'
    return re.sub(r"[^\n]", " ", s)


def within(path, patterns):
    return any(path.startswith(p[:-2]) if p.endswith("/**") else fnmatch.fnmatch(path, p)
               for p in patterns)


# ---- checks of one file: each yields (line, check, name, text) ---------------------------------


def check_layers(f, root):
    if not f.path.startswith("core/"):
        return
    parts = f.path.split("/")
    if len(parts) < 3:
        return
    here = parts[1]
    for m in INCLUDE.finditer(f.text):
        if m.group(1) != '"':
            continue
        there = m.group(2).split("/")[0] if "/" in m.group(2) else ""
        if there in ("util", "gyr") or (there == "" and os.path.exists(
                os.path.join(root, os.path.dirname(f.path), m.group(2)))):
            continue
        level = LAYERS.get(here, -1)
        lowest = ROOT.get(m.group(2), LAYERS.get(there, len(LAYERS)))
        up = here == "util" or lowest > level
        if up:
            yield (f.line(m.start()), "layers", m.group(2),
                   f"{here}/ may not include '{m.group(2)}': it lies above")


def check_plugins(f, root):
    parts = f.path.split("/")
    if parts[0] not in PLUGINS + ("sdk", "drivers") or parts[-2] == "template":
        return
    for m in INCLUDE.finditer(f.text):
        if m.group(1) == "<":
            continue
        target = os.path.normpath(os.path.join(os.path.dirname(f.path), m.group(2)))
        own = "/".join(parts[:2]) + "/" if len(parts) > 2 and parts[0] in PLUGINS else parts[0] + "/"
        lib = parts[0] + "/lib/"
        beside = os.path.exists(os.path.join(root, target)) and target.startswith((own, lib))
        named = any(os.path.exists(os.path.join(root, d, m.group(2)))
                    for d in (own, lib, "sdk/include" if parts[0] == "sdk" else lib))
        if m.group(2).startswith("..") and not beside or not (beside or named):
            yield (f.line(m.start()), "plugin-includes", m.group(2),
                   f"'{m.group(2)}' is outside {own}, {lib} and <gyr/...>")


def check_homes(f, _root):
    if f.path.startswith(("tests/", "examples/")):
        return
    for m in INCLUDE.finditer(f.text):
        for pattern, homes in HOMES:
            if not fnmatch.fnmatch(m.group(2), pattern):
                continue
            if f.path.endswith(".h") and not f.path.startswith(PLUGINS + ("drivers/bpf/",)):
                yield (f.line(m.start()), "third-party", m.group(2),
                       f"<{m.group(2)}> in a header: third-party headers stay out of ours")
            elif not within(f.path, homes):
                yield (f.line(m.start()), "third-party", m.group(2),
                       f"<{m.group(2)}> belongs to {', '.join(homes) or 'tests/**'}")


def functions(f):
    """(name, first line, last line, signature, body) of each function definition."""
    lines = f.code.split("\n")
    i = 0
    while i < len(lines):
        if lines[i] != "{":
            i += 1
            continue
        start = i
        while start > 0 and lines[start - 1].strip() and not lines[start - 1].startswith(("#", "}")):
            start -= 1
        end = i
        while end < len(lines) and not lines[end].startswith("}"):
            end += 1
        sig = " ".join(lines[start:i])
        name = re.search(r"(\w+)\s*\(", re.sub(r"__attribute__\s*\(\(.*?\)\)\)?", "", sig))
        yield (name.group(1) if name else "?", start + 1, end + 1, sig, "\n".join(lines[i:end]))
        i = end + 1


def parameters(sig):
    """Top-level commas of the first parenthesis, plus one."""
    depth, n = 0, 0
    for c in sig[sig.find("("):]:
        depth += c in "([{"
        depth -= c in ")]}"
        if depth == 0:
            break
        n += c == "," and depth == 1
    return n + 1


def check_size(f, _root):
    n = f.text.count("\n")
    if n > FILE_LINES:
        yield (n, "file-length", "", f"{n} lines, at most {FILE_LINES}")
    for name, first, last, sig, body in functions(f):
        if last - first + 1 > FUNCTION_LINES:
            yield (first, "function-length", name,
                   f"{name}() has {last - first + 1} lines, at most {FUNCTION_LINES}")
        n = 1 + len(BRANCH.findall(body))
        if n > COMPLEXITY and not f.path.startswith("tests/"):
            yield first, "complexity", name, f"{name}() has complexity {n}, at most {COMPLEXITY}"
        n = parameters(sig)
        if n > PARAMETERS and not f.path.startswith("tests/"):
            yield first, "parameters", name, f"{name}() has {n} parameters, at most {PARAMETERS}"


def check_calls(f, _root):
    for m in CALL.finditer(f.code):
        name = m.group(1)
        if name in BANNED:
            yield f.line(m.start()), "banned-call", name, f"{name}() {BANNED[name]}"
        elif name in HEAP and f.path.startswith("core/") and f.path != "core/util/mem.c":
            yield (f.line(m.start()), "banned-call", name,
                   f"{name}(): memory in core goes through util/mem.h")
        elif name in SLEEP and f.path.startswith("tests/unit/"):
            yield f.line(m.start()), "banned-call", name, f"{name}(): a unit test does not sleep"


def check_form(f, root):
    if f.path.endswith(".h") and "#pragma once" not in f.text:
        yield 1, "pragma-once", "", "header without '#pragma once'"
    # The idea of a pair is told once, in its header.
    pair = os.path.exists(os.path.join(root, f.path[:-2] + ".h"))
    exempt = pair or f.path.startswith("tests/unit/")
    if not f.text.startswith("/*") and (f.path.endswith(".h") or not exempt):
        yield 1, "head-comment", "", "no comment at the head of the file"


def check_text(f, _root):
    if f.text and not f.text.endswith("\n"):
        yield f.text.count("\n") + 1, "whitespace", "", "no newline at the end of the file"
    for i, line in enumerate(f.text.split("\n"), 1):
        if line != line.rstrip():
            yield i, "whitespace", "", "blanks at the end of the line"
        m = MACHINE.search(line)
        if m and f.path.endswith(TEXT) and not f.path.startswith("tests/lint/"):
            yield i, "machine-path", "", f"'{m.group(0)}' is a path of one machine"


# ---- checks of the tree ------------------------------------------------------------------------


def check_tree(root, files):
    seen = {f.path.split("/")[0] for f in files}
    for name in sorted(n for n in seen if not n.startswith(".") and n not in TOP):
        yield name, 1, "top-level", name, f"'{name}' does not belong to the top level"
    folders = {}
    for f in files:
        p = f.path.split("/")
        if p[0] in PLUGINS and len(p) > 2 and p[1] != "lib":
            folders.setdefault("/".join(p[:2]), set()).add(p[2])
    for folder, names in sorted(folders.items()):
        if not names & {"CMakeLists.txt", "plugin.yaml"}:
            continue
        for need in ("plugin.yaml", "README.md"):
            if need not in names:
                yield folder, 1, "plugin-folder", need, f"no {need} in {folder}/"
    bases = {}
    for f in files:
        if f.path.endswith(".c") and f.path.startswith(("core/", "sdk/src/")):
            key = (f.path.split("/")[0], os.path.basename(f.path))
            bases.setdefault(key, []).append(f.path)
    for (_, name), paths in sorted(bases.items()):
        if len(paths) > 1:
            yield paths[1], 1, "base-name", name, f"'{name}' is also the name of {paths[0]}"


# The microkernel names no source, field or output; words of everyday use are not counted as names.
def check_names(root, files):
    names = set()
    for f in files:
        if os.path.basename(f.path) == "plugin.yaml" and f.path.startswith(PLUGINS):
            for m in re.finditer(r"^(?:name|source):\s*(\w+)", f.text, re.M):
                names.add(m.group(1))
    names -= {"file", "json", "http", "program", "stdout", "syslog", "syscall", "evt"}
    field = re.compile(r'"%?\*?((?:evt|ct|ka|jevt|json|s3|ec2|proc|fd|container|user|k8s)\.[a-z]\w*)')
    for f in files:
        if not (f.is_c and f.path.startswith("core/")):
            continue
        text = re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: blank(m), f.text, flags=re.S)
        for m in field.finditer(text):
            yield f.path, f.line(m.start()), "core-names", m.group(1), f"the core names the field '{m.group(1)}'"
        for m in re.finditer(r'"(\w+)"', text):
            if m.group(1) in names:
                yield (f.path, f.line(m.start()), "core-names", m.group(1),
                       f"the core names the plugin or source '{m.group(1)}'")


def compile_alone(job):
    root, cc, lang, path, flags = job
    r = subprocess.run(cc + ["-fsyntax-only", "-x", lang, *flags, "-include", path, "/dev/null"],
                       cwd=root, capture_output=True, text=True, check=False)
    if r.returncode:
        first = next((x for x in r.stderr.split("\n") if "error" in x), "does not compile")
        return path, lang, first
    return None


def check_headers(root, files, cc, cxx):
    jobs = []
    for f in files:
        p = f.path
        if not p.endswith(".h") or p.startswith(("drivers/bpf/", "examples/", "tests/")):
            continue
        flags = ["-D_GNU_SOURCE", "-Isdk/include", "-I" + os.path.dirname(p)]
        if p.startswith("core/"):
            flags.append("-Icore")
        if p.startswith(PLUGINS):
            flags += ["-Idrivers"] + [f"-I{d}/lib" for d in PLUGINS]
        jobs.append((root, cc, "c", p, ["-std=c11", "-Wall", "-Werror"] + flags))
        if p.startswith("sdk/include/"):
            jobs.append((root, cxx, "c++", p, ["-std=c++17", "-Wall", "-Werror"] + flags))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for bad in pool.map(compile_alone, jobs):
            if bad:
                yield bad[0], 1, "header-alone", bad[1], f"does not compile alone as {bad[1]}: {bad[2]}"


# ---- exceptions and the run --------------------------------------------------------------------


def read_allow(root):
    """allow.txt: `check path[:name] reason`, one a line. -> {(check, path, name): [line, reason, used]}"""
    path = os.path.join(root, "tests/lint/allow.txt")
    allow, bad = {}, []
    if not os.path.exists(path):
        return allow, bad
    with open(path, encoding="utf-8") as f:
        for i, line in enumerate(f, 1):
            if not line.strip() or line.startswith("#"):
                continue
            p = line.split(None, 2)
            if len(p) < 3:
                bad.append(("tests/lint/allow.txt", i, "allow", "", "want: check path[:name] reason"))
                continue
            where, _, name = p[1].partition(":")
            allow[(p[0], where, name)] = [i, p[2], False]
    return allow, bad


def tracked(root):
    """Files git knows or would add; without git, all that is not hidden or build output."""
    r = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                       capture_output=True, text=True, check=False)
    if r.returncode == 0:
        names = r.stdout.split("\n")
    else:
        names = []
        for d, subdirs, fs in os.walk(root):
            subdirs[:] = [s for s in subdirs if not s.startswith((".", "build"))]
            names += [os.path.relpath(os.path.join(d, x), root) for x in fs]
    return sorted(n for n in names if n and os.path.isfile(os.path.join(root, n)))


def is_data(path):
    """Files that are bytes to be read by tests, not ours to lay out."""
    return "/corpus/" in path or "/data/" in path or "/golden/" in path or path == "LICENSE" or \
        path.endswith((".gz", ".scap", ".bin", ".json", ".jsonl", ".pem", ".png"))


FILE_CHECKS = (check_layers, check_plugins, check_homes, check_size, check_calls, check_form)


def run(root, headers, cc, cxx):
    paths = tracked(root)
    files = [File(root, p) for p in paths if not is_data(p)]
    found = []
    for f in files:
        checks = FILE_CHECKS if f.is_c else ()
        for check in checks + (check_text,):
            found += [(f.path,) + v for v in check(f, root)]
    found += check_tree(root, files)
    found += check_names(root, files)
    if headers:
        found += check_headers(root, files, cc, cxx)
    allow, bad = read_allow(root)
    left = list(bad)
    for path, line, check, name, text in found:
        for key in ((check, path, name), (check, path, "")):
            if key in allow:
                allow[key][2] = True
                break
        else:
            left.append((path, line, check, name, text))
    for (check, path, name), (line, _, used) in allow.items():
        if not used and (headers or check != "header-alone"):
            left.append(("tests/lint/allow.txt", line, "allow", "",
                         f"nothing needs the exception '{check} {path}{':' if name else ''}{name}'"))
    return left, len(files)


def main():
    ap = argparse.ArgumentParser(description="rules of layout and size that fail the build")
    ap.add_argument("root", nargs="?", default=os.path.join(os.path.dirname(__file__), "../.."))
    ap.add_argument("--no-headers", action="store_true", help="skip compiling each header alone")
    ap.add_argument("--cc", default="cc")
    ap.add_argument("--cxx", default="c++")
    a = ap.parse_args()
    left, n = run(os.path.realpath(a.root), not a.no_headers, [a.cc], [a.cxx])
    for path, line, check, _, text in sorted(left):
        print(f"{path}:{line}: {check}: {text}")
    print(f"lint: {n} files, {len(left)} violations")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
