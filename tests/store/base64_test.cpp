// SPDX-License-Identifier: BSL-1.0
#include <strata/store/base64.hpp>

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

using strata::store::from_base64;
using strata::store::to_base64;

TEST_CASE("the test vectors of RFC 4648") {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(to_base64(bytes) == text);
    std::string back;
    CHECK(from_base64(text, back));
    CHECK(back == bytes);
  }
}

TEST_CASE("every pair of bytes, at every place, comes back") {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      for (std::size_t before = 0; before < 3; ++before) {
        std::string bytes(before, '\x5a');
        bytes.push_back(static_cast<char>(a));
        bytes.push_back(static_cast<char>(b));
        std::string back;
        REQUIRE(from_base64(to_base64(bytes), back));
        REQUIRE(back == bytes);
      }
    }
  }
}

TEST_CASE("what no encoder makes is refused, and nothing is changed") {
  const std::string_view wrong[] = {
      "Z",    "Zg",   "Zg=",  "Zg===", "=",    "====",       "Z===",  "Zg==Zg==", "Zm9v\n",
      "Zm 9", "Zm-_", "Zh==", "Zm9=",  "Zg=v", "\xc3\xa4==", "Zm9vZ", "=Zg=",     "Zm8=Zm8="};
  for (const std::string_view text : wrong) {
    CAPTURE(text);
    std::string bytes = "as it was";
    CHECK_FALSE(from_base64(text, bytes));
    CHECK(bytes == "as it was");
  }
}
