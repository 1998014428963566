// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/art_node_kinds.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <map>
#include <numeric>
#include <random>
#include <strata/core/arena.hpp>
#include <vector>

using strata::Arena;
using strata::memtable::detail::ArtBranch;
using strata::memtable::detail::ArtChild;
using strata::memtable::detail::ArtKey;
using strata::memtable::detail::ArtNode;
using strata::memtable::detail::Record;

namespace {

using Kind = ArtNode::Kind;
using Model = std::map<unsigned, ArtChild>;

ArtChild any_child(Arena& arena) {
  return ArtChild(*Record::create(arena, "key", strata::Trailer(), "value"));
}

/// Whether all questions about each symbol have the answer of the model.
bool agrees(const ArtNode& node, const Model& model) {
  bool same = true;
  for (unsigned symbol = 0; symbol <= ArtKey::symbol_count; ++symbol) {
    const auto from = model.lower_bound(symbol);
    const ArtBranch first = node.first_from(symbol);
    const ArtBranch last = node.last_below(symbol);
    same = same && static_cast<bool>(first.child) == (from != model.end());
    same = same && static_cast<bool>(last.child) == (from != model.begin());
    if (!same) {
      return false;
    }
    if (from != model.end()) {
      same = first.symbol == from->first && first.child == from->second;
    }
    if (from != model.begin()) {
      const auto below = std::prev(from);
      same = same && last.symbol == below->first && last.child == below->second;
    }
    if (symbol < ArtKey::symbol_count) {
      const auto at = model.find(symbol);
      same = same && node.find(symbol) == (at == model.end() ? ArtChild() : at->second);
    }
  }
  return same;
}

}  // namespace

TEST_CASE("A node grows at 4, 16, and 48 children, and has the same before and after") {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::vector<unsigned> symbols(ArtKey::symbol_count);
  std::iota(symbols.begin(), symbols.end(), 0U);
  std::shuffle(symbols.begin(), symbols.end(), random);
  Arena arena;
  const Record* const sample = Record::create(arena, "sample", strata::Trailer(), "");
  ArtNode* node = &ArtNode::create(arena, Kind::node4, 7, sample);
  Model model;
  REQUIRE(agrees(*node, model));
  std::vector<std::size_t> grown_at;
  for (const unsigned symbol : symbols) {
    if (!node->has_room_for(symbol)) {
      grown_at.push_back(model.size() - model.count(ArtKey::end));
      node = &node->grown(arena);
      REQUIRE(node->depth() == 7);
      REQUIRE(node->sample() == sample);
      REQUIRE(agrees(*node, model));
    }
    const ArtChild child = any_child(arena);
    node->add(symbol, child);
    model.emplace(symbol, child);
    REQUIRE(agrees(*node, model));
  }
  CHECK(grown_at == std::vector<std::size_t>{4, 16, 48});
  CHECK(node->kind() == Kind::node256);
}

TEST_CASE("A child may be replaced in each kind of node") {
  const auto kind = GENERATE(Kind::node4, Kind::node16, Kind::node48, Kind::node256);
  Arena arena;
  ArtNode& node = ArtNode::create(arena, kind, 0, nullptr);
  Model model;
  for (const unsigned symbol : {0U, 1U, 100U, 256U}) {
    node.add(symbol, any_child(arena));
    model[symbol] = any_child(arena);
  }
  for (const auto& [symbol, child] : model) {
    node.replace(symbol, child);
  }
  CHECK(agrees(node, model));
}

TEST_CASE("The end of a key has room in a full node") {
  Arena arena;
  ArtNode& node = ArtNode::create(arena, Kind::node4, 0, nullptr);
  for (const unsigned symbol : {1U, 2U, 3U, 4U}) {
    node.add(symbol, any_child(arena));
  }
  CHECK_FALSE(node.has_room_for(5));
  CHECK(node.has_room_for(ArtKey::end));
}

TEST_CASE("A node that was replaced is held by no one any more") {
  Arena arena;
  ArtNode& node = ArtNode::create(arena, Kind::node4, 0, nullptr);
  {
    ArtNode::Hold hold(node);
    CHECK(hold);
  }
  {
    ArtNode::Hold hold(node);
    CHECK(hold);
    hold.retire();
    CHECK(hold);
  }
  const ArtNode::Hold hold(node);
  CHECK_FALSE(hold);
}
