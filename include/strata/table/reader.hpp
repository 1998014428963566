// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Reads a table. Immutable and shared by any number of threads.
///
/// Index, filter and range erases stay in memory from open on and are reserved in the cache's
/// budget; data blocks come from the cache, or from the file with their checksum verified. Values
/// are handed out where they lie in the pinned block. Damage is `corruption` and names file and
/// offset; it is never an absent key.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/filter/concept.hpp>
#include <strata/table/block.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index.hpp>
#include <strata/table/properties.hpp>

namespace strata::table {

/// The name of a block in a cache that all tables of a database share.
struct BlockKey {
  std::uint64_t file_number = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const BlockKey&, const BlockKey&) = default;
};
struct BlockKeyHash {
  [[nodiscard]] std::uint64_t operator()(const BlockKey& key) const noexcept {
    return mix64(key.file_number * 0x9e3779b97f4a7c15 ^ key.offset);
  }
};

struct ReadOptions {
  bool verify_checksums = true;
  bool fill_cache = true;
};

/// A block that stays: held by the cache, or by this object alone.
template <class CacheHandle>
class PinnedBlock {
 public:
  PinnedBlock() = default;
  explicit PinnedBlock(CacheHandle cached) noexcept
      : cached_(std::move(cached)), block_(&*cached_) {}
  explicit PinnedBlock(Block own) : own_(new Block(std::move(own))), block_(own_.get()) {}
  [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }
  [[nodiscard]] const Block& operator*() const noexcept { return *block_; }

 private:
  CacheHandle cached_;
  std::unique_ptr<Block> own_;
  const Block* block_ = nullptr;
};

template <class Spec, class BlockCache>
class Reader {
  using FileSystem = typename Spec::FileSystem;
  using File = typename FileSystem::RandomFile;
  using Comparator = typename Spec::Comparator;
  using Filter = typename Spec::Filter;
  using Compression = typename Spec::Compression;
  using Checksum = typename Spec::Checksum;
  using Index = typename Spec::Index::template type<Comparator>;
  using Pin = PinnedBlock<typename BlockCache::Handle>;

  /// What a forward cursor has read beyond its block.
  struct Ahead {
    std::string bytes;
    std::uint64_t offset = 0;
  };

 public:
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
      std::uint32_t i = data.template lower_bound<Comparator>(key, Trailer::seek(sequence));
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

  /// Walks all entries. Pins one block; reads ahead when it goes forward through blocks that the
  /// cache does not hold. An error invalidates it and stays in `status`.
  class Cursor {
   public:
    Cursor(const Reader& reader, const ReadOptions& options)
        : reader_(&reader), options_(options) {}

    [[nodiscard]] bool valid() const noexcept { return valid_; }
    [[nodiscard]] std::string_view key() const noexcept { return {key_.data(), key_bytes_}; }
    [[nodiscard]] Trailer trailer() const noexcept { return block_->trailer(at_); }
    [[nodiscard]] std::string_view value() const noexcept { return block_->value(at_); }
    [[nodiscard]] Result<void> status() const {
      return failed_ ? Result<void>(tl::unexpected<Error>(*failed_)) : Result<void>();
    }

    void seek_to_first() {
      if (open(0)) {
        stand_at_or_after(0);
      }
    }
    void seek_to_last() {
      if (open(reader_->index_->count() - 1)) {
        stand(block_->count() - 1);
      }
    }
    void seek(std::string_view key, Sequence sequence = sequence_max) {
      if (open(reader_->index_->block_of(key))) {
        stand_at_or_after(block_->template lower_bound<Comparator>(key, Trailer::seek(sequence)));
      }
    }
    /// The last entry whose key is at or before `key`: the oldest version of it.
    void seek_for_prev(std::string_view key) {
      const std::uint32_t count = reader_->index_->count();
      std::uint32_t number = reader_->index_->block_of(key);
      if (!open(number < count ? number : count - 1)) {
        return;
      }
      std::uint32_t i = 0;
      for (;;) {
        // Trailer 0 is behind every version but one of sequence 0, which is skipped by hand.
        i = block_->template lower_bound<Comparator>(key, Trailer::from_packed(0));
        while (i < block_->count() && block_->key_is(i, key)) {
          ++i;
        }
        if (!goes_on_behind(*block_, i, key) || number_ + 1 >= count) {
          break;
        }
        if (!open(number_ + 1)) {
          return;
        }
      }
      stand_before(i);
    }
    void next() { stand_at_or_after(at_ + 1); }
    void prev() { stand_before(at_); }

