# SPDX-License-Identifier: BSL-1.0
"""The harness must be able to fail: it is shown cases that break each of its promises."""

import pathlib
import sys
import tempfile
import unittest

import check_failure

COMPILERS = []
FAULT = "int main() {\n#ifdef WRONG\n  static_assert(false, \"too wrong\");\n#endif\n}\n"


class Harness(unittest.TestCase):
    def judge(self, case):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "case.cpp"
            path.write_text(case, encoding="utf-8")
            for compiler in COMPILERS:
                yield list(check_failure.judge(case, [compiler], str(path)))

    def assert_found(self, case, expected):
        for sentences in self.judge(case):
            self.assertEqual(len(sentences), 1, sentences)
            self.assertIn(expected, sentences[0])

    def test_a_good_case_has_nothing_to_say_about(self):
        good = "// expect: too wrong\n// explain: static_assert(false\n" + FAULT
        for sentences in self.judge(good):
            self.assertEqual(sentences, [])

    def test_a_program_that_compiles(self):
        self.assert_found("// expect: x\nint main() {}\n", "compiles, and must not")

    def test_a_program_that_never_compiles(self):
        case = "// expect: too wrong\nint main() { static_assert(false, \"too wrong\"); }\n"
        self.assert_found(case, "does not compile without WRONG")

    def test_another_error_first(self):
        case = "// expect: too wrong\n" + FAULT.replace("#ifdef WRONG", "#ifdef WRONG\n  odd x;")
        self.assert_found(case, "the first error does not say: too wrong")

    def test_a_missing_explanation(self):
        case = "// expect: too wrong\n// explain: because\n" + FAULT
        self.assert_found(case, "the output does not say: because")

    def test_a_fault_whose_number_does_nothing(self):
        case = "// expect: too wrong\n// expect 2: x\n" + FAULT.replace("ifdef WRONG",
                                                                        "if WRONG == 1")
        self.assert_found(case, "fault 2: compiles, and must not")

    def test_a_case_without_faults(self):
        self.assert_found(FAULT, "the case names no fault")

    def test_a_case_with_an_explanation_only(self):
        self.assert_found("// explain: too wrong\n" + FAULT, "which error to expect")


if __name__ == "__main__":
    COMPILERS = sys.argv.pop().split(",")
    unittest.main()
