// SPDX-License-Identifier: BSL-1.0
//
// A block of a table, with and without its hash table: whatever is accepted can be searched, and
// is the same after it was written again.
#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/table/block.hpp>
#include <strata/table/block_builder.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;
using comparator::Bytewise;
using comparator::ReverseBytewise;
using table::Block;
using table::BlockBuilder;

struct Entry {
  std::string key;
  Trailer trailer;
  std::string value;
  friend bool operator==(const Entry&, const Entry&) = default;
};

std::optional<Block> parse(std::string_view bytes) {
  auto own = std::make_unique_for_overwrite<char[]>(bytes.size());
  bytes.copy(own.get(), bytes.size());
  return Block::parse(std::move(own), bytes.size());
}

std::vector<Entry> entries_of(const Block& block) {
  std::vector<Entry> entries;
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    Entry entry{{}, block.trailer(i), std::string(block.value(i))};
    block.append_key(i, entry.key);
    fuzz::require(entry.key.size() == block.key_bytes(i));
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// Every search ends within the block, whether or not its order is one.
void search(const Block& block, std::string_view key, Trailer trailer) {
  fuzz::require(block.lower_bound<Bytewise>(key, trailer) <= block.count());
  fuzz::require(block.find<Bytewise>(key, trailer) <= block.count());
  fuzz::require(block.lower_bound<ReverseBytewise>(key, trailer) <= block.count());
}

/// Keys that a builder would have been given.
bool is_table_order(const std::vector<Entry>& entries) {
  return std::ranges::is_sorted(entries, [](const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key < b.key : a.trailer > b.trailer;
  });
}

void check_round_trip(const std::vector<Entry>& entries, bool hashed) {
  BlockBuilder builder(hashed);
  for (const Entry& entry : entries) {
    builder.add(entry.key, entry.trailer, entry.value);
  }
  std::string bytes;
  builder.finish(bytes);
  const auto again = parse(bytes);
  fuzz::require(again && entries_of(*again) == entries);
  for (std::uint32_t i = 0; i < again->count(); ++i) {
    const std::uint32_t found = again->find<Bytewise>(entries[i].key, entries[i].trailer);
    fuzz::require(found <= i && entries[found].key == entries[i].key &&
                  entries[found].trailer == entries[i].trailer);
  }
}

void run(std::string_view bytes) {
  const auto block = parse(bytes);
  if (!block) {
    return;
  }
  // A long prefix and many entries: few bytes may stand for more keys than there is memory.
  if (std::size_t{block->count()} * block->prefix().size() > (1 << 20)) {
    return;
  }
  const std::vector<Entry> entries = entries_of(*block);
  search(*block, "", Trailer());
  search(*block, bytes.substr(0, 12), Trailer());
  for (const Entry& entry : entries) {
    search(*block, entry.key, entry.trailer);
  }
  if (is_table_order(entries)) {
    check_round_trip(entries, block->is_hashed());
  }
}

std::string block_of(const std::vector<Entry>& entries, bool hashed) {
  BlockBuilder builder(hashed);
  for (const Entry& entry : entries) {
    builder.add(entry.key, entry.trailer, entry.value);
  }
  std::string bytes;
  builder.finish(bytes);
  return bytes;
}

std::vector<fuzz::Seed> seeds() {
  const auto put = [](Sequence sequence) { return Trailer(sequence, EntryKind::put); };
  std::vector<Entry> fixed;
  std::vector<Entry> varied;
  for (int i = 10; i < 30; ++i) {
    fixed.push_back({"user:000" + std::to_string(i), put(7), "value" + std::to_string(i)});
    const auto n = static_cast<std::size_t>(i);
    varied.push_back(
        {"k" + std::to_string(i) + std::string(n % 13, 'x'), put(n), std::string(n % 7, 'v')});
  }
  const std::vector<Entry> versions = {
      {"a", put(9), "new"}, {"a", Trailer(5, EntryKind::erase), ""}, {"a", put(2), "old"}};
  return {
      {"empty", block_of({}, false)},
      {"fixed", block_of(fixed, false)},
      {"fixed_hashed", block_of(fixed, true)},
      {"varied", block_of(varied, false)},
      {"varied_hashed", block_of(varied, true)},
      {"versions", block_of(versions, false)},
      {"versions_hashed", block_of(versions, true)},
      {"padded_heads", block_of({{"a", put(1), ""}, {std::string("a\0", 2), put(1), ""}}, true)}};
}

const fuzz::Target target("block", run, seeds);

}  // namespace
