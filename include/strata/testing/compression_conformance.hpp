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

/// Decompresses between two guards.
template <CompressionPolicy C>
[[nodiscard]] Decompressed decompress_guarded(std::string_view stored, std::size_t raw_bytes,
                                              std::string_view original) {
  constexpr std::size_t guard_bytes = 32;
  const std::vector<char> exact(stored.begin(), stored.end());
  std::vector<char> buffer(raw_bytes + 2 * guard_bytes, '\x5a');
  char* const to = buffer.data() + guard_bytes;
  const Result<void> done = C::decompress({exact.data(), exact.size()}, raw_bytes, to);
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

template <CompressionPolicy C>
void check_damaged_block(Conformance& found, const std::string& stored, const std::string& raw,
                         std::mt19937_64& random) {
  const auto refused = [&](std::string_view bytes, std::size_t raw_bytes) {
    return decompress_guarded<C>(bytes, raw_bytes, raw) == Decompressed::refused;
  };
  for (const std::size_t wrong :
       {std::size_t{0}, raw.size() / 2, raw.size() - 1, raw.size() + 1, raw.size() * 2}) {
    found.expect(wrong == raw.size() || refused(stored, wrong),
                 "a block of another raw size is corruption");
  }
  const std::size_t stride = std::max<std::size_t>(1, stored.size() / 200);
  for (std::size_t length = 0; length < stored.size(); length += stride) {
    found.expect(refused(std::string_view(stored).substr(0, length), raw.size()),
                 "a block cut short is corruption");
  }
  for (int round = 0; round < 200; ++round) {
    std::string flipped = stored;
    flipped[random() % flipped.size()] ^= static_cast<char>(1 << random() % 8);
    const Decompressed seen = decompress_guarded<C>(flipped, raw.size(), raw);
    found.expect(seen != Decompressed::overrun && seen != Decompressed::refused_otherwise,
                 "a damaged block never writes past its end, and what is refused is corruption");
  }
}

}  // namespace detail

template <CompressionPolicy C>
[[nodiscard]] Conformance compression_conformance(std::uint64_t seed = 1) {
  Conformance found;
  std::mt19937_64 random(seed);
  for (const std::string& raw : detail::compression_inputs(random)) {
    std::string stored = "what was here before";
    if (!C::compress(raw, stored)) {
      continue;
    }
    found.expect(stored.size() < raw.size(), "compress says true only where bytes were saved");
    found.expect(
        detail::decompress_guarded<C>(stored, raw.size(), raw) == detail::Decompressed::equal,
        "what was compressed comes back");
    std::string again;
    found.expect(C::compress(raw, again) && again == stored, "compress replaces its output");
    if (raw.size() < 100000) {
      detail::check_damaged_block<C>(found, stored, raw, random);
    }
  }
  for (int round = 0; round < 2000; ++round) {
    std::string garbage(random() % 64, '\0');
    for (char& c : garbage) {
      c = static_cast<char>(random());
    }
    found.expect(
        detail::decompress_guarded<C>(garbage, random() % 300, "") != detail::Decompressed::overrun,
        "garbage never writes past its end");
  }
  return found;
}

}  // namespace strata::testing
