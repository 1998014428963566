// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>
#include <strata/core/comparator.hpp>
#include <string>
#include <vector>

using strata::comparator::Bytewise;
using strata::comparator::ReverseBytewise;

TEST_CASE("bytewise order is that of unsigned bytes, the shorter first") {
  const std::vector<std::string> ascending = {"",
                                              std::string(1, '\0'),
                                              std::string(2, '\0'),
                                              "\x01",
                                              "a",
                                              "aa",
                                              "b",
                                              "\x7f",
                                              "\x80",
                                              "\xff",
                                              "\xff\xff"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      CAPTURE(i, j);
      CHECK((Bytewise::compare(ascending[i], ascending[j]) < 0) == (i < j));
      CHECK((Bytewise::compare(ascending[i], ascending[j]) == 0) == (i == j));
      CHECK((ReverseBytewise::compare(ascending[i], ascending[j]) < 0) == (i > j));
    }
  }
}

TEST_CASE("only the order of bytes may be decided by key heads") {
  CHECK(Bytewise::is_bytewise);
  CHECK_FALSE(ReverseBytewise::is_bytewise);
  CHECK(Bytewise::name != ReverseBytewise::name);
}