   private:
    /// Blocks are never empty, so one step over a block end is enough.
    void stand_at_or_after(std::uint32_t i) {
      if (i < block_->count()) {
        stand(i);
      } else if (open(number_ + 1)) {
        stand(0);
      }
    }
    void stand_before(std::uint32_t i) {
      if (i > 0) {
        stand(i - 1);
      } else if (open(number_ - 1)) {  // wraps at 0, where `open` finds no block
        stand(block_->count() - 1);
      }
    }
    void stand(std::uint32_t i) {
      at_ = i;
      const std::size_t prefix = block_->prefix().size();
      const std::size_t suffix = block_->suffix_bytes(i);
      if (key_.size() < prefix + suffix + 8) {
        key_.resize(prefix + suffix + 8);
      }
      block_->copy_suffix(i, key_.data() + prefix);
      key_bytes_ = prefix + suffix;
      valid_ = true;
    }
    /// False: there is no block of that number, or it can not be read.
    [[nodiscard]] bool open(std::uint32_t number) {
      valid_ = false;
      if (number >= reader_->index_->count()) {
        return false;
      }
      if (pin_ && number == number_) {
        return true;
      }
      const bool forward = pin_ && number == number_ + 1;
      auto pin = reader_->block(number, options_, forward ? &ahead_ : nullptr);
      if (!pin) {
        failed_.emplace(std::move(pin).error());
        return false;
      }
      pin_ = std::move(*pin);
      block_ = &*pin_;
      number_ = number;
      const std::string_view prefix = block_->prefix();
      if (key_.size() < prefix.size() + 8) {
        key_.resize(prefix.size() + 8);
      }
      std::copy(prefix.begin(), prefix.end(), key_.begin());
      return true;
    }

    const Reader* reader_;
    ReadOptions options_;
    Pin pin_;
    const Block* block_ = nullptr;
    std::uint32_t number_ = 0;
    std::uint32_t at_ = 0;
    bool valid_ = false;
    std::string key_;  // the block's prefix, then the suffix, then room for whole-word copies
    std::size_t key_bytes_ = 0;
    Ahead ahead_;
    std::optional<Error> failed_;
  };

