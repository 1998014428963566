// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The one way in which tables are made from others or from a memtable: merged entries pass the
/// retention rules and go out as tables of a limited size.
///
/// Tested through the engine: tests/lsm/background_test.cpp.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/compaction/retention.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/lsm/key_span.hpp>
#include <strata/lsm/table_output.hpp>
#include <strata/lsm/value_output.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::lsm {

/// What is kept of the entries, and where a table ends.
template <class Comparator>
struct BuildJob {
  const RangeEraseSet<Comparator>* ranges;  ///< all that cover inputs
  std::vector<RangeErase> kept_ranges;      ///< those that go into the output
  std::vector<Sequence> snapshots;
  bool bottommost = false;
  unsigned level = 0;             ///< where they go
  Sequence largest_sequence = 0;  ///< of all inputs
  std::uint64_t file_bytes;
  KeySpan span{};                                ///< only its keys are built
  const std::atomic<bool>* cancelled = nullptr;  ///< true: stop, with any error
};

/// Where tables go, and how they are built.
template <class Types>
struct BuildTarget {
  typename Types::FileSystem& file_system;
  const std::string& directory;
  const typename Types::Options& options;
  const typename Types::Values& values;   ///< that entries point to
  std::vector<std::uint64_t> wasteful{};  ///< value files whose values are to move
};

/// What a job wrote.
struct BuiltFiles {
  std::vector<version::FileMetadata> tables{};
  std::vector<version::ValueFileMetadata> values{};
};

namespace detail {

/// Where values stay in tables.
struct NoValueOutput {
  template <class... Arguments>
  explicit NoValueOutput(const Arguments&...) {}
  [[nodiscard]] static Result<void> finish() { return {}; }
  [[nodiscard]] static std::vector<version::ValueFileMetadata> keep() { return {}; }
};

template <class Types, class NextNumber>
struct value_output {
  using type = NoValueOutput;
};
template <class Types, class NextNumber>
requires(Types::Values::separates) struct value_output<Types, NextNumber> {
  using type = ValueOutput<typename Types::FileSystem, typename Types::Values,
                           decltype(Types::Options::value_separation), NextNumber>;
};

/// How retention rules see a value that is not in its table.
template <class Types>
[[nodiscard]] auto loader_of(const typename Types::Values& values) {
  if constexpr (Types::Values::separates) {
    return [&values](std::string_view key, std::string_view entry, std::string& buffer) {
      return values.read(key, entry, buffer);
    };
  } else {
    return compaction::NoLoad{};
  }
}

}  // namespace detail

/// `next_number() -> uint64_t` names the files. Content is synced; names are not.
template <class Types, class Merging, class NextNumber>
[[nodiscard]] Result<BuiltFiles> build_tables(Merging& merging,
                                              BuildJob<typename Types::Comparator> job,
                                              const BuildTarget<Types>& target,
                                              NextNumber next_number) {
  using Comparator = typename Types::Comparator;
  const bool zero_sequences = job.bottommost && job.kept_ranges.empty();
  auto builder_options = target.options.builder(job.level);
  builder_options.largest_sequence = job.largest_sequence;
  TableOutput<typename Types::FileSystem, typename Types::Builder, decltype(builder_options),
              Comparator, NextNumber>
      output(target.file_system, target.directory, builder_options, job.file_bytes,
             clipped<Comparator>(std::move(job.kept_ranges), job.span), next_number);
  typename detail::value_output<Types, NextNumber>::type values(
      target.file_system, target.directory, target.options.value_separation, target.values,
      target.wasteful, next_number);
  auto sink = [&](std::string_view key, Trailer trailer, std::string_view value) {
    if constexpr (Types::Values::separates) {
      if (auto placed = values.place(key, trailer, value); !placed) {
        return placed;
      }
    }
    return output.add(key, trailer, value);
  };
  auto load = detail::loader_of<Types>(target.values);
  compaction::Retention<Comparator, typename Types::Merge, typename Types::CompactionFilter,
                        decltype(sink), decltype(load)>
      retention({.snapshots = std::move(job.snapshots),
                 .range_erases = job.ranges,
                 .bottommost = job.bottommost,
                 .zero_sequences = zero_sequences},
                target.options.compaction_filter, sink, load);
  if (job.span.first) {
    merging.seek(*job.span.first);
  } else {
    merging.seek_to_first();
  }
  for (; merging.valid() && !ends_before<Comparator>(job.span, merging.key()); merging.next()) {
    if (job.cancelled != nullptr && job.cancelled->load(std::memory_order_relaxed)) {
      return fail(ErrorCode::busy, target.directory, ": another part of this merge failed");
    }
    if (auto done = retention.add(merging.key(), merging.trailer(), merging.value()); !done) {
      return propagate(std::move(done));
    }
  }
  if (auto read = merging.status(); !read) {
    return propagate(std::move(read));
  }
  if (auto done = retention.finish(); !done) {
    return propagate(std::move(done));
  }
  if (auto done = values.finish(); !done) {
    return propagate(std::move(done));
  }
  auto tables = output.finish();
  if (!tables) {
    return propagate(std::move(tables));
  }
  return BuiltFiles{std::move(*tables), values.keep()};
}

}  // namespace strata::lsm
