// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/directory.hpp>

#include <catch2/catch.hpp>

using strata::lsm::classify;
using strata::lsm::FileKind;

TEST_CASE("each kind of file is known by its name") {
  CHECK(classify("LOCK").kind == FileKind::lock);
  CHECK(classify("CURRENT").kind == FileKind::current);
  CHECK(classify("MANIFEST-000012").kind == FileKind::manifest);
  CHECK(classify("MANIFEST-000012").number == 12);
  CHECK(classify("000000000007.log").kind == FileKind::log);
  CHECK(classify("000000000007.log").number == 7);
  CHECK(classify("000000000031.table").kind == FileKind::table);
  CHECK(classify("000000000031.values").kind == FileKind::values);
  CHECK(classify("000000000031.values").number == 31);
  CHECK(classify("000000000031.table").number == 31);
  CHECK(classify("CURRENT.tmp").kind == FileKind::temporary);
}

TEST_CASE("anything else is foreign") {
  for (const char* name : {"", "notes.txt", "x7.log", ".log", "-1.table", "MANIFEST-", "MANIFEST-x",
                           "99999999999999999999.table", "000001.sst", "LOCK2"}) {
    CAPTURE(name);
    CHECK(classify(name).kind == FileKind::foreign);
  }
}

TEST_CASE("table numbers go on after the greatest that is there") {
  CHECK(strata::lsm::number_after_all({}) == 1);
  CHECK(strata::lsm::number_after_all({"000000000009.log", "000000000004.table", "LOCK"}) == 5);
}
