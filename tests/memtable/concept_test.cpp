// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/concept.hpp>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <strata/memtable/skip_list.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>
#include <string_view>

namespace {

using strata::Sequence;
using strata::memtable::SkipList;
using strata::testing::Sentences;

/// Finds the newest version whatever the reader may see, counts nothing, and goes to the end where
/// it should go to the last entry up to a key.
struct Broken {
  using policy_slot = strata::memtable_slot;
  using Options = SkipList::Options;
  static constexpr std::string_view name = "broken";
  template <class Comparator>
  class type : public SkipList::type<Comparator> {
    using Base = SkipList::type<Comparator>;

   public:
    using Base::Base;
    [[nodiscard]] auto find(std::string_view key, Sequence) const {
      return Base::find(key, strata::sequence_max);
    }
    [[nodiscard]] std::uint64_t entry_count() const { return 0; }
    class Cursor : public Base::Cursor {
     public:
      explicit Cursor(const type& table) : Base::Cursor(table) {}
      void seek_for_prev(std::string_view) { this->seek_to_last(); }
    };
  };
};

/// Keeps every second entry to itself.
struct Forgetful {
  using policy_slot = strata::memtable_slot;
  using Options = SkipList::Options;
  static constexpr std::string_view name = "forgetful";
  template <class Comparator>
  class type : public SkipList::type<Comparator> {
    using Base = SkipList::type<Comparator>;

   public:
    using Base::Base;
    void insert(std::string_view key, strata::Trailer trailer, std::string_view value) {
      if (odd_.fetch_xor(1) == 0) {
        Base::insert(key, trailer, value);
      }
    }

   private:
    std::atomic<int> odd_{0};
  };
};

}  // namespace

TEST_CASE("The kit names what a broken memtable breaks") {
  const auto violations = strata::testing::memtable_conformance<Broken>().violations;
  CHECK(violations == Sentences{"entry_count counts what was inserted",
                                "seek_for_prev stands on the last entry up to the key",
                                "find finds no key that is not there, nor only in later versions",
                                "find returns the newest version up to the sequence"});
}

TEST_CASE("The kit names what a memtable that loses entries breaks among threads") {
  const auto violations = strata::testing::memtable_thread_conformance<Forgetful>().violations;
  const auto is_named = [&](std::string_view promise) {
    return std::find(violations.begin(), violations.end(), promise) != violations.end();
  };
  CHECK(is_named("entry_count counts what threads have inserted"));
  CHECK(is_named("find finds what was inserted before"));
  CHECK(is_named("seek finds what was inserted before"));
  CHECK(is_named("a scan meets all that was inserted before"));
  CHECK(is_named("a scan backwards meets all that was inserted before"));
  CHECK(is_named("seek_to_last stands on the greatest entry while others come before it"));
}
