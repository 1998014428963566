// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Compositions in words: for people, and for the manifest.
///
/// The *fingerprint* names what shapes bytes on disk, with format versions; a directory opens only
/// with an equal one. The *description* names every policy, in one line (`lsm::describe`, as in the
/// manifest) or in a line each: `strata::describe<LsmTree<cache::Lru>>()` is
///
///     file_system        posix
///     wal                group_commit
///     cache              lru
///     ...
///     family "default"
///       memtable           btree
///       ...

#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <strata/lsm/family.hpp>

namespace strata::lsm {

/// Version of what the engine itself writes: batches in the log, names of files.
inline constexpr unsigned engine_format_version = 1;

namespace detail {

template <class P>
[[nodiscard]] std::string with_version(std::string_view slot) {
  std::string text = std::string(slot) + "=" + std::string(P::name);
  if constexpr (requires { P::format_version; }) {
    text += "/" + std::to_string(P::format_version);
  }
  return text;
}

/// Nothing for who separates no values: their directories may be opened by who does.
template <class P>
[[nodiscard]] std::string separation_fingerprint() {
  if constexpr (P::separates) {
    return " " + with_version<P>("value_separation");
  } else {
    return {};
  }
}

template <class F>
[[nodiscard]] std::string fingerprint_of_family() {
  // Not here: memtable and compaction, which leave no trace; filter, index and compression, which
  // each table names for itself.
  return with_version<typename F::TableFormat>("table") + " " +
         with_version<typename F::Comparator>("comparator") + " " +
         with_version<typename F::Merge>("merge") +
         separation_fingerprint<typename F::ValueSeparation>();
}

/// `visit(slot, policy)`, by their names.
template <class Db, class Visit>
void each_database_slot(Visit visit) {
  visit("file_system", Db::FileSystem::name);
  visit("wal", Db::Wal::name);
  visit("cache", Db::Cache::name);
  visit("clock", Db::Clock::name);
  visit("metrics", Db::Metrics::name);
  visit("checksum", Db::Checksum::name);
  visit("executor", Db::Executor::name);
}
template <class F, class Visit>
void each_family_slot(Visit visit) {
  visit("memtable", F::Memtable::name);
  visit("table_format", F::TableFormat::name);
  visit("table_index", F::Index::name);
  visit("filter", F::Filter::name);
  visit("compression", F::Compression::name);
  visit("compaction", F::Compaction::name);
  visit("compaction_filter", F::CompactionFilter::name);
  visit("merge", F::Merge::name);
  visit("comparator", F::Comparator::name);
  visit("value_separation", F::ValueSeparation::name);
}

/// Adds slots to a text, one after the other.
struct OneLine {
  std::string& text;
  std::string_view before;
  void operator()(std::string_view slot, std::string_view policy) {
    text.append(before).append(slot).append("=").append(policy);
    before = ", ";
  }
};
struct LineEach {
  std::string& text;
  std::string_view indent;
  void operator()(std::string_view slot, std::string_view policy) const {
    constexpr std::size_t column = 19;
    text.append(indent).append(slot).append(column - slot.size(), ' ').append(policy).append("\n");
  }
};

template <class F>
[[nodiscard]] std::string describe_family() {
  std::string text = "Family<\"" + std::string(F::name) + "\"";
  each_family_slot<F>(OneLine{text, ", "});
  return text + ">";
}

template <class... F, class Visit>
[[nodiscard]] std::string nth_family(std::tuple<F...>*, std::size_t i, Visit visit) {
  std::string text;
  std::size_t at = 0;
  ((text = at++ == i ? visit(static_cast<F*>(nullptr)) : text), ...);
  return text;
}

}  // namespace detail

template <class Composition>
[[nodiscard]] std::string database_fingerprint() {
  return "strata/" + std::to_string(engine_format_version) + " " +
         detail::with_version<typename Composition::Database::Checksum>("checksum");
}

template <class Composition>
[[nodiscard]] std::string family_fingerprint(std::size_t i) {
  return detail::nth_family(static_cast<typename Composition::FamilyTuple*>(nullptr), i,
                            []<class F>(F*) { return detail::fingerprint_of_family<F>(); });
}

template <class Composition>
[[nodiscard]] constexpr std::string_view family_name(std::size_t i) noexcept {
  return [i]<class... F>(std::tuple<F...>*) {
    std::string_view name;
    std::size_t at = 0;
    ((name = at++ == i ? F::name : name), ...);
    return name;
  }(static_cast<typename Composition::FamilyTuple*>(nullptr));
}

/// Whether a family that was written as `stored` may be opened, and go on, as `composed`: they are
/// the same, or only the second may have values beside its tables.
[[nodiscard]] inline bool may_go_on_as(std::string_view stored, std::string_view composed) {
  return composed.starts_with(stored) &&
         (composed.size() == stored.size() ||
          composed.substr(stored.size()).starts_with(" value_separation="));
}

/// Every slot and the policy in it, in one line.
template <class Composition>
[[nodiscard]] std::string describe() {
  std::string text;
  detail::each_database_slot<typename Composition::Database>(detail::OneLine{text, ""});
  for (std::size_t i = 0; i < Composition::family_count; ++i) {
    text += "; " + detail::nth_family(static_cast<typename Composition::FamilyTuple*>(nullptr), i,
                                      []<class F>(F*) { return detail::describe_family<F>(); });
  }
  if constexpr (!std::is_void_v<typename Composition::Database::Dynamic>) {
    text += "; dynamic " + detail::describe_family<typename Composition::Database::Dynamic>();
  }
  return text;
}

}  // namespace strata::lsm

namespace strata {

template <class Composition>
class Engine;

namespace lsm {

template <class T>
struct composition_of {
  using type = T;
};
template <class Composition>
struct composition_of<Engine<Composition>> {
  using type = Composition;
};

}  // namespace lsm

/// Every slot and the policy in it, a line each. `T`: an `LsmTree<...>`, a `Database<...>`, or a
/// composition.
template <class T>
[[nodiscard]] std::string describe() {
  using Composition = typename lsm::composition_of<T>::type;
  std::string text;
  lsm::detail::each_database_slot<typename Composition::Database>(lsm::detail::LineEach{text, ""});
  [&]<class... F>(std::tuple<F...>*) {
    ((text.append("family \"").append(F::name).append("\"\n"),
      lsm::detail::each_family_slot<F>(lsm::detail::LineEach{text, "  "})),
     ...);
  }(static_cast<typename Composition::FamilyTuple*>(nullptr));
  if constexpr (!std::is_void_v<typename Composition::Database::Dynamic>) {
    text += "families made at run time\n";
    lsm::detail::each_family_slot<typename Composition::Database::Dynamic>(
        lsm::detail::LineEach{text, "  "});
  }
  return text;
}

}  // namespace strata
