// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/filter_ttl.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/compaction/filter_keep.hpp>
#include <strata/compaction/size_tiered.hpp>
#include <strata/core/coding.hpp>

#include "../lsm/small_database.hpp"

using namespace strata;

namespace {

/// The test's own time.
struct Dial {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "dial";
  inline static std::uint64_t seconds = 0;
  [[nodiscard]] static std::uint64_t now_ns() noexcept { return 0; }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept { return seconds; }
  static void sleep_us(std::uint64_t) noexcept {}
};

/// Eight bytes at the front of the value; 0: it stays for ever.
struct LeadingSeconds {
  std::optional<std::uint64_t> operator()(std::string_view, std::string_view value) const {
    const auto expiry = load_fixed<std::uint64_t>(value.data());
    return expiry == 0 ? std::nullopt : std::optional(expiry);
  }
};
using Expires = compaction_filter::Ttl<LeadingSeconds, Dial>;

std::string until(std::uint64_t seconds) {
  std::string value;
  put_fixed(value, seconds);
  return value + "payload";
}

static_assert(CompactionFilterPolicy<Expires>);
static_assert(CompactionFilterPolicy<compaction_filter::Ttl<
                  decltype([](std::string_view, std::string_view) { return std::uint64_t{5}; })>>);

}  // namespace

TEST_CASE("a value stays until its second comes, and without one for ever") {
  Dial::seconds = 99;
  CHECK(Expires{}.keep("k", until(100)));
  Dial::seconds = 100;
  CHECK_FALSE(Expires{}.keep("k", until(100)));
  CHECK(Expires{}.keep("k", until(101)));
  CHECK(Expires{}.keep("k", until(0)));
}

TEST_CASE("expired values vanish from an engine by its own compactions") {
  using Filter = compaction_filter::All<
      Expires, compaction_filter::Keep<decltype(
                   [](std::string_view key, std::string_view) { return key != "unwanted"; })>>;
  using Db = LsmTree<io::Memory, executor::Inline, Dial, compaction::SizeTiered, Filter>;
  const io::Memory fs;
  Db::Options options;
  options.file_system = fs;
  options.compaction = {.runs_trigger = 2, .space_amplification_percent = 0};
  Dial::seconds = 1000;
  auto opened = Db::open("/db", options);
  REQUIRE(opened);
  auto db = std::move(opened).value();
  for (unsigned i = 0; i < 100; ++i) {
    REQUIRE(db.put(tests::key_of(i), until(i % 2 == 0 ? 2000 : 3000)));
  }
  REQUIRE(db.put("for ever", until(0)));
  REQUIRE(db.flush());
  CHECK(db.get(tests::key_of(2)).value().has_value());

  const auto flush_at = [&](std::uint64_t seconds) {
    Dial::seconds = seconds;
    REQUIRE(db.put("unwanted", until(0)));
    REQUIRE(db.put("new " + std::to_string(seconds), until(0)));
    REQUIRE(db.flush());  // the second run: all are merged
  };
  flush_at(2000);
  CHECK(db.get(tests::key_of(2)).value() == std::nullopt);
  CHECK(db.get(tests::key_of(3)).value() == until(3000));
  CHECK(db.get("unwanted").value() == std::nullopt);
  flush_at(3000);
  CHECK(db.get(tests::key_of(3)).value() == std::nullopt);
  CHECK(db.get("for ever").value() == until(0));
  CHECK(db.get("new 2000").value() == until(0));
}
