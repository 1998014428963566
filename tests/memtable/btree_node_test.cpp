// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/btree_node.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include <strata/core/arena.hpp>
#include <strata/core/comparator.hpp>

using strata::Arena;
using strata::EntryKind;
using strata::Trailer;
using strata::comparator::Bytewise;
using strata::comparator::ReverseBytewise;
using strata::memtable::detail::BTreeInner;
using strata::memtable::detail::BTreeNode;
using strata::memtable::detail::NodeBounds;
using strata::memtable::detail::Permutation;
using strata::memtable::detail::Record;
using strata::memtable::detail::Side;

namespace {

class Records {
 public:
  const Record* operator()(const std::string& key, std::uint64_t sequence = 1) {
    return Record::create(arena_, key, Trailer(sequence, EntryKind::put), "");
  }

 private:
  Arena arena_;
};

}  // namespace

TEST_CASE("What lies between two bounds shares what they share") {
  Records record;
  const NodeBounds both{record("user:0012"), record("user:0034")};
  CHECK(both.shared_bytes<Bytewise>() == 7);
  CHECK(NodeBounds{record("a"), record("b")}.shared_bytes<Bytewise>() == 0);
  CHECK(NodeBounds{record("ab", 9), record("ab", 2)}.shared_bytes<Bytewise>() == 2);
}

TEST_CASE("Without a bound on each side, or the order of bytes, nothing is known to be shared") {
  Records record;
  CHECK(NodeBounds{record("user:1"), nullptr}.shared_bytes<Bytewise>() == 0);
  CHECK(NodeBounds{nullptr, record("user:1")}.shared_bytes<Bytewise>() == 0);
  CHECK(NodeBounds{record("user:2"), record("user:1")}.shared_bytes<ReverseBytewise>() == 0);
}

TEST_CASE("A prefix grows where that makes half a head of use again") {
  Records record;
  const BTreeNode<Bytewise> node(0, 5);
  CHECK(node.prefix_within({record("user:0012"), record("user:0034")}) == 5);
  CHECK(node.prefix_within({record("user:000012"), record("user:000034")}) == 9);
  CHECK(node.prefix_within({record("user:000012"), nullptr}) == 5);
}

TEST_CASE("A node ranks places by what follows its prefix") {
  Records record;
  // Keys that end within the prefix's head, that are equal to the prefix, and that outgrow a head.
  const std::vector<std::string> keys = {"user:",          "user:0",         "user:00000000",
                                         "user:000000001", "user:000000002", "user:1",
                                         "user:\xff"};
  const std::uint32_t prefix_bytes = GENERATE(0U, 3U, 5U);
  CAPTURE(prefix_bytes);
  BTreeNode<Bytewise> node(0, prefix_bytes);
  // They arrive from the last to the first.
  Permutation order;
  for (unsigned i = 0; i < keys.size(); ++i) {
    node.set(i, record(keys[keys.size() - 1 - i], 5));
    order = order.with_insert(0);
  }
  for (unsigned i = 0; i < keys.size(); ++i) {
    CAPTURE(keys[i]);
    const BTreeNode<Bytewise>::Place at(keys[i], Trailer(5, EntryKind::put));
    const BTreeNode<Bytewise>::Place newer(keys[i], Trailer(6, EntryKind::put));
    const BTreeNode<Bytewise>::Place older(keys[i], Trailer(4, EntryKind::put));
    CHECK(node.rank_of(order, at) == i);
    CHECK(node.rank_of<Side::at_or_behind>(order, at) == i + 1);
    CHECK(node.rank_of<Side::at_or_behind>(order, newer) == i);
    CHECK(node.rank_of(order, older) == i + 1);
    CHECK(node.is_before(order, older) == (i + 1 == keys.size()));
    CHECK_FALSE(node.is_before(order, at));
  }
}

