# SPDX-License-Identifier: BSL-1.0
"""A check that can not fail is a defect: each rule is shown a good tree, and one that breaks it."""

import pathlib
import tempfile
import unittest

import check_includes
import check_readme
import check_style

LICENCE = "// SPDX-License-Identifier: BSL-1.0\n"


def header(*includes, body=""):
    lines = "".join(f"#include {name}\n" for name in includes)
    return f"{LICENCE}#pragma once\n\n/// A room.\n\n{lines}{body}"


def plant(root, files):
    for name, text in files.items():
        path = pathlib.Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


GOOD = {
    "include/strata/version.hpp": header(),
    "include/strata/wal.hpp": header("<strata/wal/log.hpp>"),
    "include/strata/core/bytes.hpp": header("<string>"),
    "include/strata/wal/concept.hpp": header("<strata/version.hpp>", "<strata/core/bytes.hpp>"),
    "include/strata/wal/log.hpp": header("<strata/wal/concept.hpp>", "<strata/core/bytes.hpp>"),
    "include/strata/cache/lru_simd.hpp": header("<xsimd/xsimd.hpp>"),
    "include/strata/lsm/scan.hpp": header("<range/v3/view/facade.hpp>", "<strata/wal/log.hpp>"),
    "include/strata/testing/kit.hpp": header("<strata/lsm/scan.hpp>"),
    "tests/core/bytes_test.cpp": LICENCE,
    "tests/wal/log_test.cpp": LICENCE,
    "tests/cache/lru_simd_test.cpp": LICENCE,
    "tests/lsm/scan_test.cpp": LICENCE,
}


class Planted(unittest.TestCase):
    def violations(self, check, files):
        with tempfile.TemporaryDirectory() as root:
            plant(root, {**GOOD, **files})
            return check(root)

    def assert_only(self, check, files, expected):
        found = self.violations(check, files)
        self.assertTrue(found, "the planted violation went unseen")
        for violation in found:
            self.assertIn(expected, violation)


class Includes(Planted):
    def assert_found(self, files, expected):
        self.assert_only(check_includes.check, files, expected)

    def test_a_good_tree_has_no_violations(self):
        self.assertEqual(self.violations(check_includes.check, {}), [])

    def test_a_lower_floor_includes_a_higher_one(self):
        self.assert_found({"include/strata/core/bad.hpp": header("<strata/wal/log.hpp>")},
                          "wal/ is above core/")

    def test_two_folders_of_one_floor(self):
        self.assert_found({"include/strata/cache/bad.hpp": header("<strata/wal/log.hpp>")},
                          "wal/ and cache/ are on one floor")

    def test_a_room_includes_an_umbrella(self):
        self.assert_found({"include/strata/lsm/bad.hpp": header("<strata/wal.hpp>")},
                          "is an umbrella")

    def test_an_umbrella_with_code(self):
        self.assert_found({"include/strata/lsm.hpp": header(body="int x;\n")},
                          "an umbrella holds nothing but includes")

    def test_a_root_room_includes_a_room(self):
        self.assert_found({"include/strata/fwd.hpp": header("<strata/core/bytes.hpp>")},
                          "a root room includes nothing of strata")

    def test_the_library_includes_testing(self):
        self.assert_found({"include/strata/lsm/bad.hpp": header("<strata/testing/kit.hpp>")},
                          "testing/ is for tests only")

    def test_an_umbrella_includes_testing(self):
        self.assert_found({"include/strata/all.hpp": header("<strata/testing/kit.hpp>")},
                          "testing/ is for tests only")

    def test_a_folder_without_a_floor(self):
        self.assert_found({"include/strata/attic/bad.hpp": header()}, "has no floor")

    def test_quotes(self):
        self.assert_found({"include/strata/wal/bad.hpp": header('"strata/wal/log.hpp"')},
                          "angle brackets")

    def test_a_missing_file(self):
        self.assert_found({"include/strata/wal/bad.hpp": header("<strata/wal/none.hpp>")},
                          "there is no such file")

    def test_a_cycle(self):
        self.assert_found({"include/strata/wal/a.hpp": header("<strata/wal/b.hpp>"),
                           "include/strata/wal/b.hpp": header("<strata/wal/a.hpp>")}, "cycle")

    def test_ranges_below_scan(self):
        self.assert_found({"include/strata/wal/bad.hpp": header("<range/v3/view/all.hpp>")},
                          "range-v3 is costly")

    def test_simd_outside_its_rooms(self):
        self.assert_found({"include/strata/wal/bad.hpp": header("<xsimd/xsimd.hpp>")},
                          "xsimd is costly")


