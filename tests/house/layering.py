#!/usr/bin/env python3
"""The ladder, enforced: each folder includes only folders below it, and a vendor's header appears only in the files
that own it. Prints every offence as file:line and ends with status 1 when there is one.

Usage: layering.py [ROOT]            checks a tree
       layering.py --self-test       checks that offences are found
"""

import pathlib
import re
import sys
import tempfile

LADDER = ["kernels", "index", "query", "plugin", "integration"]
SUFFIXES = {".h", ".cc", ".cu", ".c"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Vendor header -> the files that own it, as path patterns. Everything else may not include it.
VENDORS = [
    (re.compile(r"^(lucene\+\+/|LuceneHeaders|Lucene|targetver)"),
     ["index/text/*.cc", "index/text/*_impl.h", "query/lucene/*.cc", "query/lucene/*_impl.h",
      "integration/lucene_host/*"]),
    (re.compile(r"^boost/"),
     ["index/text/*.cc", "index/text/*_impl.h", "query/lucene/*.cc", "query/lucene/*_impl.h",
      "integration/lucene_host/*", "integration/http/*.cc"]),
    (re.compile(r"^faiss/"), ["index/vector/*.cc", "index/vector/*_impl.h"]),
    (re.compile(r"^(cblas|lapacke|openblas)"), ["kernels/cpu/*"]),
    (re.compile(r"^hwy/"), ["kernels/cpu/*"]),
    (re.compile(r"^(cuda|cudnn|cublas|nvrtc)"), ["kernels/cuda/*"]),
    (re.compile(r"^simdjson"), ["index/input/*.cc", "index/input/*_impl.h"]),
    (re.compile(r"^utf8proc"), ["index/input/*.cc", "index/text/*.cc", "query/syntax/*.cc"]),
    (re.compile(r"^toml"), ["index/*.cc", "index/input/*.cc"]),
    (re.compile(r"^CLI/"), ["integration/cli/*"]),
    (re.compile(r"^openssl/"), ["index/snapshot/*.cc"]),
    (re.compile(r"^zlib"), ["index/input/*.cc", "tests/*"]),
]


def sources(root):
    for folder in LADDER:
        base = root / folder
        if base.is_dir():
            yield from sorted(p for p in base.rglob("*") if p.suffix in SUFFIXES)


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def offences(root):
    found = []
    for path in sources(root):
        relative = path.relative_to(root)
        rung = LADDER.index(relative.parts[0])
        for number, quote, target in includes(path):
            where = f"{relative}:{number}"
            first = target.split("/")[0]
            if quote == '"':
                if first in ("tests", "examples"):
                    found.append(f"{where}: nothing includes {first}/ ({target})")
                elif first not in LADDER:
                    if not any(pattern.match(target) for pattern, _ in VENDORS):
                        found.append(f"{where}: include paths begin at the root of the project ({target})")
                elif LADDER.index(first) > rung:
                    found.append(f"{where}: {relative.parts[0]} may not include {first}, which is above it ({target})")
                elif not (root / target).is_file():
                    found.append(f"{where}: no such file ({target})")
                if relative.parts[:2] == ("query", "syntax") and not target.startswith("query/syntax/"):
                    found.append(f"{where}: query/syntax is a leaf and includes nothing but itself ({target})")
            for pattern, owners in VENDORS:
                if pattern.match(target) and not any(relative.match(owner) for owner in owners):
                    found.append(f"{where}: {target} belongs to {', '.join(owners)}")
    return found


def self_test():
    cases = {
        "kernels/a.h": ('#include "index/b.h"', "above it"),
        "query/syntax/a.cc": ('#include "query/fusion.h"', "leaf"),
        "query/a.h": ("#include <lucene++/LuceneHeaders.h>", "belongs to"),
        "index/text/text_index.h": ("#include <lucene++/LuceneHeaders.h>", "belongs to"),
        "plugin/a.cc": ("#include <faiss/IndexFlat.h>", "belongs to"),
        "index/a.cc": ('#include "tests/x.h"', "nothing includes"),
        "integration/a.cc": ('#include "plugin/nowhere.h"', "no such file"),
        "plugin/b.cc": ('#include "options.h"', "begin at the root"),
    }
    for name, (line, expected) in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for existing in ("index/b.h", "query/fusion.h"):
                (root / existing).parent.mkdir(parents=True, exist_ok=True)
                (root / existing).write_text("#pragma once\n")
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(line + "\n")
            found = offences(root)
            assert len(found) >= 1 and expected in found[0], (name, found)
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "kernels").mkdir()
        (root / "index").mkdir()
        (root / "kernels/a.h").write_text("#include <vector>\n")
        (root / "index/b.cc").write_text('#include "kernels/a.h"\n')
        assert offences(root) == []
    print(f"layering: all {len(cases)} planted offences were found")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = offences(root)
    print("\n".join(found) if found else f"layering: {sum(1 for _ in sources(root))} files, no offence")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
