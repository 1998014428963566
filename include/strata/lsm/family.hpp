// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The grammar: policies in any order become one `Composition` (DESIGN section 2).
///
/// `Family<"name", Policies...>` lists the policies of one family. `compose<...>::type` takes
/// policies of the database, and either families or the family policies of one unnamed family,
/// and normalises them: every slot filled, in a fixed order. Two spellings of the same
/// composition are therefore the same type. What is wrong with a list is said by a
/// `static_assert` in one sentence; tests/compile_fail holds the sentences.

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <strata/cache/s3_fifo.hpp>
#include <strata/compaction/filter.hpp>
#include <strata/compaction/leveled.hpp>
#include <strata/compaction/merge.hpp>
#include <strata/compression/none.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/clock.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/core/policy.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/io/posix.hpp>
#include <strata/lsm/executor.hpp>
#include <strata/memtable/btree.hpp>
#include <strata/observe/counters.hpp>
#include <strata/table/table.hpp>
#include <strata/table/value_separation.hpp>
#include <strata/wal/group_commit.hpp>

namespace strata {

/// A family and the policies it does not take by default.
template <FixedString Name, class... Policies>
struct Family {
  static constexpr FixedString name = Name;
};

/// Families that are made while the database is open, all of these policies; see
/// lsm/dynamic_family.hpp.
template <class... Policies>
struct DynamicFamilies {};

namespace lsm {

template <class Slot>
inline constexpr bool is_family_slot =
    std::is_same_v<Slot, memtable_slot> || std::is_same_v<Slot, table_format_slot> ||
    std::is_same_v<Slot, table_index_slot> || std::is_same_v<Slot, filter_slot> ||
    std::is_same_v<Slot, compression_slot> || std::is_same_v<Slot, compaction_slot> ||
    std::is_same_v<Slot, compaction_filter_slot> || std::is_same_v<Slot, merge_slot> ||
    std::is_same_v<Slot, comparator_slot> || std::is_same_v<Slot, value_separation_slot>;

template <class Slot>
inline constexpr bool is_database_slot =
    std::is_same_v<Slot, file_system_slot> || std::is_same_v<Slot, wal_slot> ||
    std::is_same_v<Slot, cache_slot> || std::is_same_v<Slot, clock_slot> ||
    std::is_same_v<Slot, metrics_slot> || std::is_same_v<Slot, checksum_slot> ||
    std::is_same_v<Slot, executor_slot>;

template <class P>
struct is_dynamic : std::false_type {};
template <class... Policies>
struct is_dynamic<DynamicFamilies<Policies...>> : std::true_type {};

template <class P>
struct is_family : std::false_type {};
template <FixedString Name, class... Policies>
struct is_family<Family<Name, Policies...>> : std::true_type {};

template <class P>
consteval bool policy_of_family() {
  if constexpr (Policy<P>) {
    return is_family_slot<typename P::policy_slot>;
  } else {
    return false;
  }
}
template <class P>
consteval bool policy_of_database() {
  if constexpr (Policy<P>) {
    return is_database_slot<typename P::policy_slot>;
  } else {
    return false;
  }
}

/// One slot must not be given twice.
template <class Slot, class... Policies>
inline constexpr bool at_most_one = policies_for<Slot, Policies...> <= 1;

template <class... Policies>
struct check_family {
  static_assert((policy_of_family<Policies>() && ...),
                "strata: a Family takes policies of family slots only (memtable, table_format, "
                "table_index, filter, compression, compaction, compaction_filter, merge, "
                "comparator, value_separation); give policies of the database to Database<...> "
                "itself, and wrap "
                "types without a policy_slot as strata::as<slot, T>");
  static_assert(at_most_one<memtable_slot, Policies...>,
                "strata: two policies for the memtable slot; give one");
  static_assert(at_most_one<table_format_slot, Policies...>,
                "strata: two policies for the table_format slot; give one");
  static_assert(at_most_one<table_index_slot, Policies...>,
                "strata: two policies for the table_index slot; give one");
  static_assert(at_most_one<filter_slot, Policies...>,
                "strata: two policies for the filter slot; give one");
  static_assert(at_most_one<compression_slot, Policies...>,
                "strata: two policies for the compression slot; give one");
  static_assert(at_most_one<compaction_slot, Policies...>,
                "strata: two policies for the compaction slot; give one");
  static_assert(at_most_one<compaction_filter_slot, Policies...>,
                "strata: two policies for the compaction_filter slot; give one");
  static_assert(at_most_one<merge_slot, Policies...>,
                "strata: two policies for the merge slot; give one");
  static_assert(at_most_one<comparator_slot, Policies...>,
                "strata: two policies for the comparator slot; give one");
  static_assert(at_most_one<value_separation_slot, Policies...>,
                "strata: two policies for the value_separation slot; give one");
};

template <class... Policies>
struct check_database {
  static_assert((policy_of_database<Policies>() && ...),
                "strata: Database<...> takes families and policies of database slots "
                "(file_system, wal, cache, clock, metrics, checksum, executor); give policies of "
                "a family to Family<\"name\", ...>, and wrap types without a policy_slot as "
                "strata::as<slot, T>");
  static_assert(at_most_one<file_system_slot, Policies...>,
                "strata: two policies for the file_system slot; give one");
  static_assert(at_most_one<wal_slot, Policies...>,
                "strata: two policies for the wal slot; give one");
  static_assert(at_most_one<cache_slot, Policies...>,
                "strata: two policies for the cache slot; give one");
  static_assert(at_most_one<clock_slot, Policies...>,
                "strata: two policies for the clock slot; give one");
  static_assert(at_most_one<metrics_slot, Policies...>,
                "strata: two policies for the metrics slot; give one");
  static_assert(at_most_one<checksum_slot, Policies...>,
                "strata: two policies for the checksum slot; give one");
  static_assert(at_most_one<executor_slot, Policies...>,
                "strata: two policies for the executor slot; give one");
};

/// The policies of the database floor, every slot filled.
template <class FileSystemP, class WalP, class CacheP, class ClockP, class MetricsP,
          class ChecksumP, class ExecutorP, class DynamicP = void>
struct DatabasePolicies {
  using FileSystem = FileSystemP;
  using Wal = WalP;
  using Cache = CacheP;
  using Clock = ClockP;
  using Metrics = MetricsP;
  using Checksum = ChecksumP;
  using Executor = ExecutorP;
  using Dynamic = DynamicP;  ///< the policies of a dynamic family; void: there are none

