# SPDX-License-Identifier: BSL-1.0
"""The style that a script can hold: see CONTRIBUTING.md for the rest.

Every source opens with its licence; headers say `#pragma once` and explain themselves; files stay
small and lines short; no loose ends; no header that costs a second to include; no path of
somebody's machine; and every room has its test.
"""

import pathlib
import re
import sys

import source_tree

LINES_MAX = 600
LINES_USUAL = 400
USUAL_SHARE = 0.9
COLUMNS_MAX = 100

LICENCE = "SPDX-License-Identifier: BSL-1.0"
NAMED_TEST = re.compile(r"tests/\w+/\w+_test\.cpp")
LOOSE_END = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.\-/])/(work|root|home|Users|mnt)/")
DATA_BESIDE = re.compile(r"\.\./sha" r"red")
BANNED_INCLUDES = {"iostream", "regex", "range/v3/all.hpp", "bits/stdc++.h"}

# A declaration that returns a Result, and not the definition of a member that was declared above.
FALLIBLE = re.compile(r"^\s*(?:(?:static|inline|constexpr|virtual|friend) )*"
                      r"(?:strata::)?Result<.*> \w+\(")

# Rooms that have no test yet, one include path a line. This list only gets shorter.
UNTESTED = "tests/architecture/untested.txt"


def check_source(path, lines):
    if LICENCE not in "\n".join(lines[:2]):
        yield f"{path}:1: say `{LICENCE}` first"
    if len(lines) > LINES_MAX:
        yield f"{path}: {len(lines)} lines, {LINES_MAX} at most: one file is one idea"
    for number, line in enumerate(lines, start=1):
        if len(line) > COLUMNS_MAX and "://" not in line:
            yield f"{path}:{number}: {len(line)} columns, {COLUMNS_MAX} at most"
        if LOOSE_END.search(line):
            yield f"{path}:{number}: a loose end: finish it, or write it down as an issue"
        if MACHINE_PATH.search(line):
            yield f"{path}:{number}: names a path of one machine"
        if DATA_BESIDE.search(line) and path.as_posix() != ".ci/run":
            yield f"{path}:{number}: names a path outside the repository"


def check_header(header):
    path = "include/" + header.name
    if "#pragma once" not in header.lines[:3]:
        yield f"{path}: `#pragma once` comes right after the licence"
    if not any(line.lstrip().startswith("///") for line in header.lines):
        yield f"{path}: open with a `///` paragraph that says what this is"
    for number, (before, line) in enumerate(zip([""] + header.lines, header.lines), start=1):
        if FALLIBLE.match(line) and "[[nodiscard]]" not in before:
            yield f"{path}:{number}: what returns a Result is [[nodiscard]]"
    for number, _, included in header.includes():
        if included in BANNED_INCLUDES:
            yield f"{path}:{number}: <{included}> costs too much to include"


def check_sizes(headers):
    rooms = [header for header in headers if header.folder not in (None, "testing")]
    large = sorted(header.name for header in rooms if len(header.lines) > LINES_USUAL)
    if len(large) > (1 - USUAL_SHARE) * len(rooms):
        yield (f"{len(large)} of {len(rooms)} rooms have more than {LINES_USUAL} lines, one in "
               f"ten may: {', '.join(large)}")


def needs_test(header):
    return (header.folder not in (None, "testing") and header.room != "concept"
            and not header.is_detail)


def check_mirror(root, headers):
    """Each room has its test, or names in a comment the one that tests it together with others."""
    root = pathlib.Path(root)
    listed = root / UNTESTED
    allowed = set()
    if listed.exists():
        allowed = set(re.sub(r"#.*", "", listed.read_text(encoding="utf-8")).split())
    untested = set()
    for header in headers:
        named = set(NAMED_TEST.findall("\n".join(header.lines)))
        for test in sorted(named):
            if header.name not in allowed and not (root / test).exists():
                yield f"include/{header.name}: names {test}, which is not there"
        mirror = f"tests/{header.folder}/{header.room}_test.cpp"
        if needs_test(header) and not any((root / test).exists() for test in {mirror} | named):
            untested.add(header.name)
            if header.name not in allowed:
                yield f"include/{header.name}: has no test, write {mirror}"
    for name in sorted(allowed - untested):
        yield f"{UNTESTED}: {name} is tested or gone: take it off the list"


def check(root):
    violations = []
    for path in source_tree.sources(root):
        lines = (pathlib.Path(root) / path).read_text(encoding="utf-8").splitlines()
        violations.extend(check_source(path, lines))
    headers = source_tree.headers(root)
    for header in headers:
        violations.extend(check_header(header))
    violations.extend(check_sizes(headers))
    violations.extend(check_mirror(root, headers))
    return violations


if __name__ == "__main__":
    sys.exit(source_tree.main(check))
