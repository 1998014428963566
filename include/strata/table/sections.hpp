// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a reader of a table loads at open and keeps in memory: properties, filter, index or the
/// index of its partitions, range erases. Decodes them, and refuses tables that other policies
/// wrote. Immutable once loaded.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/compression/codec.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/filter/concept.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index.hpp>
#include <strata/table/partitions.hpp>
#include <strata/table/properties.hpp>

namespace strata::table {

/// Calls `visit(RangeErase)` for each of a section; false where the bytes end amid one.
template <class Visit>
[[nodiscard]] bool decode_range_erases(std::string_view bytes, Visit visit) {
  Decoder decoder(bytes);
  while (!decoder.done()) {
    std::string_view first;
    std::string_view last;
    Sequence sequence = 0;
    if (!decoder.take_string(first) || !decoder.take_string(last) ||
        !decoder.take_fixed(sequence)) {
      return false;
    }
    visit(RangeErase{std::string(first), std::string(last), sequence});
  }
  return true;
}

template <class Spec>
class Sections {
  using Comparator = typename Spec::Comparator;
  using Filter = typename Spec::Filter;

 public:
  using Index = typename Spec::Index::template type<Comparator>;

  /// Opens the codec of `frames` too. Errors: corruption, incompatible_format, newer_format, io.
  template <class Frames>
  [[nodiscard]] Result<void> load(Frames& frames) {
    auto footer = frames.footer();
    if (!footer) {
      return propagate(std::move(footer));
    }
    auto done = load_properties(frames, footer->properties);
    done = done ? load_codec(frames, (footer->features & with_dictionary) != 0) : done;
    const bool is_partitioned = (footer->features & partitioned) != 0;
    if (done) {
      done = is_partitioned ? load_partitions(frames, footer->filter)
                            : load_filter(frames, footer->filter);
    }
    done = done ? load_index(frames, footer->index) : done;
    if (done && is_partitioned && partitions_.count() != index_->count()) {
      return frames.damaged("the index and the filters have different partitions");
    }
    return done ? load_range_erases(frames, footer->range_erases) : done;
  }

  /// Reads all of them again: since open, the file may have been damaged.
  template <class Frames>
  [[nodiscard]] Result<void> check(const Frames& frames) const {
    auto footer = frames.footer();
    if (!footer) {
      return propagate(std::move(footer));
    }
    for (const Handle& handle :
         {footer->filter, footer->index, footer->range_erases, footer->properties}) {
      if (auto read = frames.section(handle); !read) {
        return propagate(std::move(read));
      }
    }
    if (properties_.dictionary.bytes != 0) {
      if (auto read = frames.section(properties_.dictionary); !read) {
        return propagate(std::move(read));
      }
    }
    for (std::uint32_t i = 0; i < partitions_.count(); ++i) {
      auto read = frames.section(index_->handle(i));
      read = read && partitions_.filter(i).bytes != 0 ? frames.section(partitions_.filter(i))
                                                      : std::move(read);
      if (!read) {
        return propagate(std::move(read));
      }
    }
    return {};
  }

  [[nodiscard]] const Properties& properties() const noexcept { return properties_; }
  [[nodiscard]] const Index& index() const noexcept { return *index_; }
  /// None where the index names the data blocks themselves.
  [[nodiscard]] const Partitions& partitions() const noexcept { return partitions_; }
  [[nodiscard]] const std::vector<RangeErase>& range_erases() const noexcept {
    return range_erases_;
  }
  /// Whether `Filter` made the table's filter. One of another kind is left out: slower, never
  /// wrong.
  [[nodiscard]] bool uses_filter() const noexcept { return uses_filter_; }
  /// The filter of the whole table, where it has no partitions.
  [[nodiscard]] std::string_view filter() const noexcept { return filter_; }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return filter_.size() + index_->memory_bytes() + partitions_.memory_bytes();
  }

 private:
  template <class Frames>
  [[nodiscard]] Result<void> load_properties(const Frames& frames, const Handle& handle) {
    auto bytes = frames.section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    auto properties = decode_properties(*bytes, frames.path());
    if (!properties) {
      return propagate(std::move(properties));
    }
    properties_ = std::move(*properties);
    uses_filter_ = properties_.filter == stored_name<Filter>();
    if (properties_.comparator != Comparator::name) {
      return fail(ErrorCode::incompatible_format, frames.path(), ": its keys are in the order '",
                  properties_.comparator, "', not '", Comparator::name, "'");
    }
    if (properties_.index != stored_name<typename Spec::Index>()) {
      return fail(ErrorCode::incompatible_format, frames.path(), ": its index is '",
                  properties_.index, "', not '", stored_name<typename Spec::Index>(), "'");
    }
    if (!compression::reads<typename Spec::Compression>(properties_.compression)) {
      return fail(ErrorCode::incompatible_format, frames.path(), ": compressed with '",
                  properties_.compression, "'; compose that policy to read it");
    }
    return {};
  }
  template <class Frames>
  [[nodiscard]] Result<void> load_codec(Frames& frames, bool needs_dictionary) const {
    if (needs_dictionary != (properties_.dictionary.bytes != 0)) {
      return frames.damaged("footer and properties differ on whether it has a dictionary");
    }
    return frames.open_codec(properties_.compression, properties_.dictionary);
  }
  template <class Frames>
  [[nodiscard]] Result<void> load_filter(const Frames& frames, const Handle& handle) {
    if (!uses_filter_) {
      return {};
    }
    auto bytes = frames.section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    filter_ = std::move(*bytes);
    return {};
  }
  template <class Frames>
  [[nodiscard]] Result<void> load_partitions(const Frames& frames, const Handle& handle) {
    auto bytes = frames.section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    auto parsed = Partitions::parse(*bytes, frames.frames_max());
    if (!parsed) {
      return frames.damaged("its partitions are damaged");
    }
    partitions_ = std::move(*parsed);
    return {};
  }
  template <class Frames>
  [[nodiscard]] Result<void> load_index(const Frames& frames, const Handle& handle) {
    auto bytes = frames.section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    std::unique_ptr<char[]> own(new char[bytes->size()]);
    std::copy(bytes->begin(), bytes->end(), own.get());
    index_ = Index::open(std::move(own), bytes->size());
    return index_ ? Result<void>() : frames.damaged("the index is no index");
  }
  template <class Frames>
  [[nodiscard]] Result<void> load_range_erases(const Frames& frames, const Handle& handle) {
    auto bytes = frames.section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    const bool are_whole = decode_range_erases(
        *bytes, [this](RangeErase range) { range_erases_.push_back(std::move(range)); });
    if (!are_whole) {
      return frames.damaged("the range erases are damaged");
    }
    return {};
  }

  Properties properties_;
  std::string filter_;
  bool uses_filter_ = true;
  Partitions partitions_;
  std::optional<Index> index_;
  std::vector<RangeErase> range_erases_;
};

}  // namespace strata::table
