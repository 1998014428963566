// SPDX-License-Identifier: BSL-1.0
#pragma once

/// strata as it comes: `LsmTree<>` with its defaults, given its part of the memory.

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/lsm_tree.hpp>
#include <strata/version.hpp>

#include "engine.hpp"

namespace compare {

class Strata {
  using Tree = strata::LsmTree<>;

  static void check(const strata::Result<void>& done) {
    if (!done) {
      die(strata::to_string(done.error()));
    }
  }

  /// A source as a range of pairs, read once.
  template <class Source>
  class Sorted {
   public:
    explicit Sorted(Source& source) : source_(&source) { advance(); }

    class Iterator {
     public:
      using value_type = std::pair<std::string_view, std::string_view>;
      using difference_type = std::ptrdiff_t;
      using iterator_category = std::input_iterator_tag;
      using pointer = const value_type*;
      using reference = value_type;

      explicit Iterator(Sorted& sorted) : sorted_(&sorted) {}
      value_type operator*() const { return {sorted_->pair_.key, sorted_->pair_.value}; }
      Iterator& operator++() {
        sorted_->advance();
        return *this;
      }
      void operator++(int) { sorted_->advance(); }
      bool operator==(std::default_sentinel_t) const { return !sorted_->more_; }

     private:
      Sorted* sorted_;
    };
    Iterator begin() { return Iterator(*this); }
    std::default_sentinel_t end() { return {}; }

   private:
    void advance() { more_ = (*source_)(pair_); }

    Source* source_;
    Pair pair_{};
    bool more_ = false;
  };

 public:
  static constexpr std::string_view name = "strata";
  static constexpr std::string_view configuration =
      "LsmTree<> with its defaults; cache and write buffers as budgeted; durability buffered, or "
      "synced in synced rows; bulk_load";
  static constexpr bool is_lsm = true;
  static std::string version() {
    return std::to_string(STRATA_VERSION_MAJOR) + "." + std::to_string(STRATA_VERSION_MINOR) + "." +
           std::to_string(STRATA_VERSION_PATCH);
  }

  class Session {
   public:
    explicit Session(Tree& tree) : tree_(&tree) {}
    void put(std::string_view key, std::string_view value) { check(tree_->put(key, value)); }
    void write(const std::vector<Pair>& pairs) {
      batch_.clear();
      for (const Pair& pair : pairs) {
        batch_.put(pair.key, pair.value);
      }
      check(tree_->write(batch_));
    }
    void erase(std::string_view key) { check(tree_->erase(key)); }
    template <class Visit>
    bool get(std::string_view key, Visit visit) {
      const auto found = tree_->get(key, visit);
      if (!found) {
        die(strata::to_string(found.error()));
      }
      return *found;
    }
    template <class Visit>
    void scan(std::string_view from, Visit visit) {
      auto cursor = tree_->cursor();
      if (from.empty()) {
        cursor.seek_to_first();
      } else {
        cursor.seek(from);
      }
      for (; cursor.valid() && visit(cursor.key(), cursor.value()); cursor.next()) {
      }
      check(cursor.status());
    }

   private:
    Tree* tree_;
    strata::WriteBatch batch_;
  };

  void open(const Setup& setup) {
    const auto durability =
        setup.synced ? strata::Durability::synced : strata::Durability::buffered;
    auto opened = Tree::open(setup.directory,
                             {.wal = {.durability = durability},
                              .cache = {.capacity_bytes = setup.cache_bytes},
                              .write_buffer_bytes = setup.write_buffer_bytes,
                              .immutables_max = static_cast<unsigned>(Setup::write_buffers) - 1,
                              .log_bytes_max = std::size_t{8} << 30});
    if (!opened) {
      die(strata::to_string(opened.error()));
    }
    tree_.emplace(std::move(*opened));
  }
  [[nodiscard]] Session session() { return Session(*tree_); }
  void settle() { check(tree_->compact()); }
  template <class Source>
  void bulk_load(Source& source) {
    check(tree_->bulk_load(Sorted<Source>(source)));
  }
  void close() {
    check(tree_->close());
    tree_.reset();
  }

 private:
  std::optional<Tree> tree_;
};
static_assert(Engine<Strata>);

}  // namespace compare
