# SPDX-License-Identifier: BSL-1.0
"""The README and the guides claim nothing that is not there.

A block of code under `<!-- examples/x.cpp -->` is that file, less its licence line. Under
`<!-- part of examples/x.cpp -->` it is lines of it, one after the other, and then all code of the
page has such a source. Links lead to files; one to a test that is not named by its path is named by
a test case in it, and every sentence of the durability contract has one. A policy that a table
names in its first column is a class of that namespace.
"""

import pathlib
import re
import sys

import source_tree

SNIPPET = re.compile(r"^<!-- (part of )?(\S+\.\w+) -->\n```\w*\n(.*?)^```$",
                     re.MULTILINE | re.DOTALL)
UNSOURCED = re.compile(r"(?<! -->)\n```cpp\n(.*)")
LICENCE = re.compile(r"\A// SPDX.*\n")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")
TEST_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+_test\.cpp)\)")
TEST_CASE = re.compile(r"TEST_CASE\(\s*((?:\"[^\"]*\"\s*)+)")
CONTRACT = "docs/durability.md"
SENTENCE = re.compile(r"^- (.*?)(?=^- |^\S|^$|\Z)", re.MULTILINE | re.DOTALL)
POLICY_CELL = re.compile(r"^\| (`\w+::\w+`.*?) \|", re.MULTILINE)
POLICY = re.compile(r"`(?!strata::)(\w+)::(\w+)`")
PAGES = ["README.md", "CONTRIBUTING.md", "docs/*.md", "docs/*/*.md"]


def check_snippets(root, page, text):
    snippets = SNIPPET.findall(text)
    for part, name, snippet in snippets:
        source = root / name
        if not source.exists():
            yield f"{page}: there is no {name}"
            continue
        code = LICENCE.sub("", source.read_text(encoding="utf-8"))
        if part and "\n" + snippet not in "\n" + code:
            yield f"{page}: {name} has no lines {snippet.splitlines()[:1]} and so on"
        if not part and snippet != code:
            yield f"{page}: the snippet is not {name}"
    if any(part for part, _, _ in snippets):
        for first_line in UNSOURCED.findall(text):
            yield f"{page}: of which file is the code that begins {first_line!r}?"


def check_links(root, page, text):
    for target in LINK.findall(CODE.sub("", text)):
        if not (root / page).parent.joinpath(target).exists():
            yield f"{page}: links to {target}, which is not there"


def test_cases(path):
    cases = TEST_CASE.findall(path.read_text(encoding="utf-8"))
    return {re.sub(r"\"\s*\"", "", case).strip().strip('"') for case in cases}


def check_tests(root, page, text):
    for name, target in TEST_LINK.findall(text):
        path = (root / page).parent / target
        if "/" not in name and path.exists() and name not in test_cases(path):
            yield f"{page}: {target} has no test '{name}'"
    for sentence in SENTENCE.findall(text) if page == CONTRACT else []:
        if not TEST_LINK.search(sentence):
            yield f"{page}: no test holds '{sentence.strip()[:60]}'"


def check_policies(root, page, text):
    rooms = ["\n".join(header.lines) for header in source_tree.headers(root)]
    named = [name for cell in POLICY_CELL.findall(text) for name in POLICY.findall(cell)]
    for namespace, policy in named:
        opens = re.compile(rf"^namespace (strata::)?{namespace} \{{", re.MULTILINE)
        defines = re.compile(rf"^(struct|class) {policy}\b", re.MULTILINE)
        if not any(opens.search(room) and defines.search(room) for room in rooms):
            yield f"{page}: {namespace}::{policy} is no class of the library"


def check(root):
    root = pathlib.Path(root)
    violations = []
    for pattern in PAGES:
        for path in sorted(root.glob(pattern)):
            page = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8")
            for rule in (check_snippets, check_links, check_tests, check_policies):
                violations.extend(rule(root, page, text))
    return violations


if __name__ == "__main__":
    sys.exit(source_tree.main(check))