TEST_CASE("A node ranks places among many versions of a key, the newest first") {
  Records record;
  BTreeNode<Bytewise> node(0, 0);
  const std::string before = "a longer key, of 1";
  const std::string hot = "a longer key, of 2";
  const std::string behind = "a longer key, of 3";
  Permutation order;
  node.set(0, record(before, 3));
  node.set(1, record(behind, 4));
  order = order.with_insert(0).with_insert(1);
  for (unsigned version = 0; version < 10; ++version) {  // 10, 20, ..., 100
    node.set(2 + version, record(hot, 10 * (version + 1)));
    order = order.with_insert(1);
  }
  const auto rank = [&](const std::string& key, std::uint64_t sequence) {
    return node.rank_of(order, {key, Trailer(sequence, EntryKind::put)});
  };
  CHECK(rank(hot, strata::sequence_max) == 1);
  for (unsigned version = 0; version < 10; ++version) {
    const std::uint64_t sequence = 10 * (version + 1);
    CAPTURE(sequence);
    CHECK(rank(hot, sequence) == 10 - version);
    CHECK(rank(hot, sequence + 1) == 10 - version);
    CHECK(rank(hot, sequence - 1) == 11 - version);
    const BTreeNode<Bytewise>::Place at(hot, Trailer(sequence, EntryKind::put));
    CHECK(node.rank_of<Side::at_or_behind>(order, at) == 11 - version);
  }
  CHECK(rank(hot, 0) == 11);
  CHECK(rank(before, strata::sequence_max) == 0);
  CHECK(rank(before, 3) == 0);
  CHECK(rank(before, 2) == 1);
  CHECK(rank(behind, 4) == 11);
  CHECK(rank(behind, 1) == 12);
}

TEST_CASE("A slot that is copied into a node with another prefix has the head that this asks for") {
  Records record;
  BTreeNode<Bytewise> from(0, 0);
  from.set(0, record("user:0012"));
  for (const std::uint32_t prefix_bytes : {0U, 7U}) {
    BTreeNode<Bytewise> to(0, prefix_bytes);
    to.copy(2, from, 0);
    CHECK(to.heads[2] == strata::key_head("user:0012", prefix_bytes));
    CHECK(to.records[2] == from.records[0]);
  }
}

TEST_CASE("An open node ranks what lies outside its prefix before or behind all separators") {
  Records record;
  BTreeInner<Bytewise> node(1, 5, true);
  node.set(0, record("user:0012", 5));
  node.set(1, record("user:0034", 5));
  const Permutation order = Permutation::identity(2);
  const auto rank = [&](std::string_view key) {
    const BTreeInner<Bytewise>::Place place(key, Trailer(5, EntryKind::put));
    CHECK(node.is_before(order, place) == (node.rank_of(order, place) == 2));
    CHECK(node.rank_of<Side::at_or_behind>(order, place) >= node.rank_of(order, place));
    return node.rank_of(order, place);
  };
  for (const std::string_view before :
       {"", "u", "user", "usds:9999", "\x01", "user:", "user:0011"}) {
    CAPTURE(before);
    CHECK(rank(before) == 0);
  }
  CHECK(rank("user:0012") == 0);
  CHECK(rank("user:0020") == 1);
  for (const std::string_view behind : {"user:0035", "user;", "users", "v", "\xff"}) {
    CAPTURE(behind);
    CHECK(rank(behind) == 2);
  }
}

TEST_CASE(
    "An open node takes separators that have its prefix; the first one may be any of its length") {
  Records record;
  BTreeInner<Bytewise> node(1, 5, true);
  CHECK(node.fits(Permutation(), *record("order:1")));
  CHECK_FALSE(node.fits(Permutation(), *record("user")));
  const BTreeInner<Bytewise>::Place anywhere("a", Trailer());
  CHECK(node.rank_of(Permutation(), anywhere) == 0);
  CHECK(node.is_before(Permutation(), anywhere));
  node.set(0, record("user:0012"));
  const Permutation order = Permutation::identity(1);
  CHECK(node.fits(order, *record("user:9")));
  CHECK_FALSE(node.fits(order, *record("user")));
  CHECK_FALSE(node.fits(order, *record("usex:0012")));
  CHECK(BTreeInner<Bytewise>(1, 5).fits(order, *record("usex:0012")));
}

TEST_CASE("The prefix of an open node leaves room for keys that share less") {
  Records record;
  using Inner = BTreeInner<Bytewise>;
  CHECK(Inner::open_prefix(*record("user:000012"), *record("user:000034")) == 5);
  CHECK(Inner::open_prefix(*record("abcd1"), *record("abcd2")) == 0);
  CHECK(BTreeInner<ReverseBytewise>::open_prefix(*record("user:12"), *record("user:12")) == 0);
}