class Style(Planted):
    def assert_found(self, files, expected):
        self.assert_only(check_style.check, files, expected)

    def test_a_good_tree_has_no_violations(self):
        self.assertEqual(self.violations(check_style.check, {}), [])

    def test_no_licence(self):
        self.assert_found({"tests/wal/more_test.cpp": "int x;\n"}, LICENCE.strip("/ \n"))

    def test_no_pragma(self):
        self.assert_found({"include/strata/wal/concept.hpp": LICENCE + "/// A room.\n"},
                          "#pragma once")

    def test_no_explanation(self):
        self.assert_found({"include/strata/wal/concept.hpp": LICENCE + "#pragma once\n"},
                          "open with a `///` paragraph")

    def test_a_long_file(self):
        self.assert_found({"tests/wal/more_test.cpp": LICENCE + "//\n" * 600}, "601 lines")

    def test_too_many_large_rooms(self):
        self.assert_found({"include/strata/wal/log.hpp": header(body="//\n" * 400)},
                          "have more than 400 lines")

    def test_a_long_line(self):
        self.assert_found({"tests/wal/more_test.cpp": LICENCE + "/" * 101 + "\n"}, "101 columns")

    def test_a_loose_end(self):
        self.assert_found({"tests/wal/more_test.cpp": LICENCE + "// TO" "DO: more\n"},
                          "a loose end")

    def test_a_path_of_one_machine(self):
        for place in ("home", "root", "work"):
            text = LICENCE + f'auto p = "/{place}/me/db";\n'
            self.assert_found({"tests/wal/more_test.cpp": text}, "names a path of one machine")

    def test_a_path_outside_the_repository(self):
        text = LICENCE + 'auto p = "../sha' 'red/data";\n'
        self.assert_found({"tests/wal/more_test.cpp": text}, "outside the repository")

    def test_a_banned_include(self):
        for name in ("<iostream>", "<regex>"):
            self.assert_found({"include/strata/wal/concept.hpp": header(name)}, "costs too much")

    def test_a_result_that_may_be_dropped(self):
        body = "[[nodiscard]] Result<int> get();\n[[nodiscard]]\nResult<int> put();\n"
        self.assertEqual(self.violations(
            check_style.check, {"include/strata/wal/concept.hpp": header(body=body)}), [])
        for body in ("Result<void> sync();\n", "  static Result<std::vector<int>> open(int a);\n"):
            self.assert_found({"include/strata/wal/concept.hpp": header(body=body)}, "nodiscard")

    def test_a_room_without_a_test(self):
        self.assert_found({"include/strata/wal/segment.hpp": header()},
                          "has no test, write tests/wal/segment_test.cpp")

    def test_a_room_may_name_the_test_that_it_shares(self):
        body = "// Round trip: tests/wal/log_test.cpp\n"
        files = {"include/strata/wal/segment.hpp": header(body=body)}
        self.assertEqual(self.violations(check_style.check, files), [])

    def test_a_named_test_that_is_not_there(self):
        body = "// Round trip: tests/wal/none_test.cpp\n"
        self.assert_found({"include/strata/wal/concept.hpp": header(body=body)}, "is not there")

    def test_a_listed_room_may_lack_a_test(self):
        files = {"include/strata/wal/segment.hpp": header(),
                 check_style.UNTESTED: "# why\nstrata/wal/segment.hpp\n"}
        self.assertEqual(self.violations(check_style.check, files), [])

    def test_the_list_of_untested_rooms_only_shrinks(self):
        self.assert_found({check_style.UNTESTED: "strata/wal/log.hpp\n"}, "take it off the list")


