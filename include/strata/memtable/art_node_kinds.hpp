// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The kinds of nodes of an adaptive radix tree: with room for 4, 16, 48, and 256 children.
///
/// | kind | bytes | behind the head of 32 bytes                                              |
/// |------|-------|--------------------------------------------------------------------------|
/// | 4    | 72    | 4 bytes, in order of arrival; their children                             |
/// | 16   | 208   | 16 bytes, in order of arrival; their children; the byte set              |
/// | 48   | 704   | for each byte the number of its child, or 0; the children; the byte set  |
/// | 256  | 2112  | for each byte its child, or null; the byte set                           |
///
/// Readers take what they see: a child is there once its byte is counted (4, 16), has a number
/// (48), or once it is not null (256). The byte set, by which cursors go on in order, learns of it
/// last. Bytes lie in atomic words, so that a search may load all of them while one is added.

#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include <strata/memtable/art_key.hpp>
#include <strata/memtable/art_node.hpp>
#include <strata/memtable/art_search_simd.hpp>

namespace strata::memtable::detail {

/// The bytes of a node's children, for cursors.
class ArtByteSet {
 public:
  static constexpr unsigned none = 256;

  void add(unsigned byte) noexcept {
    std::atomic<std::uint64_t>& word = words_[byte / 64];
    word.store(word.load(std::memory_order_relaxed) | std::uint64_t{1} << byte % 64,
               std::memory_order_release);
  }
  [[nodiscard]] unsigned first_from(unsigned byte) const noexcept {
    std::uint64_t mask = ~std::uint64_t{0} << byte % 64;
    for (unsigned i = byte / 64; i < 4; ++i, mask = ~std::uint64_t{0}) {
      if (const auto word = words_[i].load(std::memory_order_acquire) & mask; word != 0) {
        return i * 64 + static_cast<unsigned>(std::countr_zero(word));
      }
    }
    return none;
  }
  [[nodiscard]] unsigned last_below(unsigned byte) const noexcept {
    if (byte == 0) {
      return none;
    }
    std::uint64_t mask = ~std::uint64_t{0} >> (63 - (byte - 1) % 64);
    for (unsigned i = (byte - 1) / 64 + 1; i-- > 0; mask = ~std::uint64_t{0}) {
      if (const auto word = words_[i].load(std::memory_order_acquire) & mask; word != 0) {
        return i * 64 + 63 - static_cast<unsigned>(std::countl_zero(word));
      }
    }
    return none;
  }

 private:
  std::atomic<std::uint64_t> words_[4] = {};
};

class ArtNode4 : public ArtNode {
 public:
  static constexpr unsigned capacity = 4;
  using ArtNode::ArtNode;

  [[nodiscard]] const Slot* slot_of(unsigned byte) const noexcept {
    const unsigned size = count();
    const std::uint32_t bytes = bytes_.load(std::memory_order_relaxed);
    for (unsigned i = 0; i < size; ++i) {
      if ((bytes >> 8 * i & 0xff) == byte) {
        return &children_[i];
      }
    }
    return nullptr;
  }
  [[nodiscard]] unsigned first_from(unsigned byte) const noexcept {
    const unsigned size = count();
    const std::uint32_t bytes = bytes_.load(std::memory_order_relaxed);
    unsigned least = ArtByteSet::none;
    for (unsigned i = 0; i < size; ++i) {
      const unsigned own = bytes >> 8 * i & 0xff;
      least = own >= byte && own < least ? own : least;
    }
    return least;
  }
  [[nodiscard]] unsigned last_below(unsigned byte) const noexcept {
    const unsigned size = count();
    const std::uint32_t bytes = bytes_.load(std::memory_order_relaxed);
    unsigned behind_greatest = 0;
    for (unsigned i = 0; i < size; ++i) {
      const unsigned own = bytes >> 8 * i & 0xff;
      behind_greatest = own < byte && own >= behind_greatest ? own + 1 : behind_greatest;
    }
    return behind_greatest == 0 ? ArtByteSet::none : behind_greatest - 1;
  }
  [[nodiscard]] bool has_room() const noexcept { return count() < capacity; }
  void add(unsigned byte, ArtChild child) noexcept {
    const unsigned at = count();
    children_[at].store(child.word(), std::memory_order_relaxed);
    bytes_.store(bytes_.load(std::memory_order_relaxed) | byte << 8 * at,
                 std::memory_order_relaxed);
    count_one_more();
  }

