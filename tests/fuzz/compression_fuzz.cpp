// SPDX-License-Identifier: BSL-1.0
//
// Codecs: frames of strangers write within their bounds, and what was compressed comes back.
//
//     input   codec u8, id u8, raw bytes u24 as u16 and u8, dictionary sized, the frame
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <strata/compression/codec.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/compression/none.hpp>
#include <strata/compression/per_level.hpp>
#include <strata/compression/zstd.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;

template <class C>
void check_round_trip(std::string_view bytes) {
  compression::compressor_of_t<C> compressor(options_of_t<C>{}, 3);
  std::string compressed;
  const std::uint8_t id = compressor.compress(bytes, compressed);
  if (id == 0) {
    return;
  }
  compression::decompressor_of_t<C> decompressor;
  fuzz::require(decompressor.open(compressor.name(), {}));
  std::string raw(bytes.size(), '\0');
  fuzz::require(decompressor.decompress(id, compressed, raw.size(), raw.data()).has_value());
  fuzz::require(raw == bytes);
}

template <class C>
void run_on(std::string_view name, fuzz::Input& in) {
  const auto id = in.number();
  const std::size_t raw_bytes = in.number<std::uint16_t>() + std::size_t{in.number()} * 0x10000;
  const std::string_view dictionary = in.string();
  compression::decompressor_of_t<C> decompressor;
  if (decompressor.open(name, dictionary)) {
    auto raw = std::make_unique_for_overwrite<char[]>(raw_bytes);
    (void)decompressor.decompress(id, in.rest(), raw_bytes, raw.get());
  }
  check_round_trip<C>(in.rest());
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  switch (in.number() % 4) {
    case 0: run_on<compression::Lz4>("lz4", in); break;
    case 1: run_on<compression::Zstd>("zstd", in); break;
    case 2: run_on<compression::None>("none", in); break;
    default: run_on<compression::PerLevel<compression::Lz4, compression::Zstd>>("zstd", in); break;
  }
}

template <class C>
std::string compressed(const std::string& raw) {
  compression::compressor_of_t<C> compressor(options_of_t<C>{}, 3);
  std::string out;
  (void)compressor.compress(raw, out);
  return out;
}

std::string seed(char codec, char id, std::size_t raw_bytes, const std::string& dictionary,
                 const std::string& frame) {
  std::string out{codec, id};
  put_fixed(out, static_cast<std::uint16_t>(raw_bytes));
  out.push_back(static_cast<char>(raw_bytes >> 16));
  return out + fuzz::sized(dictionary) + frame;
}

std::vector<fuzz::Seed> seeds() {
  std::string text;
  std::string samples;
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 2000; ++i) {
    const std::string line = R"({"name": "user)" + std::to_string(i * i % 977) +
                             "\", \"age\": " + std::to_string(i % 89) + "}\n";
    text += i < 30 ? line : "";
    samples += line;
    sizes.push_back(line.size());
  }
  compression::Zstd::Options options;
  options.dictionary_bytes = 512;
  compression::Zstd::Compressor with_dictionary(options, 3);
  const std::string dictionary = with_dictionary.learn(samples, sizes);
  std::string by_dictionary;
  (void)with_dictionary.compress(text, by_dictionary);
  const std::string zeros(100'000, '\0');
  const std::string lz4 = compressed<compression::Lz4>(text);
  const std::string zstd = compressed<compression::Zstd>(text);
  return {{"lz4", seed(0, 1, text.size(), {}, lz4)},
          {"lz4_zeros", seed(0, 1, zeros.size(), {}, compressed<compression::Lz4>(zeros))},
          {"zstd", seed(1, 2, text.size(), {}, zstd)},
          {"zstd_zeros", seed(1, 2, zeros.size(), {}, compressed<compression::Zstd>(zeros))},
          {"zstd_dictionary", seed(1, 2, text.size(), dictionary, by_dictionary)},
          {"none", seed(2, 0, text.size(), {}, text)},
          {"per_level", seed(3, 2, text.size(), {}, zstd)}};
}

const fuzz::Target target("compression", run, seeds);

}  // namespace
