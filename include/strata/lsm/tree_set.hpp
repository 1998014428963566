// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The trees of a database: those that its composition names, and those that were made while it
/// ran.
///
/// Families of the composition have the numbers 0, 1, ... in its order; dynamic ones are numbered
/// from `first_dynamic_family` up, and no number is ever used twice. Dynamic trees are all of one
/// type; whoever holds one keeps it alive though its family be dropped.
///
/// Threads: everything is concurrent but `make`, `add` and `remove`, which change the list of
/// dynamic trees in commit order. Visitors see the list as it was when they began.
///
/// Tested through the engine: tests/lsm/dynamic_family_test.cpp.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/lsm/tree.hpp>
#include <strata/lsm/tree_types.hpp>

namespace strata::lsm {

inline constexpr std::uint32_t first_dynamic_family = 1U << 16;

template <class TreeT>
class DynamicTrees {
 public:
  struct Entry {
    std::string name;
    std::shared_ptr<TreeT> tree;
  };
  using List = std::vector<Entry>;

  [[nodiscard]] std::shared_ptr<const List> list() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }
  [[nodiscard]] std::shared_ptr<TreeT> find(std::string_view name) const {
    return find_if([name](const Entry& entry) { return entry.name == name; });
  }
  [[nodiscard]] std::shared_ptr<TreeT> find(FamilyId id) const {
    return find_if([id](const Entry& entry) { return entry.tree->id() == id; });
  }
  [[nodiscard]] std::string name_of(FamilyId id) const {
    for (const Entry& entry : *list()) {
      if (entry.tree->id() == id) {
        return entry.name;
      }
    }
    return {};
  }
  void add(std::string name, std::shared_ptr<TreeT> tree) {
    auto next = std::make_shared<List>(*list());
    next->push_back({std::move(name), std::move(tree)});
    set(std::move(next));
  }
  void remove(FamilyId id) {
    auto next = std::make_shared<List>(*list());
    std::erase_if(*next, [id](const Entry& entry) { return entry.tree->id() == id; });
    set(std::move(next));
  }

 private:
  template <class Is>
  [[nodiscard]] std::shared_ptr<TreeT> find_if(Is is) const {
    const auto now = list();
    const auto at = std::find_if(now->begin(), now->end(), is);
    return at == now->end() ? nullptr : at->tree;
  }
  void set(std::shared_ptr<const List> next) {
    const std::lock_guard lock(mutex_);
    list_ = std::move(next);
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const List> list_ = std::make_shared<const List>();
};

template <class Db, class Families>
class TreeSet;

template <class Db, class... F>
class TreeSet<Db, std::tuple<F...>> {
  struct NoTrees {};
  template <class Dynamic>
  struct dynamic_tree {
    using type = Tree<TreeTypes<Db, Dynamic>>;
    using trees = DynamicTrees<type>;
  };
  template <class Dynamic>
  requires std::is_void_v<Dynamic>
  struct dynamic_tree<Dynamic> {
    using type = void;
    using trees = NoTrees;
  };

 public:
  static constexpr bool has_dynamic = !std::is_void_v<typename Db::Dynamic>;
  template <std::size_t I>
  using TreeAt = Tree<TreeTypes<Db, std::tuple_element_t<I, std::tuple<F...>>>>;
  using DynamicTree = typename dynamic_tree<typename Db::Dynamic>::type;

  /// `make_tree.template operator()<TreeT, I>() -> unique_ptr<TreeT>`
  template <class MakeTree>
  void make(MakeTree make_tree) {
    make_each(make_tree, std::index_sequence_for<F...>());
  }

  template <std::size_t I>
  [[nodiscard]] TreeAt<I>& at() noexcept {
    return *std::get<I>(trees_);
  }
  template <class Visit>
  void for_each(Visit visit) {
    std::apply([&](auto&... tree) { (visit(*tree), ...); }, trees_);
    if constexpr (has_dynamic) {
      const auto now = dynamic_.list();
      for (const auto& entry : *now) {
        visit(*entry.tree);
      }
    }
  }
  /// Calls `visit(tree)` for the family; nothing if there is none of that number.
  template <class Visit>
  void with(FamilyId family, Visit visit) {
    if constexpr (has_dynamic) {
      if (family.value >= first_dynamic_family) {
        if (const auto tree = dynamic_.find(family)) {
          visit(*tree);
        }
        return;
      }
    }
    std::apply([&](auto&... tree) { ((tree->id() == family ? visit(*tree) : void()), ...); },
               trees_);
  }
  [[nodiscard]] auto& dynamic() noexcept { return dynamic_; }
  [[nodiscard]] const auto& dynamic() const noexcept { return dynamic_; }

 private:
  template <class MakeTree, std::size_t... I>
  void make_each(MakeTree& make_tree, std::index_sequence<I...>) {
    ((std::get<I>(trees_) = make_tree.template operator()<TreeAt<I>, I>()), ...);
  }

  std::tuple<std::unique_ptr<Tree<TreeTypes<Db, F>>>...> trees_;
  [[no_unique_address]] typename dynamic_tree<typename Db::Dynamic>::trees dynamic_;
};

}  // namespace strata::lsm