 private:
  std::atomic<std::uint32_t> bytes_{0};
  Slot children_[capacity] = {};
};

class ArtNode16 : public ArtNode {
 public:
  static constexpr unsigned capacity = 16;
  using ArtNode::ArtNode;

  [[nodiscard]] const Slot* slot_of(unsigned byte) const noexcept {
    const unsigned size = count();
    const unsigned matches = matches_of(bytes_[0].load(std::memory_order_relaxed),
                                        bytes_[1].load(std::memory_order_relaxed), byte) &
                             ((1U << size) - 1);
    return matches == 0 ? nullptr : &children_[std::countr_zero(matches)];
  }
  [[nodiscard]] unsigned first_from(unsigned byte) const noexcept { return set_.first_from(byte); }
  [[nodiscard]] unsigned last_below(unsigned byte) const noexcept { return set_.last_below(byte); }
  [[nodiscard]] bool has_room() const noexcept { return count() < capacity; }
  void add(unsigned byte, ArtChild child) noexcept {
    const unsigned at = count();
    children_[at].store(child.word(), std::memory_order_relaxed);
    std::atomic<std::uint64_t>& word = bytes_[at / 8];
    word.store(word.load(std::memory_order_relaxed) | std::uint64_t{byte} << at % 8 * 8,
               std::memory_order_relaxed);
    count_one_more();
    set_.add(byte);
  }

 private:
  std::atomic<std::uint64_t> bytes_[2] = {};
  Slot children_[capacity] = {};
  ArtByteSet set_;
};

class ArtNode48 : public ArtNode {
 public:
  static constexpr unsigned capacity = 48;
  using ArtNode::ArtNode;

  [[nodiscard]] const Slot* slot_of(unsigned byte) const noexcept {
    const unsigned number = numbers_[byte].load(std::memory_order_acquire);
    return number == 0 ? nullptr : &children_[number - 1];
  }
  [[nodiscard]] unsigned first_from(unsigned byte) const noexcept { return set_.first_from(byte); }
  [[nodiscard]] unsigned last_below(unsigned byte) const noexcept { return set_.last_below(byte); }
  [[nodiscard]] bool has_room() const noexcept { return count() < capacity; }
  void add(unsigned byte, ArtChild child) noexcept {
    const unsigned at = count();
    children_[at].store(child.word(), std::memory_order_relaxed);
    numbers_[byte].store(static_cast<std::uint8_t>(at + 1), std::memory_order_release);
    count_one_more();
    set_.add(byte);
  }

 private:
  std::atomic<std::uint8_t> numbers_[256] = {};  ///< from 1; 0: none
  Slot children_[capacity] = {};
  ArtByteSet set_;
};

class ArtNode256 : public ArtNode {
 public:
  using ArtNode::ArtNode;

  [[nodiscard]] const Slot* slot_of(unsigned byte) const noexcept { return &children_[byte]; }
  [[nodiscard]] unsigned first_from(unsigned byte) const noexcept { return set_.first_from(byte); }
  [[nodiscard]] unsigned last_below(unsigned byte) const noexcept { return set_.last_below(byte); }
  [[nodiscard]] bool has_room() const noexcept { return true; }
  void add(unsigned byte, ArtChild child) noexcept {
    children_[byte].store(child.word(), std::memory_order_release);
    set_.add(byte);
  }

