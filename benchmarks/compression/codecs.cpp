// SPDX-License-Identifier: BSL-1.0

/// Codecs alone, without a table, on blocks of 4 KiB as a table has them: records of JSON, 8 MiB,
/// through the forms that tables use. `bytes_per_second` is of raw bytes, `ratio` raw bytes for
/// each stored one, the dictionary counted.
///
///     compress/<codec>, decompress/<codec>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/compression.hpp>
#include <strata/core/bytes.hpp>

#if __has_include(<zstd.h>)
#include <strata/compression/zstd.hpp>
#endif

namespace {

using namespace strata;

constexpr std::size_t block_bytes = 4_KiB;
constexpr std::size_t raw_bytes = 8_MiB;

/// A sale: words of a few, numbers of many, as most stored records are.
std::string record(std::mt19937_64& random) {
  static constexpr std::string_view words[] = {"blue",  "large",  "cotton", "garden",
                                               "chair", "lamp",   "oak",    "round",
                                               "steel", "winter", "tea",    "book"};
  static constexpr std::string_view states[] = {"ordered", "paid", "shipped", "returned"};
  const auto word = [&] { return std::string(words[random() % std::size(words)]); };
  return "{\"id\":" + std::to_string(random() % 100'000'000) + ",\"customer\":\"c" +
         std::to_string(random() % 20'000) + "\",\"article\":\"" + word() + ' ' + word() + ' ' +
         word() + "\",\"pieces\":" + std::to_string(1 + random() % 9) +
         ",\"cents\":" + std::to_string(random() % 50'000) + ",\"state\":\"" +
         std::string(states[random() % std::size(states)]) + "\"}\n";
}

std::vector<std::string> make_blocks() {
  std::mt19937_64 random(42);
  std::vector<std::string> blocks(raw_bytes / block_bytes);
  for (std::string& block : blocks) {
    while (block.size() < block_bytes) {
      block += record(random);
    }
    block.resize(block_bytes);
  }
  return blocks;
}

struct Stored {
  std::uint8_t id;
  std::string bytes;
};

/// The blocks of one table: learned from as the builder of a table does, then compressed.
template <class C>
struct Codec {
  explicit Codec(const options_of_t<C>& options) : compressor(options, 1) {
    std::string samples;
    std::vector<std::size_t> sizes;
    for (const std::string& block : blocks) {
      if (samples.size() >= compressor.sample_bytes()) {
        break;
      }
      samples += block;
      sizes.push_back(block.size());
    }
    dictionary = compressor.learn(samples, sizes);
  }
  [[nodiscard]] Stored store(const std::string& block) {
    Stored stored{0, {}};
    stored.id = compressor.compress(block, stored.bytes);
    if (stored.id == 0) {
      stored.bytes = block;
    }
    return stored;
  }

  compression::compressor_of_t<C> compressor;
  std::vector<std::string> blocks = make_blocks();
  std::string dictionary;
};

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(raw_bytes));
}

template <class C>
void compress(benchmark::State& state, const options_of_t<C>& options) {
  Codec<C> codec(options);
  std::size_t stored_bytes = 0;
  for (auto _ : state) {
    stored_bytes = codec.dictionary.size();
    for (const std::string& block : codec.blocks) {
      stored_bytes += codec.store(block).bytes.size();
    }
  }
  count_bytes(state);
  state.counters["ratio"] = static_cast<double>(raw_bytes) / static_cast<double>(stored_bytes);
}

template <class C>
void decompress(benchmark::State& state, const options_of_t<C>& options) {
  Codec<C> codec(options);
  std::vector<Stored> stored;
  for (const std::string& block : codec.blocks) {
    stored.push_back(codec.store(block));
  }
  compression::decompressor_of_t<C> decompressor;
  bool good = decompressor.open(C::name, codec.dictionary);
  std::string block(block_bytes, '\0');
  for (auto _ : state) {
    for (const Stored& one : stored) {
      // Readers take a block with id none as it is, whatever the codec.
      good = good &&
             (one.id == 0
                  ? bool(compression::None::decompress(one.bytes, block_bytes, block.data()))
                  : bool(decompressor.decompress(one.id, one.bytes, block_bytes, block.data())));
      benchmark::DoNotOptimize(block.data());
      benchmark::ClobberMemory();
    }
  }
  if (!good || block != codec.blocks.back()) {
    state.SkipWithError("a block does not come back");
  }
  count_bytes(state);
}

template <class C>
void add(const std::string& name, const options_of_t<C>& options = {}) {
  for (const auto& [what, run] :
       {std::pair("compress/", &compress<C>), std::pair("decompress/", &decompress<C>)}) {
    benchmark::RegisterBenchmark((what + name).c_str(), run, options)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace

int main(int count, char** arguments) {
  add<compression::None>("none");
  add<compression::Lz4>("lz4");
#if __has_include(<zstd.h>)
  add<compression::Zstd>("zstd_fast", {.level = -1});
  add<compression::Zstd>("zstd_3", {.level = 3});
  add<compression::Zstd>("zstd_3_dictionary", {.level = 3, .dictionary_bytes = 16_KiB});
  add<compression::Zstd>("zstd_9", {.level = 9});
#endif
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
