// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <random>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/io/detail/paged_bytes.hpp>

using strata::io::detail::PagedBytes;

namespace {

std::string all_of(const PagedBytes& bytes) {
  std::string text(static_cast<std::size_t>(bytes.size_bytes()) + 1, '?');
  text.resize(bytes.read(0, text.data(), text.size()));
  return text;
}

}  // namespace

TEST_CASE("paged bytes behave as a string, and copies do not see each other's writes") {
  const auto seed = static_cast<std::uint32_t>(Catch::rngSeed());
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  PagedBytes bytes;
  std::string model;
  PagedBytes old_bytes;
  std::string old_model;
  for (int step = 0; step < 3'000; ++step) {
    switch (below(8)) {
      case 0: {
        const std::size_t size = below(20'000);
        bytes.resize(size);
        model.resize(size, '\0');
        break;
      }
      case 1:
        REQUIRE(all_of(old_bytes) == old_model);
        old_bytes = bytes;
        old_model = model;
        break;
      case 2:
        std::swap(bytes, old_bytes);
        std::swap(model, old_model);
        break;
      default: {
        const std::size_t offset = below(20'000);
        const std::string written(below(9'000), static_cast<char>('a' + below(26)));
        bytes.write(offset, written);
        if (model.size() < offset + written.size()) {
          model.resize(offset + written.size(), '\0');
        }
        model.replace(offset, written.size(), written);
      }
    }
    const std::size_t at = below(25'000);
    std::string part(below(9'000), '?');
    part.resize(bytes.read(at, part.data(), part.size()) == 0 ? 0 : part.size());
    REQUIRE(bytes.size_bytes() == model.size());
    if (!part.empty() && at < model.size()) {
      const std::string expected = model.substr(at, part.size());
      REQUIRE(part.substr(0, expected.size()) == expected);
    }
  }
  CHECK(all_of(bytes) == model);
  CHECK(all_of(old_bytes) == old_model);
}

TEST_CASE("copies may live in different threads, and let go while another writes") {
  PagedBytes bytes;
  for (int round = 0; round < 200; ++round) {
    bytes.write(0, std::string(10'000, static_cast<char>('a' + round % 26)));
    std::thread reader([copy = bytes, round]() mutable {
      char first = 0;
      CHECK(copy.read(9'999, &first, 1) == 1);
      CHECK(first == static_cast<char>('a' + round % 26));
      copy = PagedBytes();
    });
    bytes.write(5'000, "x");
    bytes.write(9'000, "x");
    reader.join();
  }
  CHECK(bytes.size_bytes() == 10'000);
}