  /// Reads everything and checks it: checksums, order, counts, bounds, and that the filter knows
  /// every key. O(file).
  [[nodiscard]] Result<void> verify() const {
    Cursor cursor(*this, {.verify_checksums = true, .fill_cache = false});
    std::uint64_t entries = 0;
    std::string last;
    Trailer last_trailer;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      const int order = entries == 0 ? -1 : Comparator::compare(last, cursor.key());
      if (order > 0 || (order == 0 && cursor.trailer() >= last_trailer)) {
        return damaged("entry " + std::to_string(entries) + " is out of order");
      }
      if (!may_contain(filter::Probe<Filter>(cursor.key()))) {
        return damaged("the filter denies entry " + std::to_string(entries));
      }
      last.assign(cursor.key());
      last_trailer = cursor.trailer();
      ++entries;
    }
    if (auto read = cursor.status(); !read) {
      return read;
    }
    if (entries != properties_.info.entries) {
      return damaged("holds " + std::to_string(entries) + " entries, its properties say " +
                     std::to_string(properties_.info.entries));
    }
    return {};
  }

 private:
  static constexpr std::size_t ahead_bytes = 256 << 10;

  Reader(File file, std::string path, std::uint64_t file_number, BlockCache& cache)
      : file_(std::move(file)), path_(std::move(path)), file_number_(file_number), cache_(cache) {}

  [[nodiscard]] tl::unexpected<Error> damaged(std::string_view what) const {
    return fail(ErrorCode::corruption, path_, ": ", what,
                "; restore the table from a backup, or run repair");
  }

  [[nodiscard]] Result<void> load() {
    const std::uint64_t size = file_.size_bytes();
    std::string bytes(size < footer_bytes ? 0 : footer_bytes, '\0');
    auto read = file_.read(size - bytes.size(), bytes.data(), bytes.size());
    if (!read) {
      return propagate(std::move(read));
    }
    auto footer = decode_footer<Checksum>(bytes, size, path_);
    if (!footer) {
      return propagate(std::move(footer));
    }
    if (footer->file_number != file_number_) {
      return damaged("is table " + std::to_string(footer->file_number) + " by its footer");
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
    auto bytes = section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    auto properties = decode_properties(*bytes, path_);
    if (!properties) {
      return propagate(std::move(properties));
    }
    properties_ = std::move(*properties);
    if (properties_.comparator != Comparator::name) {
      return fail(ErrorCode::incompatible_format, path_, ": its keys are in the order '",
                  properties_.comparator, "', not '", Comparator::name, "'");
    }
    if (properties_.index != stored_name<typename Spec::Index>()) {
      return fail(ErrorCode::incompatible_format, path_, ": its index is '", properties_.index,
                  "', not '", stored_name<typename Spec::Index>(), "'");
    }
    if (properties_.compression != "none" && properties_.compression != Compression::name) {
      return fail(ErrorCode::incompatible_format, path_, ": compressed with '",
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
    auto bytes = section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    filter_ = std::move(*bytes);
    return {};
  }
  [[nodiscard]] Result<void> load_index(const Handle& handle) {
    auto bytes = section(handle);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    std::unique_ptr<char[]> own(new char[bytes->size()]);
    std::copy(bytes->begin(), bytes->end(), own.get());
    index_ = Index::open(std::move(own), bytes->size());
    return index_ ? Result<void>() : damaged("the index is no index");
  }
  [[nodiscard]] Result<void> load_range_erases(const Handle& handle) {
    auto bytes = section(handle);
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
        return damaged("the range erases are damaged");
      }
      range_erases_.push_back({std::string(first), std::string(last), sequence});
    }
    return {};
  }

  /// A section's payload, checked.
  [[nodiscard]] Result<std::string> section(const Handle& handle) const {
    std::string frame(std::size_t{handle.bytes} + frame_bytes, '\0');
    auto read = file_.read(handle.offset, frame.data(), frame.size());
    if (!read) {
      return propagate(std::move(read));
    }
    if (*read != frame.size() || !frame_is_whole<Checksum>(frame, file_number_, handle.offset)) {
      return damaged_at(handle.offset);
    }
    frame.resize(handle.bytes);
    return frame;
  }
  [[nodiscard]] tl::unexpected<Error> damaged_at(std::uint64_t offset) const {
    return damaged("the block at offset " + std::to_string(offset) + " is damaged");
  }

  /// Whether the block behind `block` may have versions of `key` too, all before entry `i` having
  /// been passed. A key between two blocks is in neither.
  [[nodiscard]] static bool goes_on_behind(const Block& block, std::uint32_t i,
                                           std::string_view key) noexcept {
    return i == block.count() && block.key_is(i - 1, key);
  }
  /// Data block `number`, pinned.
  [[nodiscard]] Result<Pin> block(std::uint32_t number, const ReadOptions& options,
                                  Ahead* ahead) const {
    const Handle handle = index_->handle(number);
    const BlockKey key{file_number_, handle.offset};
    if (auto cached = cache_.find(key)) {
      return Pin(std::move(cached));
    }
    auto block = read_block(handle, options, ahead);
    if (!block) {
      return propagate(std::move(block));
    }
    if (!options.fill_cache) {
      return Pin(std::move(*block));
    }
    const std::size_t charge = block->size_bytes();
    return Pin(cache_.insert(key, std::move(*block), charge));
  }
  [[nodiscard]] Result<Block> read_block(const Handle& handle, const ReadOptions& options,
                                         Ahead* ahead) const {
    const std::size_t size = std::size_t{handle.bytes} + frame_bytes;
    if (handle.offset > file_.size_bytes() || size > file_.size_bytes() - handle.offset) {
      return damaged("the index names a block outside of the file");
    }
    std::unique_ptr<char[]> bytes(new char[size]);
    if (auto read = read_frame(handle.offset, bytes.get(), size, ahead); !read) {
      return propagate(std::move(read));
    }
    const std::string_view frame(bytes.get(), size);
    if (options.verify_checksums && !frame_is_whole<Checksum>(frame, file_number_, handle.offset)) {
      return damaged_at(handle.offset);
    }
    return parse(std::move(bytes), frame, handle);
  }
  [[nodiscard]] Result<Block> parse(std::unique_ptr<char[]> bytes, std::string_view frame,
                                    const Handle& handle) const {
    const auto codec = static_cast<std::uint8_t>(frame[handle.bytes]);
    std::optional<Block> block;
    if (codec == 0) {
      block = Block::parse(std::move(bytes), handle.bytes);
    } else if (codec == Compression::id) {
      const std::size_t raw = load_fixed<std::uint32_t>(frame.data() + handle.bytes + 1);
      if (raw > value_bytes_max + key_bytes_max * 2) {
        return damaged_at(handle.offset);
      }
      std::unique_ptr<char[]> decompressed(new char[raw]);
      if (auto done =
              Compression::decompress(frame.substr(0, handle.bytes), raw, decompressed.get());
          !done) {
        return damaged_at(handle.offset);
      }
      block = Block::parse(std::move(decompressed), raw);
    }
    if (!block || block->count() == 0) {
      return damaged_at(handle.offset);
    }
    return std::move(*block);
  }
  [[nodiscard]] Result<void> read_frame(std::uint64_t offset, char* to, std::size_t size,
                                        Ahead* ahead) const {
    if (ahead != nullptr) {
      if (!holds(*ahead, offset, size)) {
        ahead->bytes.resize(std::max(ahead_bytes, size));
        auto read = file_.read(offset, ahead->bytes.data(), ahead->bytes.size());
        if (!read) {
          ahead->bytes.clear();
          return propagate(std::move(read));
        }
        ahead->bytes.resize(*read);
        ahead->offset = offset;
      }
      if (holds(*ahead, offset, size)) {
        std::copy_n(ahead->bytes.data() + (offset - ahead->offset), size, to);
        return {};
      }
      return damaged_at(offset);
    }
    auto read = file_.read(offset, to, size);
    if (!read) {
      return propagate(std::move(read));
    }
    return *read == size ? Result<void>() : damaged_at(offset);
  }
  [[nodiscard]] static bool holds(const Ahead& ahead, std::uint64_t offset, std::size_t size) {
    return offset >= ahead.offset && offset - ahead.offset <= ahead.bytes.size() &&
           size <= ahead.bytes.size() - (offset - ahead.offset);
  }

  File file_;
  std::string path_;
  std::uint64_t file_number_;
  BlockCache& cache_;
  Properties properties_;
  std::string filter_;
  bool uses_filter_ = true;
  std::optional<Index> index_;
  std::vector<RangeErase> range_erases_;
  std::size_t reserved_ = 0;
};

}  // namespace strata::table
