# SPDX-License-Identifier: BSL-1.0
"""Every mutant still fits the library: its lines are there, once, and so is its test."""

import pathlib
import sys
import tempfile
import unittest

import mutant

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent


class Museum(unittest.TestCase):
    def test_every_mutant_fits(self):
        mutants = mutant.read_all(HERE / "mutants")
        self.assertGreater(len(mutants), 0)
        for one in mutants:
            with self.subTest(one.name):
                header = ROOT / "include/strata" / one.file
                self.assertNotEqual(one.mutated(ROOT), header.read_text(encoding="utf-8"))

    def planted(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "one.mutant")
            path.write_text(text, encoding="utf-8")
            return mutant.Mutant(path)

    def test_a_mutant_of_lines_that_are_gone(self):
        one = self.planted("bug: b\nfile: version/manifest.hpp\nby: version/manifest_test.cpp\n\n"
                           "<<<<\nno such line\n====\n>>>>\n")
        self.assertRaisesRegex(ValueError, "has 0 times", one.mutated, ROOT)

    def test_a_mutant_whose_test_is_gone(self):
        one = self.planted("bug: b\nfile: version/manifest.hpp\nby: version/manifest_test.cpp none"
                           "\n\n<<<<\n#pragma once\n====\n>>>>\n")
        self.assertRaisesRegex(ValueError, "there is no test", one.mutated, ROOT)


if __name__ == "__main__":
    sys.exit(unittest.main())
