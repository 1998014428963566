# SPDX-License-Identifier: BSL-1.0
"""Includes point down: the floors of the library, held by reading its #include lines.

A folder includes itself and lower floors; folders of one floor never include each other; nothing
includes an umbrella but another umbrella; testing/ is seen by none; no cycles. The costly
libraries stay where they belong: range-v3 in lsm/scan.hpp and above, xsimd in *_simd.hpp.
"""

import sys

import source_tree
from source_tree import FLOOR_OF, ROOT_ROOMS

SCAN_FLOOR = FLOOR_OF["lsm"]


def check_strata_include(header, included):
    """What is wrong with `header` including `<strata/...>`, or None."""
    parts = included.split("/")
    if len(parts) == 2:
        if parts[1] in ROOT_ROOMS or header.is_umbrella:
            return None
        return "is an umbrella: include the rooms that are needed"
    folder = parts[1]
    if folder == "testing":
        return None if header.folder == "testing" else "testing/ is for tests only"
    if folder not in FLOOR_OF:
        return f"folder {folder}/ has no floor"
    if header.is_umbrella or header.folder in ("testing", folder):
        return None
    if header.folder is None:
        return "a root room includes nothing of strata"
    if FLOOR_OF[folder] == header.floor:
        return f"{folder}/ and {header.folder}/ are on one floor"
    if FLOOR_OF[folder] > header.floor:
        return f"{folder}/ is above {header.folder}/"
    return None


def check_library_include(header, included):
    """What is wrong with `header` including a costly library, or None."""
    if included.startswith("range/v3/"):
        above = header.floor is None or header.floor > SCAN_FLOOR
        if not above and not header.name.startswith("strata/lsm/scan"):
            return "range-v3 is costly: only lsm/scan.hpp and the floors above lsm/ use it"
    if included.startswith("xsimd/") and not header.name.endswith("_simd.hpp"):
        return "xsimd is costly: only rooms named *_simd.hpp use it"
    return None


def check_umbrella(header):
    for number, line in enumerate(header.lines, start=1):
        text = line.strip()
        if text and not text.startswith(("//", "#include <", "#pragma once")):
            yield f"{header.name}:{number}: an umbrella holds nothing but includes: {text}"


def find_cycle(graph):
    """The nodes of some cycle of `graph` (name -> names), or an empty list."""
    state = {}

    def visit(node, path):
        state[node] = "open"
        for following in graph.get(node, ()):
            if state.get(following) == "open":
                return path[path.index(following):] + [following]
            if following not in state:
                cycle = visit(following, path + [following])
                if cycle:
                    return cycle
        state[node] = "done"
        return []

    for node in graph:
        if node not in state:
            cycle = visit(node, [node])
            if cycle:
                return cycle
    return []


def check(root):
    violations = []
    graph = {}
    all_headers = source_tree.headers(root)
    names = {header.name for header in all_headers}
    for header in all_headers:
        if header.folder not in (None, "testing") and header.floor is None:
            violations.append(f"{header.name}: folder {header.folder}/ has no floor")
            continue
        if header.is_umbrella:
            violations.extend(check_umbrella(header))
        graph[header.name] = []
        for number, bracket, included in header.includes():
            where = f"{header.name}:{number}: <{included}>"
            if bracket == '"':
                violations.append(f"{where}: write it with angle brackets")
            elif included.startswith("strata/"):
                graph[header.name].append(included)
                if included not in names:
                    violations.append(f"{where}: there is no such file")
                wrong = check_strata_include(header, included)
                if wrong:
                    violations.append(f"{where}: {wrong}")
            else:
                wrong = check_library_include(header, included)
                if wrong:
                    violations.append(f"{where}: {wrong}")
    cycle = find_cycle(graph)
    if cycle:
        violations.append("cycle: " + " -> ".join(cycle))
    return violations


if __name__ == "__main__":
    sys.exit(source_tree.main(check))
