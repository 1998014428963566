// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Reads a table. Immutable and shared by any number of threads.
///
/// Index, filter and range erases stay in memory from open on and are reserved in the cache's
/// budget; data blocks come from the cache, or from the file with their checksum verified. Values
/// are handed out where they lie in the pinned block. Damage is `corruption` and names file and
/// offset; it is never an absent key.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/filter/concept.hpp>
#include <strata/table/block.hpp>
#include <strata/table/cursor.hpp>
#include <strata/table/format.hpp>
#include <strata/table/frame_reader.hpp>
#include <strata/table/index.hpp>
#include <strata/table/pinned_block.hpp>
#include <strata/table/properties.hpp>
#include <strata/table/verify.hpp>

namespace strata::table {

template <class Spec, class BlockCache>
class Reader {
  using FileSystem = typename Spec::FileSystem;
  using File = typename FileSystem::RandomFile;
  using Comparator = typename Spec::Comparator;
  using Filter = typename Spec::Filter;
  using Compression = typename Spec::Compression;
  using Index = typename Spec::Index::template type<Comparator>;
  using Pin = PinnedBlock<typename BlockCache::Handle>;

 public:
  using Cursor = table::Cursor<Reader>;

  /// Errors: not_found, corruption, incompatible_format (other policies), newer_format, io.
  [[nodiscard]] static Result<std::unique_ptr<Reader>> open(FileSystem& fs, std::string path,
                                                            std::uint64_t file_number,
                                                            BlockCache& cache) {
    auto file = fs.open(path);
    if (!file) {
      return propagate(std::move(file));
    }
    std::unique_ptr<Reader> reader(
        new Reader(std::move(*file), std::move(path), file_number, cache));
    if (auto loaded = reader->load(); !loaded) {
      return propagate(std::move(loaded));
    }
    return reader;
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { cache_.reserve(-static_cast<std::ptrdiff_t>(reserved_)); }

  [[nodiscard]] const Properties& properties() const noexcept { return properties_; }
  [[nodiscard]] const std::vector<RangeErase>& range_erases() const noexcept {
    return range_erases_;
  }
  /// Memory that stays taken while the table is open.
  [[nodiscard]] std::size_t pinned_bytes() const noexcept { return reserved_; }

  /// Whether the key that `probe` was made for may be here.
  [[nodiscard]] bool may_contain(const filter::Probe<Filter>& probe) const noexcept {
    return !uses_filter_ || probe.may_be_in(filter_);
  }

  /// Whether a key at or after `first` and before `last` may be here, range erases aside. Only for
  /// keys in the order of their bytes: it is what the filters that know of ranges know.
  [[nodiscard]] bool may_contain_range(std::string_view first, std::string_view last) const noexcept
      requires(RangeFilterPolicy<Filter>&& Comparator::is_bytewise) {
    return !uses_filter_ || Filter::may_contain_range(filter_, first, last);
  }

  /// Calls `visit(Trailer, value)` for versions of `key` at or below `sequence`, newest first,
  /// while it returns true. The value is valid inside the call. At most one block read unless
  /// versions span blocks.
  template <class Visit>
  [[nodiscard]] Result<void> get(std::string_view key, Sequence sequence,
                                 const filter::Probe<Filter>& probe, const ReadOptions& options,
                                 Visit&& visit) const {
    if (!may_contain(probe)) {
      return {};
    }
    for (std::uint32_t at = index_->block_of(key); at < index_->count(); ++at) {
      auto pin = block(at, options, nullptr);
      if (!pin) [[unlikely]] {
        return propagate(std::move(pin));
      }
      const Block& data = **pin;
      std::uint32_t i = data.template find<Comparator>(key, Trailer::seek(sequence));
      for (; i < data.count() && data.key_is(i, key); ++i) {
        if (!visit(data.trailer(i), data.value(i))) {
          return {};
        }
      }
      if (!goes_on_behind(data, i, key)) {
        return {};
      }
    }
    return {};
  }

  /// Reads the whole file, cached or not, and checks it: checksums, order, counts, bounds, and that
  /// the filter knows every key. O(file).
  [[nodiscard]] Result<void> verify() const {
    if (auto read = check_sections(); !read) {
      return read;
    }
    Verification<Comparator> check(properties_.info);
    Cursor cursor(*this, {.verify_checksums = true, .fill_cache = false, .use_cache = false});
    for (cursor.seek_to_first(); cursor.valid() && check.holds(); cursor.next()) {
      check.add(cursor.key(), cursor.trailer(), may_contain(filter::Probe<Filter>(cursor.key())));
    }
    if (auto read = cursor.status(); !read) {
      return read;
    }
    for (const RangeErase& range : range_erases_) {
      check.add(range);
    }
    check.finish();
    return check.holds() ? Result<void>() : frames_.damaged(check.finding());
  }

 private:
  friend class table::Cursor<Reader>;

  Reader(File file, std::string path, std::uint64_t file_number, BlockCache& cache)
      : frames_(std::move(file), std::move(path), file_number), cache_(cache) {}

  /// Those that are in memory since open may be damaged in the file.
  [[nodiscard]] Result<void> check_sections() const {
    auto footer = frames_.footer();
    if (!footer) {
      return propagate(std::move(footer));
    }
    for (const Handle& handle :
         {footer->filter, footer->index, footer->range_erases, footer->properties}) {
      if (auto read = frames_.section(handle); !read) {
        return propagate(std::move(read));
      }
    }
    return {};
  }

  [[nodiscard]] Result<void> load() {
    auto footer = frames_.footer();
    if (!footer) {
      return propagate(std::move(footer));
    }
    auto done = load_properties(footer->properties);
    done = done ? load_filter(footer->filter) : done;
    done = done ? load_index(footer->index) : done;
    done = done ? load_range_erases(footer->range_erases) : done;
    if (done) {
      reserved_ = filter_.size() + index_->memory_bytes();
      cache_.reserve(static_cast<std::ptrdiff_t>(reserved_));
    }
    return done;
  }
  [[nodiscard]] Result<void> load_properties(const Handle& handle) {
    auto bytes = frames_.section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    auto properties = decode_properties(*bytes, frames_.path());
    if (!properties) {
      return propagate(std::move(properties));
    }
    properties_ = std::move(*properties);
    if (properties_.comparator != Comparator::name) {
      return fail(ErrorCode::incompatible_format, frames_.path(), ": its keys are in the order '",
                  properties_.comparator, "', not '", Comparator::name, "'");
    }
    if (properties_.index != stored_name<typename Spec::Index>()) {
      return fail(ErrorCode::incompatible_format, frames_.path(), ": its index is '",
                  properties_.index, "', not '", stored_name<typename Spec::Index>(), "'");
    }
    if (properties_.compression != "none" && properties_.compression != Compression::name) {
      return fail(ErrorCode::incompatible_format, frames_.path(), ": compressed with '",
                  properties_.compression, "'; compose that policy to read it");
    }
    return {};
  }
  /// A filter of another kind is left out: slower, and never wrong.
  [[nodiscard]] Result<void> load_filter(const Handle& handle) {
    uses_filter_ = properties_.filter == stored_name<Filter>();
    if (!uses_filter_) {
      return {};
    }
    auto bytes = frames_.section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    filter_ = std::move(*bytes);
    return {};
  }
  [[nodiscard]] Result<void> load_index(const Handle& handle) {
    auto bytes = frames_.section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    std::unique_ptr<char[]> own(new char[bytes->size()]);
    std::copy(bytes->begin(), bytes->end(), own.get());
    index_ = Index::open(std::move(own), bytes->size());
    return index_ ? Result<void>() : frames_.damaged("the index is no index");
  }
  [[nodiscard]] Result<void> load_range_erases(const Handle& handle) {
    auto bytes = frames_.section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    Decoder decoder(*bytes);
    while (!decoder.done()) {
      std::string_view first;
      std::string_view last;
      Sequence sequence = 0;
      if (!decoder.take_string(first) || !decoder.take_string(last) ||
          !decoder.take_fixed(sequence)) {
        return frames_.damaged("the range erases are damaged");
      }
      range_erases_.push_back({std::string(first), std::string(last), sequence});
    }
    return {};
  }

  /// Data block `number`, pinned. What the cache holds was verified, for all who find it there.
  [[nodiscard]] Result<Pin> block(std::uint32_t number, const ReadOptions& options,
                                  ReadAhead* ahead) const {
    const Handle handle = index_->handle(number);
    const BlockKey key{frames_.file_number(), handle.offset};
    if (options.use_cache) {
      if (auto cached = cache_.find(key)) {
        return Pin(std::move(cached));
      }
    }
    auto block = frames_.block(handle, options.verify_checksums, ahead);
    if (!block) {
      return propagate(std::move(block));
    }
    if (!options.fill_cache || !options.verify_checksums) {
      return Pin(std::move(*block));
    }
    const std::size_t charge = block->size_bytes();
    return Pin(cache_.insert(key, std::move(*block), charge));
  }

  FrameReader<File, Compression, typename Spec::Checksum> frames_;
  BlockCache& cache_;
  Properties properties_;
  std::string filter_;
  bool uses_filter_ = true;
  std::optional<Index> index_;
  std::vector<RangeErase> range_erases_;
  std::size_t reserved_ = 0;
};

}  // namespace strata::table
