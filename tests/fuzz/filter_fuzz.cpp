// SPDX-License-Identifier: BSL-1.0
//
// Filters, whose bytes come from files: any bytes give an answer, and a filter that was built
// knows its keys.
//
//     input   policy u8, first and last sized, bits u8, the filter as it is; or, where bits is odd,
//             keys, sized, of which one is built
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <strata/filter/binary_fuse.hpp>
#include <strata/filter/blocked_bloom.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/filter/both.hpp>
#include <strata/filter/concept.hpp>
#include <strata/filter/none.hpp>
#include <strata/filter/prefix.hpp>
#include <strata/filter/prefix_extractor.hpp>
#include <strata/filter/range.hpp>
#include <strata/filter/ribbon.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;

template <class F>
bool ask(std::string_view filter, std::string_view first, std::string_view last) {
  const bool found = F::may_contain(filter, first);
  fuzz::require(filter::Probe<F>(first).may_be_in(filter) == found);
  if constexpr (RangeFilterPolicy<F>) {
    (void)F::may_contain_range(filter, first, last);
  }
  return found;
}

template <class F>
void build_and_ask(fuzz::Input& in) {
  auto builder = filter::make_builder<F>();
  std::vector<std::string> keys;
  while (!in.done()) {
    keys.emplace_back(in.string());
  }
  std::ranges::sort(keys);
  for (const std::string& key : keys) {
    builder.add(key);
  }
  std::string bytes;
  builder.finish(bytes);
  for (const std::string& key : keys) {
    fuzz::require(ask<F>(bytes, key, keys.back()));
    if constexpr (RangeFilterPolicy<F>) {
      fuzz::require(F::may_contain_range(bytes, key, key + '\0'));
    }
  }
}

template <class F>
void run_on(fuzz::Input& in) {
  const std::string_view first = in.string();
  const std::string_view last = in.string();
  if ((in.number() & 1) != 0) {
    build_and_ask<F>(in);
  } else {
    (void)ask<F>(in.rest(), first, last);
  }
}

using Prefixes = filter::Prefix<filter::Bloom, prefix::Fixed<3>>;

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  switch (in.number() % 8) {
    case 0: run_on<filter::Bloom>(in); break;
    case 1: run_on<filter::BlockedBloom>(in); break;
    case 2: run_on<filter::Ribbon>(in); break;
    case 3: run_on<filter::BinaryFuse>(in); break;
    case 4: run_on<filter::Range>(in); break;
    case 5: run_on<Prefixes>(in); break;
    case 6: run_on<filter::Both<filter::Ribbon, filter::Range>>(in); break;
    default: run_on<filter::Prefix<filter::BinaryFuse, prefix::Delimited<'/'>>>(in); break;
  }
}

std::vector<std::string> keys() {
  std::vector<std::string> keys;
  for (int i = 100; i < 150; ++i) {
    keys.push_back("key/" + std::to_string(i * 7));
  }
  std::ranges::sort(keys);
  return keys;
}

template <class F>
void add_seeds(std::vector<fuzz::Seed>& seeds, const std::string& name, char policy) {
  auto builder = filter::make_builder<F>();
  std::string list;
  for (const std::string& key : keys()) {
    builder.add(key);
    list += fuzz::sized(key);
  }
  std::string filter;
  builder.finish(filter);
  const std::string head = policy + fuzz::sized("key/7") + fuzz::sized("key/840");
  seeds.push_back({name, head + '\0' + filter});
  seeds.push_back({name + "_built", head + '\1' + list});
}

std::vector<fuzz::Seed> seeds() {
  std::vector<fuzz::Seed> seeds;
  add_seeds<filter::Bloom>(seeds, "bloom", 0);
  add_seeds<filter::BlockedBloom>(seeds, "blocked_bloom", 1);
  add_seeds<filter::Ribbon>(seeds, "ribbon", 2);
  add_seeds<filter::BinaryFuse>(seeds, "binary_fuse", 3);
  add_seeds<filter::Range>(seeds, "range", 4);
  add_seeds<Prefixes>(seeds, "prefix_fixed", 5);
  add_seeds<filter::Both<filter::Ribbon, filter::Range>>(seeds, "both", 6);
  add_seeds<filter::Prefix<filter::BinaryFuse, prefix::Delimited<'/'>>>(seeds, "prefix_delimited",
                                                                        7);
  return seeds;
}

const fuzz::Target target("filter", run, seeds);

}  // namespace