 private:
  Slot children_[256] = {};
  ArtByteSet set_;
};

static_assert(sizeof(ArtNode4) == 72 && sizeof(ArtNode16) == 208);
static_assert(sizeof(ArtNode48) == 704 && sizeof(ArtNode256) == 2112);

/// Calls `visit` with `node` as what it is.
template <class Node, class Visit>
decltype(auto) visit_art_node(Node& node, Visit visit) noexcept {
  const auto as = [&]<class Kind>(std::type_identity<Kind>) -> auto& {
    return static_cast<std::conditional_t<std::is_const_v<Node>, const Kind, Kind>&>(node);
  };
  switch (node.kind()) {
    case ArtNode::Kind::node4: return visit(as(std::type_identity<ArtNode4>()));
    case ArtNode::Kind::node16: return visit(as(std::type_identity<ArtNode16>()));
    case ArtNode::Kind::node48: return visit(as(std::type_identity<ArtNode48>()));
    case ArtNode::Kind::node256: break;
  }
  return visit(as(std::type_identity<ArtNode256>()));
}

inline const ArtNode::Slot* ArtNode::slot_of(unsigned symbol) const noexcept {
  if (symbol == ArtKey::end) {
    return &end_;
  }
  return visit_art_node(*this, [&](const auto& node) { return node.slot_of(symbol - 1); });
}

inline ArtBranch ArtNode::first_from(unsigned symbol) const noexcept {
  if (symbol == ArtKey::end) {
    if (const ArtChild child = find(ArtKey::end)) {
      return {ArtKey::end, child};
    }
    symbol = 1;
  }
  return visit_art_node(*this, [&](const auto& node) -> ArtBranch {
    const unsigned byte = node.first_from(symbol - 1);
    return byte == ArtByteSet::none
               ? ArtBranch{}
               : ArtBranch{byte + 1, ArtChild(node.slot_of(byte)->load(std::memory_order_acquire))};
  });
}

inline ArtBranch ArtNode::last_below(unsigned symbol) const noexcept {
  if (symbol == ArtKey::end) {
    return {};
  }
  const ArtBranch found = visit_art_node(*this, [&](const auto& node) -> ArtBranch {
    const unsigned byte = node.last_below(symbol - 1);
    return byte == ArtByteSet::none
               ? ArtBranch{}
               : ArtBranch{byte + 1, ArtChild(node.slot_of(byte)->load(std::memory_order_acquire))};
  });
  return found.child ? found : ArtBranch{ArtKey::end, find(ArtKey::end)};
}

inline bool ArtNode::has_room_for(unsigned symbol) const noexcept {
  return symbol == ArtKey::end ||
         visit_art_node(*this, [](const auto& node) { return node.has_room(); });
}

inline void ArtNode::add(unsigned symbol, ArtChild child) noexcept {
  assert(!find(symbol) && has_room_for(symbol));
  if (symbol == ArtKey::end) {
    end_.store(child.word(), std::memory_order_release);
  } else {
    visit_art_node(*this, [&](auto& node) { node.add(symbol - 1, child); });
  }
}

template <class Allocator>
ArtNode& ArtNode::create(Allocator& allocator, Kind kind, std::size_t depth, const Record* sample) {
  switch (kind) {
    case Kind::node4:
      return *new (allocator.allocate(sizeof(ArtNode4))) ArtNode4(kind, depth, sample);
    case Kind::node16:
      return *new (allocator.allocate(sizeof(ArtNode16))) ArtNode16(kind, depth, sample);
    case Kind::node48:
      return *new (allocator.allocate(sizeof(ArtNode48))) ArtNode48(kind, depth, sample);
    case Kind::node256: break;
  }
  return *new (allocator.allocate(sizeof(ArtNode256))) ArtNode256(kind, depth, sample);
}

template <class Allocator>
ArtNode& ArtNode::grown(Allocator& allocator) const {
  assert(kind_ != Kind::node256);
  const auto larger = static_cast<Kind>(static_cast<std::uint8_t>(kind_) + 1);
  ArtNode& copy = create(allocator, larger, depth_, sample_);
  for (ArtBranch branch = first_from(0); branch.child; branch = first_from(branch.symbol + 1)) {
    copy.add(branch.symbol, branch.child);
  }
  return copy;
}

}  // namespace strata::memtable::detail
