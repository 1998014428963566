// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Reads a table. Immutable and shared by any number of threads.
///
/// Index, filter, dictionary and range erases stay in memory from open on (table/sections.hpp) and
/// are reserved in the cache's budget; of a large table, only an index of its partitions does
/// (table/partitions.hpp).
/// Data blocks and partitions come from the cache, or from the file with their checksum verified.
/// Values are handed out where they lie in the pinned block. Damage is `corruption` and names file
/// and offset; it is never an absent key.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/filter/concept.hpp>
#include <strata/table/all_blocks.hpp>
#include <strata/table/block.hpp>
#include <strata/table/block_cache.hpp>
#include <strata/table/block_hints.hpp>
#include <strata/table/cursor.hpp>
#include <strata/table/format.hpp>
#include <strata/table/frame_reader.hpp>
#include <strata/table/identity.hpp>
#include <strata/table/partitions.hpp>
#include <strata/table/pinned_block.hpp>
#include <strata/table/properties.hpp>
#include <strata/table/sections.hpp>
#include <strata/table/separators.hpp>
#include <strata/table/verify.hpp>

namespace strata::table {

template <class Spec, class BlockCache>
class Reader {
  using FileSystem = typename Spec::FileSystem;
  using File = typename FileSystem::RandomFile;
  using Comparator = typename Spec::Comparator;
  using Filter = typename Spec::Filter;
  using Compression = typename Spec::Compression;
  using Frames = FrameReader<File, Compression, typename Spec::Checksum>;
  using Pin = PinnedBlock<typename BlockCache::Handle>;
  using Partition = PinnedPartition<Pin>;
  using Hints = BlockHints<BlockCache>;

 public:
  using Cursor = table::Cursor<Reader>;

