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
    def judge(self, case):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "case.cpp"
            path.write_text(case, encoding="utf-8")
            return [sentence for compiler in COMPILERS
                    for sentence in check_symbols.judge(case, compiler, [], str(path))]

    def assert_found(self, case, expected):
        sentences = self.judge(case)
        self.assertEqual(len(sentences), len(COMPILERS), sentences)
        for sentence in sentences:
            self.assertIn(expected, sentence)

    def test_what_is_only_there_when_composed(self):
        self.assertEqual(self.judge("// absent:  composed$\n" + CASE), [])

    def test_what_is_always_there(self):
        self.assert_found("// absent:  always$\n" + CASE, "is in the object code")
        self.assert_found("// absent: Counter::add\n" + CASE, "is in the object code")

    def test_what_is_never_there(self):
        self.assert_found("// absent: Ghost\n" + CASE, "the test could not fail")

    def test_a_case_that_promises_nothing(self):
        self.assert_found(CASE, "does not say what must be absent")

    def test_what_costs_bytes_where_it_is_not_composed(self):
        plain = "#ifdef PLAIN\n#else\nint left(int n) { return n * 3; }\n#endif\n"
        case = "// absent:  composed$\n" + CASE + plain
        self.assert_found(case, "where it is not even mentioned")


if __name__ == "__main__":
    COMPILERS = sys.argv.pop().split(",")
    unittest.main()