  static_assert(FileSystemPolicy<FileSystem>,
                "strata: the file_system slot needs a FileSystemPolicy; see strata/io/concept.hpp");
  static_assert(WalPolicy<Wal>,
                "strata: the wal slot needs a WalPolicy; see strata/wal/concept.hpp");
  static_assert(CachePolicy<Cache>,
                "strata: the cache slot needs a CachePolicy; see strata/cache/concept.hpp");
  static_assert(ClockPolicy<Clock>,
                "strata: the clock slot needs a ClockPolicy; see strata/core/clock.hpp");
  static_assert(MetricsPolicy<Metrics>,
                "strata: the metrics slot needs a MetricsPolicy; see strata/observe/concept.hpp");
  static_assert(ChecksumPolicy<Checksum>,
                "strata: the checksum slot needs a ChecksumPolicy; see strata/core/checksum.hpp");
  static_assert(ExecutorPolicy<Executor>,
                "strata: the executor slot needs an ExecutorPolicy; see strata/lsm/executor.hpp");
};

/// The policies of one family, every slot filled.
template <FixedString Name, class MemtableP, class TableFormatP, class IndexP, class FilterP,
          class CompressionP, class CompactionP, class CompactionFilterP, class MergeP,
          class ComparatorP, class ValueSeparationP>
struct FamilyPolicies {
  static constexpr std::string_view name = Name.view();
  using Memtable = MemtableP;
  using TableFormat = TableFormatP;
  using Index = IndexP;
  using Filter = FilterP;
  using Compression = CompressionP;
  using Compaction = CompactionP;
  using CompactionFilter = CompactionFilterP;
  using Merge = MergeP;
  using Comparator = ComparatorP;
  using ValueSeparation = ValueSeparationP;

