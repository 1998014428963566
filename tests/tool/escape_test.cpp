// SPDX-License-Identifier: BSL-1.0
#include "../../examples/tool/escape.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace std::string_literals;
using strata::ErrorCode;
using strata::tool::escape;
using strata::tool::from_hex;
using strata::tool::is_utf8;
using strata::tool::to_hex;
using strata::tool::unescape;

TEST_CASE("printable text and UTF-8 are shown as they are") {
  CHECK(escape("city:Athens") == "city:Athens");
  CHECK(escape("Zürich 東京 🗼") == "Zürich 東京 🗼");
  CHECK(escape("") == "");
}

TEST_CASE("what a terminal would obey or hide is escaped") {
  CHECK(escape("a\nb\tc\r\\") == "a\\nb\\tc\\r\\\\");
  CHECK(escape("\0\x1b[2J\x7f"s) == "\\x00\\x1b[2J\\x7f");
  CHECK(escape("\xc2\x9b") == "\\xc2\\x9b");  // a control of its own, in UTF-8
}

TEST_CASE("bytes that are no UTF-8 are escaped one by one") {
  CHECK(escape("\xff") == "\\xff");
  CHECK(escape("\xc3") == "\\xc3");
  CHECK(escape("\xc0\xaf") == "\\xc0\\xaf");
  CHECK(escape("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(escape("\xf5\x80\x80\x80") == "\\xf5\\x80\\x80\\x80");
  CHECK(escape("\xe6\x9d\xb1\xe6") == "東\\xe6");
}

TEST_CASE("what is UTF-8 is told from what is not") {
  CHECK(is_utf8("plain, ü, 東, 🗼"));
  CHECK_FALSE(is_utf8("\x80"));
  CHECK_FALSE(is_utf8("\xe0\x9f\xbf"));
  CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));
  CHECK_FALSE(is_utf8("a\xf0\x9f\x97"));
}

TEST_CASE("any bytes come back from their text") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (unsigned round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    const std::string text = escape(bytes);
    REQUIRE(unescape(text).value() == bytes);
    REQUIRE(is_utf8(text));
    REQUIRE(from_hex(to_hex(bytes)).value() == bytes);
  }
}

TEST_CASE("an escape that nobody makes is refused, and shown") {
  for (const char* wrong : {"\\", "a\\q", "\\x", "\\x1", "\\xzz", "\\xg0"}) {
    CAPTURE(wrong);
    const auto bytes = unescape(wrong);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().code() == ErrorCode::invalid_argument);
    CHECK(bytes.error().message().find("\\xNN") != std::string::npos);
  }
}

TEST_CASE("hex takes both cases and refuses what is no byte") {
  CHECK(to_hex("\xff\x00\x1a"s) == "ff001a");
  CHECK(from_hex("FF001a").value() == "\xff\x00\x1a"s);
  CHECK(from_hex("").value().empty());
  CHECK_FALSE(from_hex("f"));
  CHECK_FALSE(from_hex("fg"));
  CHECK_FALSE(from_hex("0x12"));
}
