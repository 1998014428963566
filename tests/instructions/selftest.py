# SPDX-License-Identifier: BSL-1.0
"""The guard must be able to fail: it is shown counts that are off, both ways, and code that is."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import check_instructions as guard
import profile_text

PROGRAM = """#include "workload.hpp"
int main() {
  instructions::measured(1000, [] {
    for (int i = 0; i < 1000; ++i) { asm volatile(".rept %d\\n nop\\n .endr"); }
  });
}
"""


class Verdict(unittest.TestCase):
    def compare(self, measured, chain="g++ 12.2"):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "expected.json"
            guard.write_expected(path, "g++ 12.2", 5, {"get": 1000.0, "put": 2000.0})
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                verdict = guard.compare(path, chain, measured)
            return verdict, printed.getvalue()

    def assert_fails(self, measured, sentence):
        verdict, printed = self.compare(measured)
        self.assertEqual(verdict, 1)
        self.assertIn(sentence, printed)

    def test_what_is_as_expected(self):
        self.assertEqual(self.compare({"get": 1000.0, "put": 2000.0})[0], 0)

    def test_what_is_within_the_tolerance(self):
        self.assertEqual(self.compare({"get": 1049.0, "put": 1902.0})[0], 0)

    def test_what_costs_more(self):
        self.assert_fails({"get": 1051.0, "put": 2000.0}, "costs more")

    def test_what_costs_less(self):
        self.assert_fails({"get": 1000.0, "put": 1890.0}, "costs less: write it down")

    def test_a_workload_that_is_gone(self):
        self.assert_fails({"get": 1000.0}, "no such workload")

    def test_a_workload_that_is_new(self):
        self.assert_fails({"get": 1000.0, "put": 2000.0, "scan": 1.0}, "not in expected.json")

    def test_what_costs_nothing_at_all(self):
        self.assert_fails({"get": 0.0, "put": 2000.0}, "costs less")

    def test_another_toolchain_is_not_compared(self):
        verdict, printed = self.compare({"get": 5.0, "put": 2000.0}, "g++ 13.1")
        self.assertEqual(verdict, guard.SKIPPED)
        self.assertIn("not compared", printed)


class Counting(unittest.TestCase):
    def count(self, nops):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            source = folder / "case.cpp"
            source.write_text(PROGRAM % nops, encoding="utf-8")
            program = folder / "case"
            include = guard.HERE.parents[1] / "include"
            guard.output_of(["g++", "-std=c++20", *guard.OPTIONS, f"-I{include}",
                             f"-I{guard.HERE}", str(source), "-o", str(program)])
            return guard.count(program, "case", folder)

    def test_one_more_instruction_is_seen(self):
        (ten, operations), (eleven, _) = self.count(10), self.count(11)
        self.assertEqual(operations, 1000)
        self.assertEqual(eleven - ten, operations)

    def test_counts_repeat(self):
        self.assertEqual(self.count(10), self.count(10))

    def test_a_program_that_fails_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(guard.GuardError):
                guard.count("/bin/false", "case", pathlib.Path(folder))


class Names(unittest.TestCase):
    def test_names_lose_what_is_in_brackets(self):
        for entry, name in [
                ("???:strata::a::B<int, C<D> >::get(std::vector<int> const&) const", "a::B::get"),
                ("/usr/include/c++/12/string_view:std::view<char>::substr(unsigned long) const "
                 "[/tmp/x/engine]", "std::view::substr"),
                ("./malloc/./malloc/malloc.c:_int_free [/lib/libc.so.6]", "_int_free"),
                ("???:void strata::f<void (*)(int)>(int)::{lambda()#1}::operator()() const",
                 "f::::call")]:
            self.assertEqual(profile_text.name_of(entry), name)

    def test_a_line_has_what_was_spent_on_it_and_not_in_what_it_calls(self):
        text = "\n".join(["fn=(1) f", "fl=(1) a/include/x.hpp", "7 10", "+2 5", "cfi=(2) y.hpp",
                          "calls=3 1", "* 900", "* 1", "fi=(2)", "-8 4"])
        self.assertEqual(profile_text.lines(text), {("a/include/x.hpp", 7): 10,
                                                    ("a/include/x.hpp", 9): 6, ("y.hpp", 1): 4})


if __name__ == "__main__":
    unittest.main()
