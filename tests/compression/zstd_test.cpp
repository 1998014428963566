// SPDX-License-Identifier: BSL-1.0
#include <strata/compression/zstd.hpp>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/testing/compression_conformance.hpp>

using namespace strata;
using compression::Zstd;
using strata::testing::compression_conformance;
using strata::testing::Sentences;

namespace {

/// Records as a store of documents has them: names repeat, values do not.
std::string record(std::mt19937_64& random) {
  return "{\"identifier\": " + std::to_string(random()) +
         ", \"temperature\": " + std::to_string(random() % 1000) +
         ", \"place\": {\"latitude\": " + std::to_string(random() % 90) +
         ", \"longitude\": " + std::to_string(random() % 180) + "}, \"owner\": \"user" +
         std::to_string(random() % 100000) + "@example.org\"}";
}
struct Samples {
  std::string bytes;
  std::vector<std::size_t> sizes;
};
Samples samples_of(std::size_t bytes, std::mt19937_64& random) {
  Samples samples;
  while (samples.bytes.size() < bytes) {
    const std::string one = record(random);
    samples.bytes += one;
    samples.sizes.push_back(one.size());
  }
  return samples;
}
Result<void> decompress(std::string_view frame, std::string& to,
                        const Zstd::Decompressor& by = {}) {
  return by.decompress(Zstd::id, frame, to.size(), to.data());
}
std::string frame_of(std::string_view raw) {
  std::string frame(ZSTD_compressBound(raw.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), raw.data(), raw.size(), 3));
  return frame;
}

}  // namespace

TEST_CASE("Zstd keeps the promises of the compression slot at every kind of level") {
  const auto level = GENERATE(-5, 1, 3, 19);
  CAPTURE(level);
  const auto found = compression_conformance<Zstd>(7, {.level = level});
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 4000);
}

TEST_CASE("Zstd keeps the promises of the compression slot with a dictionary") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = compression_conformance<Zstd>(seed, {.dictionary_bytes = 4_KiB});
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 4000);
}

TEST_CASE("a higher level of Zstd makes blocks smaller") {
  std::mt19937_64 random(3);
  const std::string block = samples_of(64_KiB, random).bytes;
  std::string fast;
  std::string slow;
  REQUIRE(Zstd::Compressor({.level = -5}, 0).compress(block, fast) == Zstd::id);
  REQUIRE(Zstd::Compressor({.level = 19}, 0).compress(block, slow) == Zstd::id);
  CHECK(slow.size() < fast.size());
}

TEST_CASE("Zstd leaves what would not shrink by an eighth") {
  std::mt19937_64 random(5);
  std::string text(4096, 'a');
  for (std::size_t i = 0; i < 3800; ++i) {
    text[i] = static_cast<char>(random());
  }
  Zstd::Compressor compressor({}, 0);
  std::string out;
  CHECK(compressor.compress(text, out) == 0);
  CHECK(compressor.compress("", out) == 0);
  CHECK(compressor.compress("aaaaaaa", out) == 0);
  CHECK(compressor.compress(std::string(4096, 'a'), out) == Zstd::id);
}

TEST_CASE("Zstd's stored form is one frame with its content size, for ever") {
  CHECK(Zstd::id == 2);
  const std::string expected(
      "\x28\xb5\x2f\xfd\x20\x28\x43\x01\x00"
      "a",
      10);
  std::string to(40, '\0');
  REQUIRE(decompress(expected, to));
  CHECK(to == std::string(40, 'a'));

  std::string out;
  REQUIRE(Zstd::Compressor({}, 0).compress(std::string(40, 'a'), out) == Zstd::id);
  CHECK(ZSTD_getFrameContentSize(out.data(), out.size()) == 40);
  REQUIRE(decompress(out, to));
}

TEST_CASE("a dictionary makes small blocks smaller, and only it reads them") {
  std::mt19937_64 random(11);
  Zstd::Compressor plain({}, 0);
  Zstd::Compressor taught({.dictionary_bytes = 4_KiB}, 0);
  const Samples samples = samples_of(taught.sample_bytes(), random);
  const std::string dictionary = taught.learn(samples.bytes, samples.sizes);
  REQUIRE_FALSE(dictionary.empty());
  CHECK(dictionary.size() <= 4_KiB);

  const std::string block = samples_of(1_KiB, random).bytes;
  std::string without;
  std::string with;
  REQUIRE(plain.compress(block, without) == Zstd::id);
  REQUIRE(taught.compress(block, with) == Zstd::id);
  CHECK(with.size() * 3 < without.size() * 2);

  Zstd::Decompressor reader;
  CHECK(reader.memory_bytes() == 0);
  REQUIRE(reader.open("zstd", dictionary));
  CHECK(reader.memory_bytes() > dictionary.size());
  std::string to(block.size(), '\0');
  REQUIRE(decompress(with, to, reader));
  CHECK(to == block);
  std::string other(block.size(), '\0');
  CHECK((!decompress(with, other) || other != block));
}