  /// Errors: not_found, corruption, incompatible_format (other policies), newer_format, io.
  [[nodiscard]] static Result<std::unique_ptr<Reader>> open(FileSystem& fs, std::string path,
                                                            const Identity& identity,
                                                            BlockCache& cache) {
    auto file = fs.open(path);
    if (!file) {
      return propagate(std::move(file));
    }
    std::unique_ptr<Reader> reader(new Reader(std::move(*file), std::move(path), identity, cache));
    if (auto loaded = reader->sections_.load(reader->frames_); !loaded) {
      return propagate(std::move(loaded));
    }
    const std::uint32_t cut = reader->partitions().count();
    reader->hints_ = Hints(cut == 0 ? reader->index().count() : 2 * cut);
    reader->reserved_ = reader->sections_.memory_bytes() + reader->frames_.codec_bytes() +
                        reader->hints_.memory_bytes();
    cache.reserve(static_cast<std::ptrdiff_t>(reader->reserved_));
    return reader;
  }
  /// The number that a table was written under. Errors: as `open`.
  [[nodiscard]] static Result<std::uint64_t> stored_number(FileSystem& fs,
                                                           const std::string& path) {
    auto file = fs.open(path);
    if (!file) {
      return propagate(std::move(file));
    }
    auto footer = Frames(std::move(*file), path, 0).any_footer();
    return footer ? Result<std::uint64_t>(footer->file_number) : propagate(std::move(footer));
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { cache_.reserve(-static_cast<std::ptrdiff_t>(reserved_)); }

  [[nodiscard]] const Properties& properties() const noexcept { return sections_.properties(); }
  [[nodiscard]] const std::vector<RangeErase>& range_erases() const noexcept {
    return sections_.range_erases();
  }
  /// Memory that stays taken while the table is open.
  [[nodiscard]] std::size_t pinned_bytes() const noexcept { return reserved_; }

  /// Whether the key that `probe` was made for may be here, as far as memory knows.
  [[nodiscard]] bool may_contain(const filter::Probe<Filter>& probe) const noexcept {
    return !sections_.uses_filter() || probe.may_be_in(sections_.filter());
  }

  /// Whether a key at or after `first` and before `last` may be here, range erases aside. Only for
  /// keys in the order of their bytes: it is what the filters that know of ranges know.
  [[nodiscard]] bool may_contain_range(std::string_view first, std::string_view last) const noexcept
      requires(RangeFilterPolicy<Filter>&& Comparator::is_bytewise) {
    return !sections_.uses_filter() || Filter::may_contain_range(sections_.filter(), first, last);
  }

  /// Calls `visit(Trailer, value)` for versions of `key` at or below `sequence`, newest first,
  /// while it returns true. The value is valid inside the call. At most one block read unless
  /// versions span blocks.
  template <class Visit>
  [[nodiscard]] Result<void> get(std::string_view key, Sequence sequence,
                                 const filter::Probe<Filter>& probe, const ReadOptions& options,
                                 Visit&& visit) const {
    if (!identity_.is_visible(sequence)) {
      return {};
    }
    if (partitions().count() == 0) [[likely]] {
      return may_contain(probe)
                 ? get_from(index().block_of(key), key, sequence, visit,
                            [&](std::uint32_t number) {
                              return pinned(index().handle(number), options, nullptr, number);
                            })
                 : Result<void>();
    }
    Partition filter;
    if (const auto maybe = may_contain(key, probe, options, filter); !maybe || !*maybe) {
      return maybe ? Result<void>() : propagate(maybe);
    }
    Partition partition;
    const auto first = block_of(key, options, partition);
    if (!first) [[unlikely]] {
      return propagate(first);
    }
    return get_from(*first, key, sequence, visit, [&](std::uint32_t number) {
      return block(number, options, partition, nullptr);
    });
  }

  // Block by block: table/all_blocks.hpp.

  /// Calls `visit(key, Trailer, value) -> Result<void>` for each entry that can be read, in order
  /// and with the trailers that the file has; `lost(error)` for each block that is damaged.
  template <class Visit, class Lost>
  [[nodiscard]] Result<void> salvage(Visit visit, Lost lost) const {
    return AllBlocks(*this).salvage(visit, lost);
  }
  /// Keys in ascending order, at most `count`, that cut the table into parts of about equal size:
  /// the first of some blocks, each of which is read, past the cache.
  [[nodiscard]] Result<std::vector<std::string>> sample_keys(std::uint32_t count) const {
    return AllBlocks(*this).sample_keys(count);
  }
  /// Reads its blocks into the cache, checked, from the first on and `window_bytes` at a time,
  /// until that is nearly full: nothing has to leave it for blocks that nobody has asked for yet.
  [[nodiscard]] Result<void> warm(std::size_t window_bytes) const {
    return AllBlocks(*this).warm(window_bytes);
  }
  /// Takes its blocks out of the cache: what will not be read again need not wait there until
  /// others push it out. What is read of it later comes back. Of a table that was cut, what is
  /// behind partitions that are not in the cache stays.
  void leave_cache() const { AllBlocks(*this).leave_cache(); }

  /// Reads the whole file, cached or not, and checks it: checksums, order, counts, bounds, and that
  /// the filter knows every key. O(file).
  [[nodiscard]] Result<void> verify() const {
    if (auto read = sections_.check(frames_); !read) {
      return read;
    }
    TableInfo info = properties().info;
    if (identity_.global_sequence != 0) {
      info.smallest_sequence = info.largest_sequence = identity_.global_sequence;
    }
    Verification<Comparator> check(info);
    const ReadOptions past_cache{.verify_checksums = true, .fill_cache = false, .use_cache = false};
    Cursor cursor(*this, past_cache);
    Partition filter;
    for (cursor.seek_to_first(); cursor.valid() && check.holds(); cursor.next()) {
      const filter::Probe<Filter> probe(cursor.key());
      const auto known = may_contain(cursor.key(), probe, past_cache, filter);
      if (!known) {
        return propagate(known);
      }
      check.add(cursor.key(), cursor.trailer(), *known);
    }
    if (auto read = cursor.status(); !read) {
      return read;
    }
    for (const RangeErase& range : range_erases()) {
      check.add(range);
    }
    check.finish();
    return check.holds() ? Result<void>() : frames_.damaged(check.finding());
  }

 private:
  friend class table::Cursor<Reader>;
  friend class table::AllBlocks<Reader>;

  Reader(File file, std::string path, const Identity& identity, BlockCache& cache)
      : frames_(std::move(file), std::move(path), identity.number_in_file()),
        identity_(identity),
        cache_(cache) {}

  [[nodiscard]] const Identity& identity() const noexcept { return identity_; }
  [[nodiscard]] const auto& index() const noexcept { return sections_.index(); }
  [[nodiscard]] const Partitions& partitions() const noexcept { return sections_.partitions(); }

  /// Visits the versions of `key` in block `at` and those behind it; `fetch(number)` pins a block.
  template <class Visit, class Fetch>
  [[nodiscard]] Result<void> get_from(std::uint32_t at, std::string_view key, Sequence sequence,
                                      Visit& visit, Fetch fetch) const {
    for (; at < blocks(); ++at) {
      auto pin = fetch(at);
      if (!pin) [[unlikely]] {
        return propagate(std::move(pin));
      }
      const Block& data = **pin;
      data.prefetch();
      std::uint32_t i = data.template find<Comparator>(key, Trailer::seek(sequence));
      for (; i < data.count() && data.key_is(i, key); ++i) {
        if (!visit(identity_.shown(data.trailer(i)), data.value(i))) {
          return {};
        }
      }
      if (!goes_on_behind(data, i, key)) {
        return {};
      }
    }
    return {};
  }
  [[nodiscard]] std::uint32_t blocks() const noexcept {
    return partitions().count() == 0 ? index().count() : partitions().blocks();
  }
  /// The first data block that may have `key`; blocks() if there is none. `partition` is what the
  /// caller keeps between calls.
  [[nodiscard]] Result<std::uint32_t> block_of(std::string_view key, const ReadOptions& options,
                                               Partition& partition) const {
    const std::uint32_t at = index().block_of(key);
    if (partitions().count() == 0) {
      return at;
    }
    if (at >= partitions().count()) {
      return blocks();
    }
    if (auto pinned = pin_partition(at, options, partition); !pinned) {
      return propagate(std::move(pinned));
    }
    return partitions().first_block(at) +
           (*partition.block).template lower_bound<Comparator>(key, before_all_versions);
  }
  /// Asks the filter of the key's partition too.
  [[nodiscard]] Result<bool> may_contain(std::string_view key, const filter::Probe<Filter>& probe,
                                         const ReadOptions& options, Partition& filter) const {
    if (partitions().count() == 0 || !sections_.uses_filter()) {
      return may_contain(probe);
    }
    const std::uint32_t at = index().block_of(key);
    if (at >= partitions().count() || partitions().filter(at).bytes == 0) {
      return at < partitions().count();
    }
    if (filter.number != at) {
      auto pin =
          pinned(partitions().filter(at), checked(options), nullptr, partitions().count() + at);
      if (!pin) {
        return propagate(std::move(pin));
      }
      filter = {std::move(*pin), at};
    }
    return probe.may_be_in((*filter.block).value(0));
  }
  [[nodiscard]] Result<void> pin_partition(std::uint32_t number, const ReadOptions& options,
                                           Partition& partition) const {
    if (partition.number == number) {
      return {};
    }
    auto pin = pinned(index().handle(number), checked(options), nullptr, number);
    if (!pin) {
      return propagate(std::move(pin));
    }
    if ((**pin).count() != partitions().blocks_of(number)) {
      return frames_.damaged("partition " + std::to_string(number) +
                             " has another count of blocks");
    }
    partition = {std::move(*pin), number};
    return {};
  }
  /// What leads to others' data is never taken unchecked.
  [[nodiscard]] static ReadOptions checked(ReadOptions options) noexcept {
    options.verify_checksums = true;
    return options;
  }

  /// The first data block that may have `key`, as far as memory knows; the place of its hint is
  /// asked for. None: a partition has to be looked into.
  [[nodiscard]] std::optional<std::uint32_t> known_block_of(std::string_view key) const noexcept {
    if (partitions().count() != 0) {
      return std::nullopt;
    }
    const std::uint32_t number = index().block_of(key);
    hints_.prefetch_place(number);
    return number;
  }
  void prefetch_block(std::uint32_t number) const noexcept { hints_.prefetch_block(number); }

  /// Data block `number`, pinned.
  [[nodiscard]] Result<Pin> block(std::uint32_t number, const ReadOptions& options,
                                  Partition& partition, ReadAhead* ahead) const {
    if (partitions().count() == 0) {
      if (ahead != nullptr) {
        hints_.prefetch(number + 2);
      }
      return pinned(index().handle(number), options, ahead, number);
    }
    const std::uint32_t at = partitions().with_block(number);
    if (auto pin = pin_partition(at, options, partition); !pin) {
      return propagate(std::move(pin));
    }
    const std::uint32_t i = number - partitions().first_block(at);
    if ((*partition.block).value(i).size() != handle_bytes) {
      return frames_.damaged("partition " + std::to_string(at) + " is no index");
    }
    return pinned(handle_of(*partition.block, i), options, ahead);
  }
  /// What the cache holds was verified, for all who find it there. `hint`: its number in `hints_`.
  [[nodiscard]] Result<Pin> pinned(const Handle& handle, const ReadOptions& options,
                                   ReadAhead* ahead, std::uint32_t hint = UINT32_MAX) const {
    const BlockKey key{identity_.number, handle.offset};
    if (options.use_cache) {
      if (auto cached = hints_.find(cache_, key, hint)) {
        return Pin(std::move(cached));
      }
    }
    const bool is_kept = options.fill_cache && options.verify_checksums;
    auto block = frames_.block(handle, options.verify_checksums, ahead,
                               is_kept ? block_memory_of(cache_) : nullptr);
    if (!block) {
      return propagate(std::move(block));
    }
    if (!is_kept) {
      return Pin(std::move(*block));
    }
    const std::size_t charge = block->size_bytes();
    return Pin(cache_.insert(key, std::move(*block), charge));
  }

  Frames frames_;
  Identity identity_;
  BlockCache& cache_;
  Sections<Spec> sections_;
  Hints hints_;  ///< of all blocks; of a table that is cut, of its partitions and their filters
  std::size_t reserved_ = 0;
};

}  // namespace strata::table
