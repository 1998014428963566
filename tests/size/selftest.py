# SPDX-License-Identifier: BSL-1.0
"""The harness must be able to fail: it is shown a symbol that stayed, and one that never was."""

import pathlib
import sys
import tempfile
import unittest

import check_symbols

COMPILERS = []
CASE = """struct Counter { int add(int); };
int Counter::add(int n) { return n; }
int always;
#ifdef COMPOSED
int composed;
#endif
int main() {}
"""


class Harness(unittest.TestCase):
    def judge(self, pattern):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "case.cpp"
            path.write_text(CASE, encoding="utf-8")
            return [sentence for compiler in COMPILERS
                    for sentence in check_symbols.judge([pattern], compiler, [], str(path))]

    def test_what_is_only_there_when_composed(self):
        self.assertEqual(self.judge(r" composed$"), [])

    def test_what_is_always_there(self):
        for pattern in (r" always$", r"Counter::add"):
            sentences = self.judge(pattern)
            self.assertEqual(len(sentences), len(COMPILERS), sentences)
            self.assertIn("is in the object code", sentences[0])

    def test_what_is_never_there(self):
        sentences = self.judge(r"Ghost")
        self.assertEqual(len(sentences), len(COMPILERS), sentences)
        self.assertIn("the test could not fail", sentences[0])


if __name__ == "__main__":
    COMPILERS = sys.argv.pop().split(",")
    unittest.main()