TEST_CASE("Zstd learns nothing from little, and is as good as without") {
  std::mt19937_64 random(13);
  Zstd::Compressor compressor({.dictionary_bytes = 4_KiB}, 0);
  CHECK(compressor.sample_bytes() == 400_KiB);
  const Samples samples = samples_of(99_KiB, random);
  CHECK(compressor.learn(samples.bytes, samples.sizes).empty());
  CHECK(compressor.learn({}, {}).empty());
  const std::string one(400_KiB, 'a');
  CHECK(compressor.learn(one, {one.size()}).empty());
  std::string out;
  REQUIRE(compressor.compress(samples.bytes, out) == Zstd::id);
  std::string to(samples.bytes.size(), '\0');
  REQUIRE(decompress(out, to));
  CHECK(to == samples.bytes);
  CHECK(Zstd::Compressor({}, 0).sample_bytes() == 0);
}

TEST_CASE("what is no dictionary of zstd does not open") {
  Zstd::Decompressor reader;
  CHECK(reader.open("zstd", ""));
  CHECK_FALSE(reader.open("zstd", "x"));
  CHECK_FALSE(reader.open("zstd", std::string(4096, 'a')));
  CHECK_FALSE(reader.open("zstd", std::string("\x37\xa4\x30\xec\1\0\0\0garbage", 15)));
}

TEST_CASE("Zstd refuses hostile frames") {
  const std::string raw(1000, 'a');
  const std::string frame = frame_of(raw);
  std::string to(1000, '\0');
  REQUIRE(decompress(frame, to));
  const auto refused = [&](std::string_view bytes) {
    const auto done = decompress(bytes, to);
    return !done && done.error().code() == ErrorCode::corruption;
  };
  SECTION("a frame to be skipped") {
    const std::string skip("\x50\x2a\x4d\x18\x04\0\0\0data", 12);
    CHECK(refused(skip));
    CHECK(refused(skip + frame));
    CHECK_FALSE(Zstd::Decompressor().decompress(Zstd::id, skip, 0, to.data()));
  }
  SECTION("two frames, or bytes behind one") {
    CHECK(refused(frame_of(std::string(500, 'a')) + frame_of(std::string(500, 'a'))));
    CHECK(refused(frame + "x"));
    CHECK(refused(frame + frame_of("")));
  }
  SECTION("more than its header says") {
    const std::string more = frame_of(std::string(1'000'000, 'a'));
    CHECK(refused(more));
  }
  SECTION("a size that is not said") {
    std::string unsized(
        "\x28\xb5\x2f\xfd\0\x58\x03\0\0"
        "aaa",
        12);
    CHECK(refused(unsized));
  }
  SECTION("a window of terabytes takes no memory") {
    // 0x80: content size of 4 bytes, not a single segment; 0xff: the largest window there is.
    std::string huge("\x28\xb5\x2f\xfd\x80\xff\xe8\x03\0\0", 10);
    CHECK(refused(huge));
    // One block, last, run of a byte, 1000 times.
    huge += std::string(
        "\x43\x1f\0"
        "a",
        4);
    CHECK(refused(huge));
  }
  SECTION("nothing, and less than a header") {
    for (std::size_t length = 0; length < frame.size(); ++length) {
      CAPTURE(length);
      CHECK(refused(std::string_view(frame).substr(0, length)));
    }
  }
  SECTION("another codec") {
    CHECK_FALSE(Zstd::Decompressor().decompress(1, frame, to.size(), to.data()));
    CHECK_FALSE(Zstd::Decompressor().decompress(0, frame, to.size(), to.data()));
  }
}

TEST_CASE("Zstd expands no byte to more than it says") {
  // Blocks of one byte that repeats 128 Ki times, the last of them marked so.
  constexpr std::uint32_t blocks = 100;
  std::string raw(std::size_t{blocks} * 128_KiB, 'a');
  std::string frame("\x28\xb5\x2f\xfd\xa0", 5);  // a single segment, content size of 4 bytes
  put_fixed(frame, static_cast<std::uint32_t>(raw.size()));
  for (std::uint32_t i = 1; i <= blocks; ++i) {
    const std::uint32_t header = std::uint32_t{128_KiB} << 3 | 1 << 1 | (i == blocks ? 1 : 0);
    put_fixed(frame, header | std::uint32_t{'a'} << 24);
  }
  REQUIRE(decompress(frame, raw));
  CHECK(raw.size() / Zstd::expansion_max <= frame.size());
  CHECK(raw.size() / (Zstd::expansion_max - 1000) > frame.size());
}

TEST_CASE("Zstd names both sizes of a damaged block") {
  std::string to(40, '\0');
  const auto damaged = decompress("garbage", to);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code() == ErrorCode::corruption);
  CHECK(damaged.error().message().find("7 bytes") != std::string::npos);
  CHECK(damaged.error().message().find("40 bytes") != std::string::npos);
}
