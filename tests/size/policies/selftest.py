# SPDX-License-Identifier: BSL-1.0
"""The check must be able to fail: it is shown a model that stayed, and one that never was."""

import contextlib
import io
import unittest

import check_policies

CASE = "// composed: cache::Big merge::None\n// absent: \\bU LZ4_\n"
ROWS = [("cache", "cache::Big"), ("cache", "cache::Small"), ("merge", "merge::Add"),
        ("merge", "merge::None")]
HEADERS = {"big.hpp": {"cache::Big", "cache::detail::Ring"},
           "small.hpp": {"cache::Small", "cache::detail::Ghost"},
           "merge.hpp": {"merge::None", "merge::Add", "merge::detail::Sum"}}
DEFAULT = ["T f(strata::Db<strata::cache::Big, strata::merge::None>)",
           "T strata::cache::Smaller::f()", "U strata::merge::detail::Sum::f()"]
MATRIX = DEFAULT + ["T strata::cache::Small::f()", "T g(strata::merge::Add)", "U LZ4_compress"]


class Check(unittest.TestCase):
    def judge(self, default=DEFAULT, matrix=MATRIX, case=CASE, rows=ROWS):
        with contextlib.redirect_stdout(io.StringIO()):
            sentences = check_policies.judge(case, rows, HEADERS, default, matrix)
            return [sentence.split("\n")[0] for sentence in sentences]

    def test_what_costs_nothing(self):
        self.assertEqual(self.judge(), [])

    def test_a_model_that_is_there_though_not_composed(self):
        expected = ["cache::Small is not composed, but is in the object code:"]
        self.assertEqual(self.judge(DEFAULT + ["U int strata::cache::Small::g<int>()"]), expected)
        self.assertEqual(self.judge(DEFAULT + ["T h(strata::Db<strata::cache::Small>)"]), expected)

    def test_a_class_of_a_model_that_is_not_composed(self):
        self.assertEqual(self.judge(DEFAULT + ["T strata::cache::detail::Ghost::~Ghost()"]),
                         ["cache::Small is not composed, but is in the object code:"])

    def test_a_model_that_could_not_be_found(self):
        self.assertEqual(self.judge(matrix=DEFAULT + MATRIX[-2:]),
                         ["cache::Small is in no symbol of the matrix: the test could not fail"])

    def test_a_model_that_the_case_composes_by_word_only(self):
        self.assertEqual(self.judge(["T f(strata::cache::Big)"]),
                         ["merge::None is not in the default composition, as the case says it is"])
        self.assertEqual(self.judge(case=CASE + "// composed: cache::Gone\n"),
                         ["the case says that it composes cache::Gone, "
                          "which is no model of the matrix"])

    def test_a_model_that_no_header_defines(self):
        self.assertEqual(self.judge(rows=ROWS + [("cache", "cache::Lost")],
                                    matrix=MATRIX + ["T strata::cache::Lost::f()"]),
                         ["no header of the library defines cache::Lost: "
                          "what else is its code called?"])

    def test_a_library_that_is_called(self):
        self.assertEqual(self.judge(DEFAULT + ["  U LZ4_compress"]),
                         ["\\bU LZ4_ is in the object code:"])


if __name__ == "__main__":
    unittest.main()
