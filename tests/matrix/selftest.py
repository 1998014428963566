# SPDX-License-Identifier: BSL-1.0
"""The checks must be able to fail: they are shown models that nobody lists."""

import pathlib
import sys
import tempfile
import unittest

import check_matrix

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "pairwise"))

import check_pairwise  # noqa: E402
import generate  # noqa: E402

POLICY = "namespace strata {\nstruct cache_slot {};\nstruct merge_slot {};\n}\n"
MODELS = """namespace strata::cache {
struct Small {
  using policy_slot = cache_slot;
  static constexpr std::string_view name = "small";
};
struct Other {
  using policy_slot = index_slot;
  static constexpr std::string_view name = "no slot of the engine";
};
}  // namespace strata::cache
namespace strata::merge {
namespace detail {
template <class T>
struct Base {
  using policy_slot = merge_slot;
};
}  // namespace detail
struct Plus : detail::Base<int> {
  static constexpr std::string_view name = "plus";
};
}  // namespace strata::merge
"""
TABLE = "cache | cache::Small | 12 | 0\nmerge | merge::Plus<int> | 3 | 0\n"
README = "| `cache::Small` (default) | block cache | x |\n| `merge::Plus<T>` | merge | x |\n"


class Check(unittest.TestCase):
    def judge(self, table, readme):
        with tempfile.TemporaryDirectory() as root:
            include = pathlib.Path(root) / "include" / "strata"
            (include / "core").mkdir(parents=True)
            (include / "core" / "policy.hpp").write_text(POLICY, encoding="utf-8")
            (include / "models.hpp").write_text(MODELS, encoding="utf-8")
            return list(check_matrix.judge(root, table, readme))

    def test_what_is_complete(self):
        self.assertEqual(self.judge(TABLE, README), [])

    def test_a_model_without_a_row(self):
        self.assertEqual(
            self.judge(TABLE.splitlines()[0] + "\n", README),
            ["merge::Plus fills the merge slot, but tests/matrix does not run its kit"])

    def test_a_row_without_a_model(self):
        self.assertEqual(
            self.judge(TABLE + "cache | cache::Gone | 1 | 0\n", README),
            ["tests/matrix has cache::Gone for cache, which is no model of the library"])

    def test_a_model_that_readers_do_not_hear_of(self):
        self.assertEqual(self.judge(TABLE, README.splitlines()[1] + "\n"),
                         ["README.md: the table of policies lacks cache::Small (cache)"])


class Pairwise(unittest.TestCase):
    MODELS = {("cache", "cache::Small"), ("cache", "cache::Sharded"), ("file_system", "io::Real")}

    def judge(self, caches, left_out):
        return list(check_pairwise.judge(self.MODELS, {"cache": caches}, left_out))

    def test_what_is_complete_some_models_within_others(self):
        self.assertEqual(self.judge(["cache::Sharded<cache::Small, 4>"], {"io::Real": "why"}), [])

    def test_a_model_that_meets_nobody(self):
        self.assertEqual(
            self.judge(["cache::Sharded<cache::Smallest, 4>"], {"io::Real": "why"}),
            ["cache::Small fills the cache slot, but no composition of generate.py has it"])

    def test_an_excuse_for_nobody(self):
        self.assertEqual(
            self.judge(["cache::Sharded<cache::Small, 4>"], {"io::Real": "", "io::Gone": ""}),
            ["generate.py leaves out io::Gone, which is no model of the library"])

    def test_every_two_of_different_slots_meet_but_those_that_clash(self):
        slots = {"memtable": ["memtable::Art", "memtable::BTree"],
                 "comparator": ["comparator::Bytewise", "comparator::ReverseBytewise"],
                 "wal": ["wal::GroupCommit", "wal::None"]}
        met = set().union(*(generate.pairs(each) for each in generate.compositions(slots)))
        self.assertEqual(met, set(generate.all_pairs(slots)))
        self.assertEqual(len(met), 11)


if __name__ == "__main__":
    unittest.main()
