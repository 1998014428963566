// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>
#include <strata/core/policy.hpp>

using namespace strata;

namespace {

struct Lru {
  using policy_slot = cache_slot;
  struct Options {
    int capacity = 7;
  };
};
struct Sieve {
  using policy_slot = cache_slot;
};
struct Counters {
  using policy_slot = metrics_slot;
};
struct Stranger {
  explicit Stranger(int given) : value(given) {}
  int value;
};

template <class... Policies>
using chosen_cache = select_t<cache_slot, Lru, Policies...>;

}  // namespace

TEST_CASE("a slot takes its policy from any place in the list") {
  CHECK(std::is_same_v<chosen_cache<Sieve, Counters>, Sieve>);
  CHECK(std::is_same_v<chosen_cache<Counters, Sieve>, Sieve>);
}

TEST_CASE("a slot that is left out takes its default") {
  CHECK(std::is_same_v<chosen_cache<>, Lru>);
  CHECK(std::is_same_v<chosen_cache<Counters>, Lru>);
}

TEST_CASE("policies for one slot are counted, so that two of them can be refused") {
  CHECK(policies_for<cache_slot> == 0);
  CHECK(policies_for<cache_slot, Lru, Counters, Sieve> == 2);
  CHECK(policies_for<metrics_slot, Lru, Counters, Sieve> == 1);
}

TEST_CASE("a class without a slot is no policy, until it is given one") {
  CHECK_FALSE(Policy<Stranger>);
  using Adapted = as<cache_slot, Stranger>;
  CHECK(PolicyFor<Adapted, cache_slot>);
  CHECK_FALSE(PolicyFor<Adapted, metrics_slot>);
  CHECK(Adapted(3).value == 3);
}

TEST_CASE("a policy without knobs has empty options") {
  CHECK(options_of_t<Lru>{}.capacity == 7);
  CHECK(std::is_same_v<options_of_t<Sieve>, NoOptions>);
}
