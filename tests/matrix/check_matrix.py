# SPDX-License-Identifier: BSL-1.0
"""The matrix has every model, and so has the README.

Runs the program that is named first and passes on what it prints: it fails where a promise is
broken. A class under include/strata/ that fills a slot of core/policy.hpp is a model: each must be
in the program's table, and in a table of the README.
"""

import pathlib
import re
import subprocess
import sys

SLOT = re.compile(r"^struct (\w+)_slot \{\};", re.MULTILINE)
CLASS = re.compile(r"^(?:struct|class) (\w+)\b(?!;)(.*)")
FILLS = re.compile(r"using policy_slot = (\w+)_slot;")
NAMED = re.compile(r"^  static constexpr std::string_view name\b")
OPENS = re.compile(r"^(?:inline )?namespace (?:(\S+) )?\{$")
SHORT_NAMESPACE = re.compile(r"^namespace \w+ \{\n[^\n]*\n\}$", re.MULTILINE)
CLOSES = re.compile(r"^\}  // namespace")
ROW = re.compile(r"^(\w+) +\| (\w+::\w+).*\| +\d+ \| \d+$", re.MULTILINE)
README_ROW = re.compile(r"^\| `\w+::\w+.*$", re.MULTILINE)
README_NAME = re.compile(r"`(\w+::\w+)(?:<[^`]*>)?`")


class Class:
    """A class at the level of its namespace."""

    def __init__(self, namespace, name, rest):
        self.full_name = f"{namespace}::{name}"
        self.name = name
        self.bases = set(re.findall(r"\w+", rest.split(":", 1)[1])) if ":" in rest else set()
        self.slot = None
        self.is_named = False


def classes(text):
    namespaces = []
    current = None
    for line in SHORT_NAMESPACE.sub("", text).splitlines():
        opened = OPENS.match(line)
        if opened:
            namespaces.append(opened.group(1) or "")
        elif CLOSES.match(line):
            namespaces.pop()
        defined = CLASS.match(line)
        if defined:
            namespace = "::".join(namespaces).removeprefix("strata::")
            current = Class(namespace, defined.group(1), defined.group(2))
            yield current
        elif current is not None:
            fills = FILLS.search(line)
            current.slot = fills.group(1) if fills and line.startswith("  u") else current.slot
            current.is_named = current.is_named or bool(NAMED.match(line))


def models(root):
    """{(slot, "namespace::Model")} of the library."""
    include = pathlib.Path(root) / "include" / "strata"
    slots = set(SLOT.findall((include / "core" / "policy.hpp").read_text(encoding="utf-8")))
    found = []
    for path in sorted(include.rglob("*.hpp")):
        if "testing" not in path.parts:
            found.extend(classes(path.read_text(encoding="utf-8")))
    slot_of_base = {each.name: each.slot for each in found if each.slot and not each.is_named}
    for each in found:
        for base in each.bases & slot_of_base.keys():
            each.slot = each.slot or slot_of_base[base]
    return {(each.slot, each.full_name) for each in found if each.is_named and each.slot in slots}


def judge(root, output, readme):
    library = models(root)
    listed = set(ROW.findall(output))
    told = {name for row in README_ROW.findall(readme) for name in README_NAME.findall(row)}
    for slot, model in sorted(library - listed):
        yield f"{model} fills the {slot} slot, but tests/matrix does not run its kit"
    for slot, model in sorted(listed - library):
        yield f"tests/matrix has {model} for {slot}, which is no model of the library"
    for slot, model in sorted(library):
        if model not in told:
            yield f"README.md: the table of policies lacks {model} ({slot})"


def main():
    program, root = sys.argv[1:]
    ran = subprocess.run([program], text=True, stdout=subprocess.PIPE, check=False)
    print(ran.stdout, end="")
    readme = (pathlib.Path(root) / "README.md").read_text(encoding="utf-8")
    missing = list(judge(root, ran.stdout, readme))
    for sentence in missing:
        print(sentence)
    print(f"{len(missing)} models missing")
    return 1 if ran.returncode or missing else 0


if __name__ == "__main__":
    sys.exit(main())
