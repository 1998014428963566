// SPDX-License-Identifier: BSL-1.0
#include <strata/table/format.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>

using namespace strata;
using Checksum = checksum::Crc32c;
using table::Footer;
using table::Handle;

namespace {

constexpr std::uint64_t file_bytes = 100'000;

Footer example() {
  return {.file_number = 12,
          .filter = {1'000, 200},
          .index = {1'209, 300},
          .range_erases = {1'518, 0},
          .properties = {1'527, 400}};
}
bool same(const Handle& a, const Handle& b) {
  return a.offset == b.offset && a.bytes == b.bytes;
}
bool same(const Footer& a, const Footer& b) {
  return a.file_number == b.file_number && same(a.filter, b.filter) && same(a.index, b.index) &&
         same(a.range_erases, b.range_erases) && same(a.properties, b.properties);
}
Result<Footer> decoded(std::string_view bytes, std::uint64_t size = file_bytes) {
  return table::decode_footer<Checksum>(bytes, size, "db/12.table");
}
/// The example with an integer of its own at `offset`, summed anew.
template <class Integer>
std::string with(std::size_t offset, Integer value) {
  std::string bytes = table::encode_footer<Checksum>(example());
  store_fixed(bytes.data() + offset, value);
  const std::size_t summed = table::footer_bytes - 8;
  store_fixed(bytes.data() + summed, Checksum::compute(std::string_view(bytes).substr(0, summed)));
  return bytes;
}
void check_is_corruption(const Result<Footer>& footer) {
  REQUIRE_FALSE(footer);
  CHECK(footer.error().code() == ErrorCode::corruption);
  CHECK(footer.error().message().find("db/12.table") != std::string::npos);
}

}  // namespace

TEST_CASE("a footer is read as it was written", "[table]") {
  const std::string bytes = table::encode_footer<Checksum>(example());
  CHECK(bytes.size() == table::footer_bytes);
  CHECK(bytes.substr(0, 8) == "trataTBL");
  const auto footer = decoded(bytes);
  REQUIRE(footer);
  CHECK(same(*footer, example()));
}

TEST_CASE("a footer keeps the largest numbers", "[table]") {
  // Five handles of the largest kind do not fit one file, so each is put where there is room.
  const std::uint64_t size = UINT64_MAX;
  const Handle far{size - UINT32_MAX - table::frame_bytes - table::footer_bytes, UINT32_MAX};
  const Footer written{UINT64_MAX, far, far, {}, far};
  const auto read = decoded(table::encode_footer<Checksum>(written), size);
  REQUIRE(read);
  CHECK(same(*read, written));
}

TEST_CASE("a footer with any bit flipped is damage", "[table]") {
  std::string bytes = table::encode_footer<Checksum>(example());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    CAPTURE(bit);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    check_is_corruption(decoded(bytes));
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
}

TEST_CASE("a footer that is cut off at any length is damage", "[table]") {
  const std::string bytes = table::encode_footer<Checksum>(example());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    check_is_corruption(decoded(std::string_view(bytes).substr(0, length), length));
  }
  check_is_corruption(decoded(bytes + "x"));
}

TEST_CASE("a footer of a later version, or with an unknown flag, says what to do", "[table]") {
  for (const std::string& bytes :
       {with(8, table::table_format_version + 1), with(8, UINT32_MAX),
        with(12, table::known_features + 1), with(12, std::uint32_t{1} << 31)}) {
    const auto footer = decoded(bytes);
    REQUIRE_FALSE(footer);
    CHECK(footer.error().code() == ErrorCode::newer_format);
    CHECK(footer.error().message() ==
          "db/12.table: written by a later version of strata; open it with that one");
  }
}

TEST_CASE("a footer keeps the features that this version knows", "[table]") {
  const auto footer = decoded(with(12, table::hashed_blocks));
  REQUIRE(footer);
  CHECK(footer->features == table::hashed_blocks);
  CHECK(decoded(with(12, 0U))->features == 0);
}

TEST_CASE("a flag that later versions call compatible is ignored", "[table]") {
  const auto footer = decoded(with(72, std::uint32_t{0x8001}));
  REQUIRE(footer);
  CHECK(same(*footer, example()));
}

TEST_CASE("a footer that names sections outside of its file is damage", "[table]") {
  constexpr std::uint64_t room = file_bytes - table::footer_bytes - table::frame_bytes;
  for (std::size_t section = 0; section < 4; ++section) {
    CAPTURE(section);
    const std::size_t offset = 24 + section * 12;
    check_is_corruption(decoded(with(offset, file_bytes)));
    check_is_corruption(decoded(with(offset, file_bytes + 1)));
    check_is_corruption(decoded(with(offset, UINT64_MAX)));
    check_is_corruption(decoded(with(offset + 8, UINT32_MAX)));
    const std::uint32_t bytes =
        load_fixed<std::uint32_t>(with(0, table::table_magic).data() + offset + 8);
    CHECK(decoded(with(offset, room - bytes)));
    check_is_corruption(decoded(with(offset, room - bytes + 1)));
  }
}

TEST_CASE("a frame is whole where it was written, and nowhere else", "[table]") {
  std::string frame = "ahead|payload";
  table::close_frame<Checksum>(frame, 7, 1, 70, 12, 4'096);
  CHECK(frame.substr(0, 13) == "ahead|payload");
  REQUIRE(frame.size() == 13 + table::frame_bytes);
  frame.erase(0, 6);
  CHECK(frame[7] == 1);
  CHECK(load_fixed<std::uint32_t>(frame.data() + 8) == 70);
  CHECK(table::frame_is_whole<Checksum>(frame, 12, 4'096));
  CHECK_FALSE(table::frame_is_whole<Checksum>(frame, 13, 4'096));
  CHECK_FALSE(table::frame_is_whole<Checksum>(frame, 12, 4'097));
  CHECK_FALSE(table::frame_is_whole<Checksum>(frame, 4'096, 12));
}

TEST_CASE("a frame without payload is whole", "[table]") {
  std::string frame;
  table::close_frame<Checksum>(frame, 0, 0, 0, UINT64_MAX, UINT64_MAX);
  CHECK(frame.size() == table::frame_bytes);
  CHECK(table::frame_is_whole<Checksum>(frame, UINT64_MAX, UINT64_MAX));
}
