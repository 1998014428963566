// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/concept.hpp>

#include <catch2/catch.hpp>
#include <strata/cache/lru.hpp>
#include <strata/testing/cache_conformance.hpp>

namespace {

using strata::cache::Lru;

/// A cache whose `erase` does nothing, and whose reserve is not counted.
struct Broken {
  using policy_slot = strata::cache_slot;
  using Options = Lru::Options;
  static constexpr std::string_view name = "broken";
  template <class Key, class Value, class Hash>
  class type : public Lru::type<Key, Value, Hash> {
   public:
    explicit type(const Options& options) : Lru::type<Key, Value, Hash>(options) {}
    void erase(const Key&) {}
    void reserve(std::ptrdiff_t) {}
  };
};

}  // namespace

TEST_CASE("The kit names what a broken cache breaks") {
  const auto violations = strata::testing::cache_conformance<Broken>().violations;
  CHECK(violations == strata::testing::Sentences{"an erased key is not found",
                                                 "the reserve counts as used",
                                                 "nothing is found that was never there"});
}

TEST_CASE("A hit ratio is 0 without look-ups") {
  CHECK(strata::cache::Stats{}.hit_ratio() == 0);
  CHECK(strata::cache::Stats{.hits = 3, .misses = 1}.hit_ratio() == 0.75);
}
