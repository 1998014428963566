# SPDX-License-Identifier: BSL-1.0
"""A mutant: a famous bug, as an edit of a header that brings it back.

    bug: LevelDB #74: CURRENT is renamed before its content is synced.
    file: version/manifest.hpp
    by: crash/power_loss_test.cpp everything

    <<<<
    lines of the header, which must be there once
    ====
    what stands in their place
    >>>>

A bug names who had it; the letters P, S, B, N and D stand for designs that came before this
library.
`by` is the test that must fail and, where it has many, its test case. The library knows nothing of
mutants: an edited copy of the header comes first on the include path of that test.
"""

import pathlib
import re

FIELD = re.compile(r"^(bug|file|by): (.+)$", re.MULTILINE)
EDIT = re.compile(r"^<<<<\n(.*?)^====\n(.*?)^>>>>$", re.MULTILINE | re.DOTALL)


class Mutant:
    def __init__(self, path):
        text = path.read_text(encoding="utf-8")
        fields = dict(FIELD.findall(text))
        self.name = path.stem
        self.bug = fields.get("bug", "")
        self.file = fields.get("file", "")
        self.test, _, self.case = fields.get("by", "").partition(" ")
        self.edits = EDIT.findall(text)

    def mutated(self, root):
        """The edited header; raises ValueError where it does not fit the library any more."""
        header = pathlib.Path(root) / "include/strata" / self.file
        if not (self.bug and self.edits and header.is_file()):
            raise ValueError(f"{self.name}: needs bug, file, by and an edit of a header")
        test = pathlib.Path(root) / "tests" / self.test
        if not test.is_file() or self.case not in test.read_text(encoding="utf-8"):
            raise ValueError(f"{self.name}: there is no test '{self.case}' in tests/{self.test}")
        text = header.read_text(encoding="utf-8")
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: {self.file} has {text.count(old)} times\n{old}")
            text = text.replace(old, new)
        return text


def read_all(folder):
    return [Mutant(path) for path in sorted(pathlib.Path(folder).glob("*.mutant"))]
