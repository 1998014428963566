// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The knobs of an engine: one member per slot, named as the slot, plus what no slot owns.
///
/// A database with one unnamed family has the family's members beside its own:
/// `LsmTree<>::Options{.wal = {.durability = Durability::synced}, .cache = {...}}`. One with named
/// families has a member `families`: `options.family<"metrics">().compaction = {...}`.
///
/// Tested through the engine: tests/lsm/recovery_test.cpp.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/core/policy.hpp>

namespace strata::lsm {

/// The options of one family.
template <class F>
struct FamilyOptions {
  options_of_t<typename F::Memtable> memtable{};
  options_of_t<typename F::TableFormat> table_format{};
  options_of_t<typename F::Index> table_index{};
  options_of_t<typename F::Filter> filter{};
  options_of_t<typename F::Compression> compression{};
  options_of_t<typename F::Compaction> compaction{};
  typename F::CompactionFilter compaction_filter{};
  options_of_t<typename F::ValueSeparation> value_separation{};
};

/// Where in a tuple of families the one called `name` is; `sizeof...` if nowhere.
template <class Families>
struct family_position;
template <class... F>
struct family_position<std::tuple<F...>> {
  [[nodiscard]] static consteval std::size_t of(std::string_view name) {
    std::size_t at = 0;
    std::size_t found = sizeof...(F);
    ((found = F::name == name ? at : found, ++at), ...);
    return found;
  }
};

template <class Families>
struct family_options;
template <class... F>
struct family_options<std::tuple<F...>> {
  using type = std::tuple<FamilyOptions<F>...>;
};

template <class Dynamic>
struct dynamic_options {
  using type = FamilyOptions<Dynamic>;
};
template <>
struct dynamic_options<void> {
  using type = NoOptions;
};

template <class Composition, bool Unnamed>
struct EngineOptions {
  using Db = typename Composition::Database;
  using Families = typename Composition::FamilyTuple;

  typename Db::FileSystem file_system{};
  options_of_t<typename Db::Wal> wal{};
  options_of_t<typename Db::Cache> cache{};
  options_of_t<typename Db::Metrics> metrics{};
  options_of_t<typename Db::Executor> executor{};

  bool create_if_missing = true;
  bool error_if_exists = false;
  bool read_only = false;  ///< changes nothing, takes no lock; sees what is there at open
  std::size_t write_buffer_bytes = 64_MiB;  ///< of a family's memtable before it is flushed
  unsigned immutables_max = 2;              ///< memtables of a family that may wait for a flush
  std::size_t log_bytes_max = 1_GiB;    ///< beyond this the family that holds the log is flushed
  std::uint64_t flush_age_seconds = 0;  ///< an older memtable is flushed by a tick; 0: none is
  std::uint64_t tick_seconds = 30;      ///< between ticks (lsm/tick.hpp); 0: only `tick()` by hand
  unsigned subcompactions = 0;          ///< threads a merge may use; 0: all that compact
  std::uint64_t manifest_roll_bytes = 4_MiB;  ///< of a manifest before it is rewritten

  typename family_options<Families>::type families{};
  typename dynamic_options<typename Db::Dynamic>::type dynamic_families{};  ///< of each of them

  template <FixedString Name>
  [[nodiscard]] auto& family() {
    constexpr std::size_t at = family_position<Families>::of(Name.view());
    static_assert(at < std::tuple_size_v<Families>,
                  "strata: this database has no family of that name");
    return std::get<at>(families);
  }
  template <std::size_t I>
  [[nodiscard]] const auto& of_family() const {
    return std::get<I>(families);
  }
};

template <class Composition>
struct EngineOptions<Composition, true> {
  using Db = typename Composition::Database;
  using F = std::tuple_element_t<0, typename Composition::FamilyTuple>;

  typename Db::FileSystem file_system{};
  options_of_t<typename Db::Wal> wal{};
  options_of_t<typename Db::Cache> cache{};
  options_of_t<typename Db::Metrics> metrics{};
  options_of_t<typename Db::Executor> executor{};

  options_of_t<typename F::Memtable> memtable{};
  options_of_t<typename F::TableFormat> table_format{};
  options_of_t<typename F::Index> table_index{};
  options_of_t<typename F::Filter> filter{};
  options_of_t<typename F::Compression> compression{};
  options_of_t<typename F::Compaction> compaction{};
  typename F::CompactionFilter compaction_filter{};
  options_of_t<typename F::ValueSeparation> value_separation{};

  bool create_if_missing = true;
  bool error_if_exists = false;
  bool read_only = false;  ///< changes nothing, takes no lock; sees what is there at open
  std::size_t write_buffer_bytes = 64_MiB;  ///< of a family's memtable before it is flushed
  unsigned immutables_max = 2;              ///< memtables of a family that may wait for a flush
  std::size_t log_bytes_max = 1_GiB;    ///< beyond this the family that holds the log is flushed
  std::uint64_t flush_age_seconds = 0;  ///< an older memtable is flushed by a tick; 0: none is
  std::uint64_t tick_seconds = 30;      ///< between ticks (lsm/tick.hpp); 0: only `tick()` by hand
  unsigned subcompactions = 0;          ///< threads a merge may use; 0: all that compact
  std::uint64_t manifest_roll_bytes = 4_MiB;  ///< of a manifest before it is rewritten

  template <std::size_t>
  [[nodiscard]] FamilyOptions<F> of_family() const {
    return {memtable,    table_format, table_index,       filter,
            compression, compaction,   compaction_filter, value_separation};
  }
};

/// Whether a composition has the single unnamed family of `LsmTree<...>`.
template <class Composition>
inline constexpr bool is_unnamed =
    Composition::family_count == 1 &&
    std::tuple_element_t<0, typename Composition::FamilyTuple>::name == "default";

}  // namespace strata::lsm