  static_assert(
      MemtablePolicy<Memtable>,
      "strata: the memtable slot needs a MemtablePolicy; see strata/memtable/concept.hpp");
  static_assert(TableFormatPolicy<TableFormat>,
                "strata: the table_format slot needs a TableFormatPolicy; see "
                "strata/table/table.hpp");
  static_assert(
      TableIndexPolicy<Index>,
      "strata: the table_index slot needs a TableIndexPolicy; see strata/table/index_concept.hpp");
  static_assert(FilterPolicy<Filter>,
                "strata: the filter slot needs a FilterPolicy; see strata/filter/concept.hpp");
  static_assert(CompressionPolicy<Compression>,
                "strata: the compression slot needs a CompressionPolicy; see "
                "strata/compression/concept.hpp");
  static_assert(CompactionPolicy<Compaction>,
                "strata: the compaction slot needs a CompactionPolicy; see "
                "strata/compaction/concept.hpp");
  static_assert(CompactionFilterPolicy<CompactionFilter>,
                "strata: the compaction_filter slot needs a CompactionFilterPolicy; see "
                "strata/compaction/filter.hpp");
  static_assert(MergePolicy<Merge>,
                "strata: the merge slot needs a MergePolicy; see strata/compaction/merge.hpp");
  static_assert(ComparatorPolicy<Comparator>,
                "strata: the comparator slot needs a ComparatorPolicy; see "
                "strata/core/comparator.hpp");
  static_assert(ValueSeparationPolicy<ValueSeparation>,
                "strata: the value_separation slot needs a ValueSeparationPolicy; see "
                "strata/table/value_separation.hpp");
};

template <FixedString Name, class... Policies>
struct fill_family : check_family<Policies...> {
  using type =
      FamilyPolicies<Name, select_t<memtable_slot, memtable::BTree, Policies...>,
                     select_t<table_format_slot, table::BlockBased, Policies...>,
                     select_t<table_index_slot, index::Binary, Policies...>,
                     select_t<filter_slot, filter::Bloom, Policies...>,
                     select_t<compression_slot, compression::None, Policies...>,
                     select_t<compaction_slot, compaction::Leveled, Policies...>,
                     select_t<compaction_filter_slot, compaction_filter::None, Policies...>,
                     select_t<merge_slot, merge::None, Policies...>,
                     select_t<comparator_slot, comparator::Bytewise, Policies...>,
                     select_t<value_separation_slot, value_separation::None, Policies...>>;
};

template <class Dynamic, class... Policies>
struct fill_database : check_database<Policies...> {
  using type = DatabasePolicies<select_t<file_system_slot, io::Posix, Policies...>,
                                select_t<wal_slot, wal::GroupCommit, Policies...>,
                                select_t<cache_slot, cache::S3Fifo, Policies...>,
                                select_t<clock_slot, clock::Steady, Policies...>,
                                select_t<metrics_slot, metrics::Counters, Policies...>,
                                select_t<checksum_slot, checksum::Crc32c, Policies...>,
                                select_t<executor_slot, executor::Threads, Policies...>, Dynamic>;
};

/// Everything the engine needs to know, in one canonical type.
template <class Common, class... Families>
struct Composition {
  using Database = Common;
  using FamilyTuple = std::tuple<Families...>;
  static constexpr std::size_t family_count = sizeof...(Families);
};

template <class NamedFamily>
struct fill_named;
template <FixedString Name, class... Policies>
struct fill_named<Family<Name, Policies...>> {
  using type = typename fill_family<Name, Policies...>::type;
};

/// What `DynamicFamilies` in a list stands for; void without one.
template <class... Policies>
struct dynamic_of {
  using type = void;
};
template <class... Policies, class... Rest>
struct dynamic_of<DynamicFamilies<Policies...>, Rest...> : fill_family<"", Policies...> {
  static_assert(!(is_dynamic<Rest>::value || ...),
                "strata: DynamicFamilies is given twice; give one");
};
template <class First, class... Rest>
struct dynamic_of<First, Rest...> : dynamic_of<Rest...> {};

template <class Dynamic>
struct database_of_list {
  template <class... Kept>
  struct apply : fill_database<Dynamic, Kept...> {};
};
template <class... Kept>
struct unnamed_family_of_list : fill_family<"default", Kept...> {};

/// Splits `All` by a predicate and instantiates `Target` with what is kept.
template <template <class...> class Target, template <class> class Keep, class Kept, class... All>
struct keep_if;
template <template <class...> class Target, template <class> class Keep, class... Kept>
struct keep_if<Target, Keep, type_list<Kept...>> : Target<Kept...> {};
template <template <class...> class Target, template <class> class Keep, class... Kept, class First,
          class... Rest>
struct keep_if<Target, Keep, type_list<Kept...>, First, Rest...>
    : std::conditional_t<Keep<First>::value,
                         keep_if<Target, Keep, type_list<Kept..., First>, Rest...>,
                         keep_if<Target, Keep, type_list<Kept...>, Rest...>> {};

template <class P>
struct goes_to_family : std::bool_constant<policy_of_family<P>()> {};
template <class P>
struct goes_to_database : std::bool_constant<!policy_of_family<P>()> {};
template <class P>
struct is_no_family : std::bool_constant<!is_family<P>::value && !is_dynamic<P>::value> {};

template <class Common>
struct named_families {
  template <class... Families>
  struct apply {
    static_assert(sizeof...(Families) > 0, "strata: Database<...> needs at least one Family");
    using type = Composition<Common, typename fill_named<Families>::type...>;
  };
};

}  // namespace lsm

/// `compose<Policies...>::type` is the composition of `LsmTree<Policies...>`, or of
/// `Database<...>` where families are among them. Derive a struct from it to give it a short name
/// in symbols and messages: `struct Orders : compose<cache::Lru>::type {};`.
template <class... Policies>
struct compose {
 private:
  static constexpr bool has_families =
      ((lsm::is_family<Policies>::value || lsm::is_dynamic<Policies>::value) || ...);

  template <bool Named, class Dummy = void>
  struct build {
    using Dynamic = typename lsm::dynamic_of<Policies...>::type;
    using Db = typename lsm::keep_if<lsm::database_of_list<Dynamic>::template apply,
                                     lsm::is_no_family, type_list<>, Policies...>::type;
    using type = typename lsm::keep_if<lsm::named_families<Db>::template apply, lsm::is_family,
                                       type_list<>, Policies...>::type;
  };
  template <class Dummy>
  struct build<false, Dummy> {
    using Db = typename lsm::keep_if<lsm::database_of_list<void>::template apply,
                                     lsm::goes_to_database, type_list<>, Policies...>::type;
    using One = typename lsm::keep_if<lsm::unnamed_family_of_list, lsm::goes_to_family, type_list<>,
                                      Policies...>::type;
    using type = lsm::Composition<Db, One>;
  };

 public:
  using type = typename build<has_families>::type;
};

}  // namespace strata
