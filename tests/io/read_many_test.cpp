// SPDX-License-Identifier: BSL-1.0
#include <string>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/read_many.hpp>
#include <strata/io/simulated.hpp>

using namespace strata;

TEST_CASE("a file without a way to read many reads one after the other") {
  io::Memory fs;
  REQUIRE(io::write_file_durably(fs, "/file", "0123456789"));
  const auto file = fs.open("/file").value();
  static_assert(!io::BatchReadable<io::Memory::RandomFile>);
  char bytes[3][4] = {};
  io::ReadRequest requests[] = {{7, bytes[0], 4}, {0, bytes[1], 3}, {99, bytes[2], 4}};
  REQUIRE(io::read_many(file, requests));
  CHECK(std::string_view(bytes[0], requests[0].done) == "789");
  CHECK(std::string_view(bytes[1], requests[1].done) == "012");
  CHECK(requests[2].done == 0);
  CHECK(io::read_many(file, {}));
}

TEST_CASE("an error of one read is that of all") {
  io::Simulated fs;
  REQUIRE(io::write_file_durably(fs, "/file", "0123456789"));
  const auto file = fs.open("/file").value();
  fs.inject({.kind = io::FaultKind::read_eio});
  char byte = 0;
  io::ReadRequest requests[] = {{0, &byte, 1}};
  CHECK(io::read_many(file, requests).error().code() == ErrorCode::io);
}
