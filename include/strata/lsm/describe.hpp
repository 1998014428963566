// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Compositions in words: for people, and for the manifest.
///
/// The *fingerprint* names what shapes bytes on disk, with format versions; a directory opens only
/// with an equal one. The *description* names every policy.
///
/// Tested through the engine: tests/lsm/inspect_test.cpp.

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

template <class F>
[[nodiscard]] std::string describe_family() {
  std::string text = "Family<\"" + std::string(F::name) + "\"";
  const auto add = [&](std::string_view slot, std::string_view policy) {
    text += ", " + std::string(slot) + "=" + std::string(policy);
  };
  add("memtable", F::Memtable::name);
  add("table_format", F::TableFormat::name);
  add("table_index", F::Index::name);
  add("filter", F::Filter::name);
  add("compression", F::Compression::name);
  add("compaction", F::Compaction::name);
  add("compaction_filter", F::CompactionFilter::name);
  add("merge", F::Merge::name);
  add("comparator", F::Comparator::name);
  add("value_separation", F::ValueSeparation::name);
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

/// Every slot and the policy in it.
template <class Composition>
[[nodiscard]] std::string describe() {
  using Db = typename Composition::Database;
  std::string text =
      "file_system=" + std::string(Db::FileSystem::name) + ", wal=" + std::string(Db::Wal::name) +
      ", cache=" + std::string(Db::Cache::name) + ", clock=" + std::string(Db::Clock::name) +
      ", metrics=" + std::string(Db::Metrics::name) +
      ", checksum=" + std::string(Db::Checksum::name) +
      ", executor=" + std::string(Db::Executor::name);
  for (std::size_t i = 0; i < Composition::family_count; ++i) {
    text += "; " + detail::nth_family(static_cast<typename Composition::FamilyTuple*>(nullptr), i,
                                      []<class F>(F*) { return detail::describe_family<F>(); });
  }
  if constexpr (!std::is_void_v<typename Db::Dynamic>) {
    text += "; dynamic " + detail::describe_family<typename Db::Dynamic>();
  }
  return text;
}

}  // namespace strata::lsm
