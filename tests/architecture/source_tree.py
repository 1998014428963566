# SPDX-License-Identifier: BSL-1.0
"""The source tree as the checks see it: files, their lines, their #include lines, their floor."""

import pathlib
import re
import sys

# The floors of the library. A folder includes only lower floors and itself.
FLOORS = [
    ("core",),
    ("io",),
    ("compression", "filter", "cache", "memtable", "wal", "observe"),
    ("table",),
    ("version",),
    ("compaction",),
    ("lsm",),
    ("txn",),
    ("store",),
    ("backup", "replication"),
    ("manager",),
    ("net",),
]
FLOOR_OF = {folder: floor for floor, folders in enumerate(FLOORS) for folder in folders}

# Files at the root that are rooms themselves: anything may include them, they include nothing.
ROOT_ROOMS = {"fwd.hpp", "version.hpp"}

INCLUDE = re.compile(r"^\s*#\s*include\s*([<\"])([^>\"]+)[>\"]")


class Header:
    """A file under include/strata/, named as an #include line names it."""

    def __init__(self, include_dir, path):
        self.path = path
        self.name = path.relative_to(include_dir).as_posix()
        parts = self.name.split("/")
        self.folder = parts[1] if len(parts) > 2 else None
        self.room = path.stem
        self.is_detail = "detail" in parts[2:-1]
        self.lines = path.read_text(encoding="utf-8").splitlines()

    @property
    def is_umbrella(self):
        return self.folder is None and self.path.name not in ROOT_ROOMS

    @property
    def floor(self):
        return FLOOR_OF.get(self.folder)

    def includes(self):
        """(line number, '<' or '"', what is included)"""
        for number, line in enumerate(self.lines, start=1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1), match.group(2)


def headers(root):
    include_dir = pathlib.Path(root) / "include"
    return [Header(include_dir, path) for path in sorted(include_dir.glob("strata/**/*.hpp"))]


def sources(root):
    """Every source file that people write, as paths relative to the root."""
    root = pathlib.Path(root)
    patterns = ["*.hpp", "*.cpp", "*.py", "*.cmake", "CMakeLists.txt"]
    folders = ["include", "tests", "examples", "benchmarks", "tools", "cmake"]
    found = [root / name for name in ("CMakeLists.txt", "dev", ".ci/run")]
    for folder in folders:
        for pattern in patterns:
            found.extend((root / folder).rglob(pattern))
    return sorted(path.relative_to(root) for path in found if path.is_file())


def main(check):
    """Runs `check(root)` on the tree named on the command line; prints and counts violations."""
    violations = check(sys.argv[1])
    for violation in violations:
        print(violation)
    print(f"{len(violations)} violations")
    return 1 if violations else 0
