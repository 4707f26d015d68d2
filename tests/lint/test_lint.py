#!/usr/bin/env python3
"""Each check of lint.py finds the one violation planted for it, and only that.

A row of CASES is a file of a tree that is otherwise clean, and the check that must speak. Every row
runs alone, so that a check cannot hide behind another.
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lint  # noqa: E402

C = "/* x: a file. */\n"
H = "/* x: a header. */\n#pragma once\n"
PLUGIN = {"sources/a/plugin.yaml": "name: a\n", "sources/a/README.md": "# a\n"}


def long_function(n):
    return C + "int f(void)\n{\n" + "\tg();\n" * (n - 3) + "}\n"


def branches(n):
    return C + "int f(int a)\n{\n" + "\tif (a)\n\t\tg();\n" * n + "}\n"


CASES = [
    ("layers", {"core/event/x.c": C + '#include "filter/y.h"\n'}),
    ("layers", {"core/util/x.c": C + '#include "event/y.h"\n'}),
    ("layers", {"core/host/x.c": C + '#include "engine.h"\n'}),
    ("layers", {"core/route/x.c": C + '#include "pipeline.h"\n'}),
    ("layers", {"core/config/x.c": C + '#include "run/y.h"\n'}),
    ("plugin-includes", {**PLUGIN, "sources/a/a.c": C + '#include "util/buf.h"\n'}),
    ("plugin-includes", {**PLUGIN, "sources/a/a.c": C + '#include "../b/b.h"\n',
                         "sources/b/b.h": H, "sources/b/plugin.yaml": "name: b\n",
                         "sources/b/README.md": "# b\n"}),
    ("third-party", {"core/host/x.c": C + "#include <uv.h>\n"}),
    ("third-party", {"core/filter/x.c": C + "#include <jansson.h>\n"}),
    ("third-party", {"core/util/json.h": H + "#include <jansson.h>\n"}),
    ("third-party", {"sdk/src/x.c": C + "#include <json-c/json.h>\n"}),
    ("function-length", {"core/util/x.c": long_function(71)}),
    ("complexity", {"core/util/x.c": branches(lint.COMPLEXITY)}),
    ("parameters", {"core/util/x.c": C + "int f(int a, int b, int c, int d, int e, int f, int g, int h)\n{\n}\n"}),
    ("file-length", {"core/util/x.c": C + "int a;\n" * 800}),
    ("banned-call", {"core/util/x.c": C + "void f(char *a)\n{\n\tstrcpy(a, a);\n}\n"}),
    ("banned-call", {"core/filter/x.c": C + "void *f(void)\n{\n\treturn malloc(1);\n}\n"}),
    ("banned-call", {"tests/unit/a/test_x.c": C + "void f(void)\n{\n\tusleep(1);\n}\n"}),
    ("pragma-once", {"core/util/x.h": "/* x: a header. */\n"}),
    ("head-comment", {"core/util/x.c": "int a;\n"}),
    ("whitespace", {"core/util/x.c": C + "int a; \n"}),
    ("whitespace", {"core/util/x.c": C + "int a;"}),
    ("machine-path", {"core/README.md": "see /home/somebody" + "/x for more\n"}),
    ("top-level", {"docs/README.md": "# docs\n"}),
    ("plugin-folder", {"sources/a/plugin.yaml": "name: a\n"}),
    ("base-name", {"core/util/x.c": C, "core/filter/x.c": C}),
    ("core-names", {**PLUGIN, "core/host/x.c": C + 'char *s = "a";\n'}),
    ("core-names", {"core/route/x.c": C + 'char *s = "%ct.name";\n'}),
    ("header-alone", {"core/util/x.h": H + "size_t f(void);\n"}),
    ("header-alone", {"sdk/include/gyr/x.h": H + "void f(int class);\n"}),
    ("allow", {"tests/lint/allow.txt": "layers core/none.c no such file\n"}),
    ("allow", {"tests/lint/allow.txt": "layers core/none.c\n"}),
]

CLEAN = [
    {"core/filter/x.c": C + '#include "event/y.h"\n#include "util/z.h"\n#include "gyr/abi.h"\n'},
    {"core/engine.c": C + '#include "route/y.h"\n#include "filter/z.h"\n'},
    {"core/report/x.c": C + '#include "engine.h"\n#include "run/y.h"\n'},
    {"core/sched/loop.c": C + "#include <uv.h>\n"},
    {"core/util/x.c": C + 'char *s = "strcpy(a, b)"; /* strcpy(a) */\nint n = x->system(1);\n'},
    {"core/util/x.c": long_function(70)},
    {"core/util/x.c": long_function(71),
     "tests/lint/allow.txt": "function-length core/util/x.c:f one row an opcode\n"},
    {**PLUGIN, "sources/a/a.c": C + '#include "a.h"\n#include <gyr/plugin.h>\n', "sources/a/a.h": H},
]


def lint_tree(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(text)
        return lint.run(root, True, ["cc"], ["c++"])[0]


def main():
    failed = 0
    for check, files in CASES:
        found = sorted({v[2] for v in lint_tree(files)})
        if found != [check]:
            failed += 1
            print(f"FAIL {check} on {sorted(files)}: found {found}")
    for files in CLEAN:
        found = lint_tree(files)
        if found:
            failed += 1
            print(f"FAIL clean {sorted(files)}: found {found}")
    checks = {c for c, _ in CASES}
    print(f"lint: {len(CASES) + len(CLEAN)} trees, {len(checks)} checks, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