class Readme(Planted):
    def assert_found(self, text, expected):
        self.assert_only(check_readme.check, {"README.md": text}, expected)

    def test_what_is_there_may_be_said(self):
        files = {"examples/one.cpp": LICENCE + "int main() {}\n",
                 "include/strata/wal/log.hpp": header(body="namespace strata::wal {\nstruct L {};"),
                 "README.md": "<!-- examples/one.cpp -->\n```cpp\nint main() {}\n```\n"
                              "[one](examples/one.cpp) [web](https://example.org)\n| `wal::L` |\n"}
        self.assertEqual(self.violations(check_readme.check, files), [])

    def test_a_snippet_that_is_not_the_file(self):
        files = {"examples/one.cpp": LICENCE + "int main() {}\n",
                 "README.md": "<!-- examples/one.cpp -->\n```cpp\nint other() {}\n```\n"}
        self.assert_only(check_readme.check, files, "the snippet is not examples/one.cpp")

    def part(self, text):
        files = {"examples/one.cpp": LICENCE + "int one();\nint two();\n\nint main() {}\n",
                 "examples/one.out": "1\n2\n", "docs/guide.md": text}
        return self.violations(check_readme.check, files)

    def test_parts_of_files_and_what_they_print(self):
        self.assertEqual(self.part("<!-- part of examples/one.cpp -->\n```cpp\nint two();\n\n"
                                   "int main() {}\n```\n<!-- part of examples/one.out -->\n"
                                   "```text\n2\n```\n<!-- examples/one.out -->\n```\n1\n2\n"
                                   "```\n"), [])

    def test_a_part_that_the_file_does_not_have(self):
        for lines in ("int one();\n\nint main() {}\n", "one();\n", "int two();\n\nint main()\n"):
            found = self.part(f"<!-- part of examples/one.cpp -->\n```cpp\n{lines}```\n")
            self.assertEqual(len(found), 1, found)
            self.assertIn("has no lines", found[0])

    def test_code_of_no_file_beside_code_of_one(self):
        alone = "Text:\n\n```cpp\nint three();\n```\n"
        self.assertEqual(self.part(alone), [])
        found = self.part("<!-- part of examples/one.cpp -->\n```cpp\nint one();\n```\n" + alone)
        self.assertEqual(found, ["docs/guide.md: of which file is the code that begins "
                                 "'int three();'?"])

    def test_a_snippet_of_no_file(self):
        self.assert_found("<!-- examples/two.cpp -->\n```cpp\n```\n", "there is no")

    def test_a_dead_link(self):
        self.assert_found("[guide](docs/none.md)\n", "links to docs/none.md")

    def contract(self, text):
        test = 'TEST_CASE("a log "\n          "is read", "[t]")'
        files = {"tests/wal/log_test.cpp": LICENCE + test, "docs/durability.md": text}
        return self.violations(check_readme.check, files)

    def test_a_sentence_of_the_contract_names_its_test(self):
        kept = "- A log is read.\n  [a log is read](../tests/wal/log_test.cpp)\n\nNo promise.\n"
        self.assertEqual(self.contract(kept), [])

    def test_a_test_that_the_contract_made_up(self):
        found = self.contract("- A log is read. [a log is lost](../tests/wal/log_test.cpp)\n")
        self.assertEqual(len(found), 1, found)
        self.assertIn("has no test 'a log is lost'", found[0])

    def test_a_sentence_of_the_contract_that_no_test_holds(self):
        found = self.contract("- A log is read.\n- A [b](../tests/wal/log_test.cpp) is\n")
        self.assertEqual(len(found), 2, found)
        self.assertIn("no test holds 'A log is read.'", found[1])

    def test_a_policy_that_does_not_exist(self):
        self.assert_found("| `wal::Log`, `wal::Mind` | sends |\n", "is no class of the library")


if __name__ == "__main__":
    unittest.main()
