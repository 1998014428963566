// SPDX-License-Identifier: BSL-1.0
#include <strata/compression/concept.hpp>

#include <catch2/catch.hpp>
#include <cstring>
#include <strata/testing/compression_conformance.hpp>

namespace {

/// Writes a run of one byte as its byte. What it stores says nothing of the length.
struct Runs {
  using policy_slot = strata::compression_slot;
  static constexpr std::string_view name = "runs";
  static constexpr std::uint8_t id = 200;
  static bool compress(std::string_view in, std::string& out) {
    if (in.size() < 2 || in.find_first_not_of(in[0]) != std::string_view::npos) {
      return false;
    }
    out.assign(1, in[0]);
    return true;
  }
  static strata::Result<void> decompress(std::string_view in, std::size_t raw_bytes, char* to) {
    if (in.size() != 1) {
      return strata::fail(strata::ErrorCode::corruption, "runs: not one byte");
    }
    std::memset(to, in[0], raw_bytes);
    return {};
  }
};

/// Writes one byte too many.
struct Overrunning : Runs {
  static strata::Result<void> decompress(std::string_view in, std::size_t raw_bytes, char* to) {
    const auto done = Runs::decompress(in, raw_bytes, to);
    to[raw_bytes] = 'x';
    return done;
  }
};

using strata::testing::compression_conformance;

}  // namespace

TEST_CASE("The kit names what a broken codec breaks") {
  const auto runs = compression_conformance<Runs>().violations;
  REQUIRE(runs.size() == 1);
  CHECK(runs[0] == "a block of another raw size is corruption");
  const auto overrunning = compression_conformance<Overrunning>().violations;
  CHECK(overrunning.size() > 2);
  CHECK(overrunning.back() == "garbage never writes past its end");
}
