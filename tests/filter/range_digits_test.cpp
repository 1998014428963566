// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/range_digits.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <string>

using strata::filter::detail::RangeDigits;

namespace {

RangeDigits digits_of(const std::string& bounds) {
  return {bounds.data(), bounds.size() / 2};
}

}  // namespace

TEST_CASE("Numbers of byte strings are in their order, and exact ones are strictly so") {
  std::mt19937_64 random(6);
  for (const std::string& bounds :
       {std::string("0909:::af"), std::string("aaaaaaaa"), std::string("\0\xff\0\xff\0\xff", 6),
        std::string("\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff", 16),
        std::string("\xff\xff\0\0", 4), std::string(), std::string("az09\xff\0\xff\0", 8)}) {
    const RangeDigits digits = digits_of(bounds);
    const auto some = [&] {
      std::string bytes(random() % 12, '\0');
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::uint64_t one = random() % 8;
        const std::size_t at = 2 * i < bounds.size() ? 2 * i : 0;
        const int low = bounds.empty() ? 0 : bounds[at];
        const int high = bounds.empty() ? 0 : bounds[at + 1];
        bytes[i] = static_cast<char>(one == 0   ? static_cast<int>(random() % 256)
                                     : one == 1 ? low - 1
                                     : one == 2 ? high + 1
                                     : one < 5  ? low
                                                : high);
      }
      return bytes;
    };
    for (int i = 0; i < 50'000; ++i) {
      const std::string a = some();
      const std::string b = some();
      const auto of_a = digits.number_of(a);
      const auto of_b = digits.number_of(b);
      if (a < b) {
        CAPTURE(bounds, a, b);
        REQUIRE(of_a.value <= of_b.value);
        REQUIRE((!of_a.exact || !of_b.exact || of_a.value < of_b.value));
      }
    }
  }
}

TEST_CASE("Neighbours in text are neighbours in numbers") {
  const std::string bounds = "090909::np";
  const RangeDigits digits = digits_of(bounds);
  const auto number = [&](const char* text) { return digits.number_of(text).value; };
  CHECK(number("") == 0);
  CHECK(number("123:p") - number("123:o") == 1);
  CHECK(number("430") - number("420") == number("490") - number("480"));
  CHECK(number("5:") == number("6"));
  CHECK(number("5!") == number("5"));
  CHECK(digits.number_of("42").exact);
  CHECK(digits.number_of("420:o").exact);
  CHECK_FALSE(digits.number_of("42:").exact);
  CHECK_FALSE(digits.number_of("420:oo").exact);
}
