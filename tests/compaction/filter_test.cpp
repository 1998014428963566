// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/filter.hpp>

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/compaction/manual.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>

using namespace strata;

namespace {

/// A user's filter: values that say so are forgotten.
struct ForgetExpired {
  using policy_slot = compaction_filter_slot;
  static constexpr std::string_view name = "forget_expired";
  [[nodiscard]] static bool keep(std::string_view, std::string_view value) {
    return value != "expired";
  }
};
static_assert(CompactionFilterPolicy<ForgetExpired>);

template <class... Policies>
auto open() {
  return LsmTree<io::Memory, executor::Inline, compaction::Manual, Policies...>::open("/db");
}

}  // namespace

TEST_CASE("without a filter everything is kept") {
  CHECK(compaction_filter::None::keep("key", "value"));
  auto db = open();
  REQUIRE(db);
  REQUIRE(db->put("a", "expired"));
  REQUIRE(db->compact());
  CHECK(db->get("a").value() == "expired");
}

TEST_CASE("a compaction forgets what the filter does not keep, and nothing else") {
  auto db = open<ForgetExpired>();
  REQUIRE(db);
  REQUIRE(db->put("a", "expired"));
  REQUIRE(db->put("b", "fresh"));
  CHECK(db->get("a").value() == "expired");  // nothing has passed it yet
  REQUIRE(db->compact());
  CHECK(db->get("a").value() == std::nullopt);
  CHECK(db->get("b").value() == "fresh");
}

TEST_CASE("an older value does not come back where a newer one is forgotten") {
  auto db = open<ForgetExpired>();
  REQUIRE(db);
  REQUIRE(db->put("a", "fresh"));
  REQUIRE(db->compact());
  REQUIRE(db->put("a", "expired"));
  REQUIRE(db->flush());
  REQUIRE(db->compact());
  CHECK(db->get("a").value() == std::nullopt);
}

TEST_CASE("what a snapshot sees is not forgotten while it lives") {
  auto db = open<ForgetExpired>();
  REQUIRE(db);
  REQUIRE(db->put("a", "expired"));
  {
    const Snapshot snapshot = db->snapshot();
    REQUIRE(db->compact());
    CHECK(db->get("a", {.snapshot = &snapshot}).value() == "expired");
  }
  REQUIRE(db->compact());
  CHECK(db->get("a").value() == std::nullopt);
}
