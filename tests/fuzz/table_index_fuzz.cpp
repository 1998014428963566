// SPDX-License-Identifier: BSL-1.0
//
// Indexes of tables: what is accepted can be searched for any key, and indexes that were built
// agree with each other.
//
//     input   what u8, key sized, the bytes of the index; or pieces of separators to build of
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/comparator.hpp>
#include <strata/table/index.hpp>
#include <strata/table/index_eytzinger.hpp>
#include <strata/table/index_learned.hpp>
#include <strata/table/piecewise_linear.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;
using comparator::Bytewise;

template <class I>
auto open(std::string_view bytes) {
  auto own = std::make_unique_for_overwrite<char[]>(bytes.size());
  bytes.copy(own.get(), bytes.size());
  return I::template type<Bytewise>::open(std::move(own), bytes.size());
}

template <class I>
void search(std::string_view key, std::string_view bytes) {
  const auto index = open<I>(bytes);
  if (!index) {
    return;
  }
  fuzz::require(index->block_of(key) <= index->count() && index->block_of("") <= index->count());
  for (std::uint32_t i = 0; i < index->count(); ++i) {
    (void)index->handle(i);
  }
}

void search_lines(std::string_view key, std::string_view bytes) {
  constexpr std::uint32_t count = 1000;
  const auto model = table::PiecewiseLinear::parse(bytes, count);
  fuzz::Input number(key);
  if (model) {
    const auto window = model->window(number.number<std::uint64_t>());
    fuzz::require(window.from <= window.to && window.to <= count);
  }
}

template <class I>
std::string build(const std::vector<std::string>& separators) {
  typename I::Builder builder;
  std::uint64_t offset = 0;
  for (const std::string& separator : separators) {
    builder.add(separator, {offset, 100});
    offset += 109;
  }
  std::string bytes;
  builder.finish(bytes);
  return bytes;
}

/// Each piece makes eight separators, so that few bytes make enough for a model.
std::vector<std::string> separators_of(fuzz::Input& in) {
  std::vector<std::string> separators;
  while (!in.done() && separators.size() < 300) {
    const std::string piece(in.take(4));
    for (char i = 0; i < 8; ++i) {
      separators.push_back(piece + i);
    }
  }
  std::ranges::sort(separators);
  return separators;
}

template <class I>
void check_built(const std::vector<std::string>& separators, std::string_view key) {
  const auto index = open<I>(build<I>(separators));
  fuzz::require(index && index->count() == separators.size());
  const auto expected = [&](std::string_view wanted) {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(separators, wanted) -
                                      separators.begin());
  };
  fuzz::require(index->block_of(key) == expected(key));
  for (std::uint32_t i = 0; i < index->count(); i += 5) {
    fuzz::require(index->block_of(separators[i]) == expected(separators[i]));
    fuzz::require(index->handle(i).offset == std::uint64_t{i} * 109);
  }
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const auto what = in.number() % 5;
  const std::string_view key = in.string();
  switch (what) {
    case 0: search<index::Binary>(key, in.rest()); break;
    case 1: search<index::Eytzinger>(key, in.rest()); break;
    case 2: search<index::Learned>(key, in.rest()); break;
    case 3: search_lines(key, in.rest()); break;
    default: {
      const std::vector<std::string> separators = separators_of(in);
      check_built<index::Binary>(separators, key);
      check_built<index::Eytzinger>(separators, key);
      check_built<index::Learned>(separators, key);
    }
  }
}

std::vector<fuzz::Seed> seeds() {
  std::vector<std::string> few;
  std::vector<std::string> many;
  std::string pieces;
  for (int i = 1000; i < 1040; ++i) {
    few.push_back("separator" + std::to_string(i));
    pieces += std::to_string(i);
  }
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < 300; ++i) {
    numbers.push_back(i * i);
    many.push_back(std::to_string(1000 + i));
  }
  std::string lines;
  (void)table::PiecewiseLinearFit(numbers, 8).write(100, lines);
  const auto seed = [](char what, const std::string& rest) {
    return what + fuzz::sized("separator1020") + rest;
  };
  return {{"binary", seed(0, build<index::Binary>(few))},
          {"eytzinger", seed(1, build<index::Eytzinger>(few))},
          {"learned_few", seed(2, build<index::Learned>(few))},
          {"learned", seed(2, build<index::Learned>(many))},
          {"lines", seed(3, lines)},
          {"built", seed(4, pieces)}};
}

const fuzz::Target target("table_index", run, seeds);

}  // namespace
