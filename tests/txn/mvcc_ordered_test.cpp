// SPDX-License-Identifier: BSL-1.0

#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <strata/txn/mvcc_hashed.hpp>
#include <strata/txn/mvcc_ordered.hpp>
#include <strata/txn/mvcc_version.hpp>

namespace {

using namespace strata::mvcc;
using Chain = order::NewestFirst::type;
using Ordered = index::Ordered::type<Chain>;
using Hashed = index::Hashed::type<Chain>;

template <class Index>
std::set<std::string> sweep_all(const Index& index, std::size_t limit) {
  std::set<std::string> keys;
  typename Index::Cursor cursor{};
  for (bool more = true; more;) {
    std::vector<Chain*> chains;
    more = index.sweep(cursor, limit, chains);
    REQUIRE(chains.size() <= limit);
    for (const Chain* chain : chains) {
      REQUIRE(keys.insert(chain->key).second);
    }
  }
  return keys;
}

}  // namespace

TEMPLATE_TEST_CASE("mvcc index: holds what a set holds, after random inserts and erases", "[mvcc]",
                   Ordered, Hashed) {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  std::mt19937 random(seed);
  TestType index;
  std::set<std::string> model;
  Garbage garbage;
  for (int step = 0; step < 5000; ++step) {
    const auto key = std::to_string(random() % 700);
    Chain* const found = index.find(key);
    REQUIRE((found != nullptr) == model.contains(key));
    if (found != nullptr && random() % 2 == 0) {
      index.erase(*found, garbage);
      model.erase(key);
    } else {
      Chain& chain = index.find_or_insert(key, garbage);
      REQUIRE(chain.key == key);
      REQUIRE((found == nullptr || found == &chain));
      model.insert(key);
    }
  }
  CHECK(sweep_all(index, 7) == model);
  CHECK(sweep_all(index, 100'000) == model);
}

TEST_CASE("mvcc ordered: scans a range in order and stops when told to", "[mvcc]") {
  Ordered index;
  Garbage garbage;
  for (const char* key : {"c", "", "a", "b", "ab"}) {
    index.find_or_insert(key, garbage);
  }
  const auto scanned = [&](std::string_view first, std::optional<std::string_view> last,
                           std::size_t limit) {
    std::vector<std::string> keys;
    index.scan(first, last, [&](const Chain& chain) {
      keys.push_back(chain.key);
      return keys.size() < limit;
    });
    return keys;
  };
  using Keys = std::vector<std::string>;
  CHECK(scanned("", std::nullopt, 9) == Keys{"", "a", "ab", "b", "c"});
  CHECK(scanned("a", "c", 9) == Keys{"a", "ab", "b"});
  CHECK(scanned("aa", std::nullopt, 2) == Keys{"ab", "b"});
  CHECK(scanned("b", "a", 9).empty());
  index.erase(*index.find("ab"), garbage);
  CHECK(scanned("a", "c", 9) == Keys{"a", "b"});
}
