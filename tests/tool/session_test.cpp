// SPDX-License-Identifier: BSL-1.0
#include "../../examples/tool/session.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/compaction/merge.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/table/index_eytzinger.hpp>

#include "../io/temporary_directory.hpp"

using namespace strata;
using tool::Access;

namespace {

using Plain = LsmTree<>;
using Eytzinger = LsmTree<index::Eytzinger>;
using Counting = LsmTree<merge::Add>;
using Two = Database<Family<"left">, Family<"right">>;
using Growing = Database<Family<"main">, DynamicFamilies<>>;

/// A database of `E` at `path`, with one key, in a table.
template <class E>
void make(const std::string& path) {
  auto session = tool::Session<E>::open(path, Access::create_new);
  REQUIRE(session);
  bool is_first = true;
  REQUIRE(session->with_families("", [&](auto& family) {
    return std::exchange(is_first, false) ? family.put("k", "v") : Result<void>();
  }));
  REQUIRE(session->with_engine([](auto& engine) { return engine.flush(); }));
  REQUIRE(session->close());
}

}  // namespace

TEST_CASE("a directory is opened by the composition that wrote it, wherever it is in the list") {
  const test::TemporaryDirectory place;
  const std::string& path = place.path();
  make<Two>(path);
  using Session = tool::Session<Plain, Counting, Two>;
  auto session = Session::open(path, Access::read);
  REQUIRE(session);
  const auto get = [](auto& family) { return family.get("k"); };
  CHECK(session->with_family("left", get).value() == "v");
  CHECK(session->with_family("right", get).value() == std::nullopt);
}

TEST_CASE("where fingerprints are equal, tables decide") {
  const test::TemporaryDirectory place;
  const std::string& path = place.path();
  make<Eytzinger>(path);
  auto session = tool::Session<Plain, Eytzinger>::open(path, Access::write);
  REQUIRE(session);
  const auto stats = session->with_engine([](auto& engine) { return engine.stats(); });
  CHECK_THAT(stats.composition, Catch::Contains("table_index=eytzinger"));
}

TEST_CASE("a composition that the tool does not know is named, beside those that it knows") {
  const test::TemporaryDirectory place;
  const std::string& path = place.path();
  make<Counting>(path);
  for (const Access access : {Access::read, Access::write, Access::create}) {
    const auto session = tool::Session<Plain, Two>::open(path, access);
    REQUIRE_FALSE(session);
    CHECK(session.error().code() == ErrorCode::incompatible_format);
    CHECK_THAT(session.error().message(),
               Catch::Contains("merge=add") && Catch::Contains("1: [strata/") &&
                   Catch::Contains("right: table=") && Catch::Contains("examples/tool/README.md"));
  }
}

TEST_CASE("a family is chosen by name, or because it is the only one") {
  const test::TemporaryDirectory place;
  const std::string& path = place.path();
  make<Two>(path);
  auto session = tool::Session<Two>::open(path, Access::read);
  REQUIRE(session);
  const auto get = [](auto& family) { return family.get("k"); };
  for (const char* name : {"", "middle"}) {
    const auto value = session->with_family(name, get);
    REQUIRE_FALSE(value);
    CHECK(value.error().code() == ErrorCode::invalid_argument);
    CHECK_THAT(value.error().message(), Catch::Contains("left, right"));
  }
}

TEST_CASE("families that were made at run time are found by name, too") {
  const test::TemporaryDirectory place;
  const std::string& path = place.path();
  {
    auto db = Growing::open(path);
    REQUIRE(db);
    REQUIRE(db->create_family("tenant"));
    REQUIRE(db->open_family("tenant")->put("k", "theirs"));
    REQUIRE(db->close());
  }
  auto session = tool::Session<Plain, Growing>::open(path, Access::read);
  REQUIRE(session);
  CHECK(session->with_family("tenant", [](auto& family) { return family.get("k"); }).value() ==
        "theirs");
  std::vector<std::string> seen;
  REQUIRE(session->with_families("", [&](auto& family) -> Result<void> {
    auto value = family.get("k");
    seen.push_back(value && *value ? **value : "none");
    return {};
  }));
  CHECK(seen == std::vector<std::string>{"none", "theirs"});
}

TEST_CASE("only who is to create makes a database") {
  const test::TemporaryDirectory place;
  const std::string& path = place.path();
  using Session = tool::Session<Plain, Two>;
  CHECK(Session::open(path, Access::read).error().code() == ErrorCode::not_found);
  CHECK(Session::open(path, Access::write).error().code() == ErrorCode::not_found);
  CHECK(Session::open(path, Access::create_new, 3).error().code() == ErrorCode::invalid_argument);
  {
    auto made = Session::open(path, Access::create, 2);
    REQUIRE(made);
    CHECK(made->with_engine([](auto& engine) { return engine.family_names(); }).size() == 2);
  }
  CHECK(Session::open(path, Access::create_new).error().code() == ErrorCode::already_exists);
}

TEST_CASE("a database is opened with the options of a profile, for all its families") {
  const test::TemporaryDirectory place;
  using Session = tool::Session<Two>;
  const tool::Tuning small{.profile = "embedded", .resources = {.memory_bytes = 4_MiB}};
  auto session = Session::open(place.path(), Access::create, 1, small);
  REQUIRE(session);
  const auto [cache, buffer] = session->with_engine([](auto& engine) {
    const auto& options = engine.core().options();
    return std::pair(options.cache.capacity_bytes, options.write_buffer_bytes);
  });
  const auto plan = profile::embedded({.memory_bytes = 4_MiB, .families = 2});
  CHECK(cache == plan.value().cache_bytes);
  CHECK(buffer == plan.value().write_buffer_bytes);
  REQUIRE(session->close());
  const tool::Tuning least{.profile = "balanced", .resources = {.memory_bytes = 64_KiB}};
  CHECK(Session::open(place.path(), Access::write, 1, least).error().code() ==
        ErrorCode::invalid_argument);
}
