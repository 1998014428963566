// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/table_writer.hpp>

#include <string>

#include <catch2/catch.hpp>

#include "small_database.hpp"

using namespace strata;
using Db = tests::SmallTree<>;
using Writer = Db::TableWriter;

TEST_CASE("a table takes keys in ascending order, each once") {
  const io::Memory fs;
  auto writer = Writer::create("/t.table", {}, fs);
  REQUIRE(writer->put("b", "1"));
  CHECK(writer->put("a", "1").error().code() == ErrorCode::invalid_argument);
  CHECK(writer->erase("b").error().code() == ErrorCode::invalid_argument);
  REQUIRE(writer->erase("c"));
  REQUIRE(writer->put("d", std::string(100, 'v')));
  const auto info = writer->finish();
  REQUIRE(info);
  CHECK(info->entries == 3);
  CHECK(info->tombstones == 1);
  CHECK(info->smallest == "b");
  CHECK(info->largest == "d");
}

TEST_CASE("a table does not replace a file, is not empty, and keeps the limits of every write") {
  const io::Memory fs;
  auto writer = Writer::create("/t.table", {}, fs);
  REQUIRE(writer);
  CHECK(Writer::create("/t.table", {}, fs).error().code() == ErrorCode::already_exists);
  CHECK(writer->put(std::string(key_bytes_max + 1, 'k'), "").error().code() ==
        ErrorCode::invalid_argument);
  CHECK(writer->put(std::string(key_bytes_max, 'k'), ""));
  auto empty = Writer::create("/empty.table", {}, fs);
  CHECK_THAT(empty->finish().error().message(), Catch::Contains("at least one"));
}

TEST_CASE("keys ascend in the order of the family's comparator") {
  lsm::Ascending<comparator::ReverseBytewise> order;
  CHECK(order.pass("b"));
  CHECK(order.pass("a"));
  CHECK_FALSE(order.pass("a"));
  CHECK_FALSE(order.pass("c"));
}
