// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/compression/concept.hpp, checked on any compression policy. Run it under
/// an address sanitizer: inputs are copied to buffers of their exact size.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <strata/compression/codec.hpp>
#include <strata/compression/concept.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

inline std::vector<std::string> compression_inputs(std::mt19937_64& random) {
  std::vector<std::string> inputs = {"", "x", "ab", std::string(7, 'a'), std::string(100000, '\0')};
  for (const std::size_t size : {8U, 64U, 1000U, 4096U, 65536U, 1000003U}) {
    std::string noise(size, '\0');
    std::string text(size, '\0');
    std::string half(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      noise[i] = static_cast<char>(random());
      text[i] = "the quick brown fox "[(i + random() % 3) % 20];
      half[i] = i % 1000 < 500 ? noise[i] : 'h';
    }
    inputs.insert(inputs.end(), {noise, text, half});
  }
  return inputs;
}

enum class Decompressed {
  equal,
  different,
  refused,
  refused_otherwise,
  overrun
};

/// A compressor and what reads its blocks.
template <CompressionPolicy C>
struct Codec {
  compression::compressor_of_t<C> compressor;
  compression::decompressor_of_t<C> decompressor;
  std::uint8_t id = 0;  // of the last block that was worth it

  [[nodiscard]] bool compress(std::string_view raw, std::string& stored) {
    const std::uint8_t made_by = compressor.compress(raw, stored);
    id = made_by != 0 ? made_by : id;
    return made_by != 0;
  }
};

/// Decompresses between two guards.
template <class Decompressor>
[[nodiscard]] Decompressed decompress_guarded(const Decompressor& decompressor, std::uint8_t id,
                                              std::string_view stored, std::size_t raw_bytes,
                                              std::string_view original) {
  constexpr std::size_t guard_bytes = 32;
  const std::vector<char> exact(stored.begin(), stored.end());
  std::vector<char> buffer(raw_bytes + 2 * guard_bytes, '\x5a');
  char* const to = buffer.data() + guard_bytes;
  const Result<void> done =
      decompressor.decompress(id, {exact.data(), exact.size()}, raw_bytes, to);
  const auto intact = [](char c) { return c == '\x5a'; };
  if (!std::all_of(buffer.data(), to, intact) ||
      !std::all_of(to + raw_bytes, to + raw_bytes + guard_bytes, intact)) {
    return Decompressed::overrun;
  }
  if (!done) {
    return done.error().code() == ErrorCode::corruption ? Decompressed::refused
                                                        : Decompressed::refused_otherwise;
  }
  return std::string_view(to, raw_bytes) == original ? Decompressed::equal
                                                     : Decompressed::different;
}

template <class C>
void check_damaged_block(Conformance& found, const Codec<C>& codec, const std::string& stored,
                         const std::string& raw, std::mt19937_64& random) {
  const auto seen_of = [&](std::uint8_t id, std::string_view bytes, std::size_t raw_bytes) {
    return decompress_guarded(codec.decompressor, id, bytes, raw_bytes, raw);
  };
  const auto refused = [&](std::string_view bytes, std::size_t raw_bytes) {
    return seen_of(codec.id, bytes, raw_bytes) == Decompressed::refused;
  };
  for (const std::size_t wrong :
       {std::size_t{0}, raw.size() / 2, raw.size() - 1, raw.size() + 1, raw.size() * 2}) {
    found.expect(wrong == raw.size() || refused(stored, wrong),
                 "a block of another raw size is corruption");
  }
  found.expect(seen_of(127, stored, raw.size()) == Decompressed::refused,
               "a block of an unknown codec is corruption");
  const std::size_t stride = std::max<std::size_t>(1, stored.size() / 200);
  for (std::size_t length = 0; length < stored.size(); length += stride) {
    found.expect(refused(std::string_view(stored).substr(0, length), raw.size()),
                 "a block cut short is corruption");
  }
  for (int round = 0; round < 200; ++round) {
    std::string flipped = stored;
    flipped[random() % flipped.size()] ^= static_cast<char>(1 << random() % 8);
    const Decompressed seen = seen_of(codec.id, flipped, raw.size());
    found.expect(seen != Decompressed::overrun && seen != Decompressed::refused_otherwise,
                 "a damaged block never writes past its end, and what is refused is corruption");
  }
}

/// Lets the compressor learn, where it wants to, and opens what it learnt.
template <class C>
void check_learning(Conformance& found, Codec<C>& codec, std::mt19937_64& random) {
  std::string samples;
  std::vector<std::size_t> sizes;
  while (samples.size() < codec.compressor.sample_bytes()) {
    std::string sample = "{";
    for (int field = 0; field < 40; ++field) {
      sample +=
          "\"field_" + std::to_string(random() % 60) + "\": " + std::to_string(random()) + ", ";
    }
    samples += sample;
    sizes.push_back(sample.size());
  }
  const std::string dictionary = codec.compressor.learn(samples, sizes);
  found.expect(samples.empty() == dictionary.empty(),
               "what wants samples learns from them, and what wants none learns nothing");
  found.expect(compression::reads<C>(codec.compressor.name()) && compression::reads<C>("none"),
               "a codec reads the tables it names, and those of none");
  compression::decompressor_of_t<C> closed;
  found.expect(!closed.open(codec.compressor.name(), "no dictionary"),
               "what is no dictionary is refused");
  found.expect(codec.decompressor.open(codec.compressor.name(), dictionary),
               "a dictionary opens where it was learnt");
  found.expect(dictionary.empty() || codec.decompressor.memory_bytes() >= dictionary.size(),
               "an open dictionary says what memory it takes");
}

}  // namespace detail

/// `level`: of the table that blocks are compressed for.
template <CompressionPolicy C>
[[nodiscard]] Conformance compression_conformance(std::uint64_t seed = 1,
                                                  const options_of_t<C>& options = {},
                                                  unsigned level = 0) {
  Conformance found;
  std::mt19937_64 random(seed);
  detail::Codec<C> codec{compression::compressor_of_t<C>(options, level), {}};
  detail::check_learning(found, codec, random);
  for (const std::string& raw : detail::compression_inputs(random)) {
    std::string stored = "what was here before";
    if (!codec.compress(raw, stored)) {
      continue;
    }
    found.expect(stored.size() < raw.size(), "compress says yes only where bytes were saved");
    found.expect(raw.size() / compression::expansion_max<C>() <= stored.size(),
                 "no stored byte stands for more than expansion_max");
    found.expect(detail::decompress_guarded(codec.decompressor, codec.id, stored, raw.size(),
                                            raw) == detail::Decompressed::equal,
                 "what was compressed comes back");
    std::string again;
    found.expect(codec.compress(raw, again) && again == stored, "compress replaces its output");
    if (raw.size() < 100000) {
      detail::check_damaged_block(found, codec, stored, raw, random);
    }
  }
  for (int round = 0; round < 2000; ++round) {
    std::string garbage(random() % 64, '\0');
    for (char& c : garbage) {
      c = static_cast<char>(random());
    }
    found.expect(detail::decompress_guarded(codec.decompressor, codec.id, garbage, random() % 300,
                                            "") != detail::Decompressed::overrun,
                 "garbage never writes past its end");
  }
  return found;
}

}  // namespace strata::testing
