// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Writes a table from entries in order: key ascending, newest version first.
///
/// Data blocks go out as they fill; index, filter and the rest follow at `finish`, which syncs and
/// closes the file. The caller syncs the directory before it names the table anywhere. An I/O error
/// is returned by the call that meets it; the file is useless then: `abandon` and remove it.
///
/// `Spec` bundles the policies: FileSystem, Comparator, Filter, Index, Compression, Checksum; and
/// says `separates_values` where entries may be pointers to values.

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/compression/codec.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/filter/concept.hpp>
#include <strata/table/block_builder.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index.hpp>
#include <strata/table/partitions.hpp>
#include <strata/table/properties.hpp>
#include <strata/table/sample_blocks.hpp>
#include <strata/table/separators.hpp>
#include <strata/table/value_pointer.hpp>

namespace strata::table {

template <class FilterOptions, class CompressionOptions>
struct BuilderOptions {
  std::size_t block_bytes = 4096;
  FilterOptions filter{};
  bool block_hash = false;  ///< blocks with a hash table, table/block_hash.hpp
  /// An index that grows beyond it is cut, and the filter with it, table/partitions.hpp.
  std::size_t partition_bytes = 1_MiB;
  std::uint32_t family = 0;       ///< whose it is, for those who find it without a manifest
  Sequence largest_sequence = 0;  ///< of what it is made from, where its entries say less
  CompressionOptions compression{};
  unsigned level = 0;  ///< that the table is for: compression may depend on it
};

template <class Spec>
class Builder {
  using FileSystem = typename Spec::FileSystem;
  using Comparator = typename Spec::Comparator;
  using Filter = typename Spec::Filter;
  using Compression = typename Spec::Compression;
  using Checksum = typename Spec::Checksum;
  static constexpr bool separates_values = [] {
    if constexpr (requires { Spec::separates_values; }) {
      return Spec::separates_values;
    } else {
      return false;
    }
  }();

 public:
  using Options = BuilderOptions<options_of_t<Filter>, options_of_t<Compression>>;

  [[nodiscard]] static Result<Builder> create(FileSystem& fs, const std::string& path,
                                              std::uint64_t file_number, const Options& options) {
    auto file = fs.create(path);
    if (!file) {
      return propagate(std::move(file));
    }
    return Builder(std::move(*file), file_number, options);
  }

  /// Requires: behind everything added before.
  [[nodiscard]] Result<void> add(std::string_view key, Trailer trailer, std::string_view value) {
    assert(info_.entries == 0 || is_behind_last(key, trailer));
    const bool new_key = info_.entries == 0 || key != last_key();
    if (new_key && info_.entries != 0 && block_.estimated_bytes() >= options_.block_bytes) {
      if (auto done = finish_block(key); !done) {
        return done;
      }
    } else if (block_.estimated_bytes() >= block_bytes_most) {
      // Many versions of one key: they may span blocks, though not tables.
      if (auto done = finish_block(key); !done) {
        return done;
      }
    }
    block_.add(key, trailer, value);
    if (new_key) {
      filter_.add(key);
    }
    last_trailer_ = trailer;
    if (info_.entries == 0) {
      widen(key, key, false);
    }
    note_sequence(trailer.sequence());
    ++info_.entries;
    info_.tombstones += trailer.kind() == EntryKind::erase ? 1 : 0;
    info_.raw_bytes += key.size() + value.size();
    if constexpr (separates_values) {
      note_pointer(trailer, value);
    }
    return {};
  }

  /// [first, last) is erased below `sequence`. In any order. Requires: first is below last.
  [[nodiscard]] Result<void> add_range_erase(std::string_view first, std::string_view last,
                                             Sequence sequence) {
    put_string(range_erases_, first);
    put_string(range_erases_, last);
    put_fixed(range_erases_, sequence);
    widen(first, last, true);
    note_sequence(sequence);
    ++info_.range_erases;
    return {};
  }

  [[nodiscard]] std::uint64_t estimated_bytes() const noexcept {
    return offset_ + samples_.bytes().size() + block_.estimated_bytes();
  }
  [[nodiscard]] std::uint64_t entries() const noexcept { return info_.entries; }
  /// Empty before the first entry. It lives until the next `add` or `finish`.
  [[nodiscard]] std::string_view last_key() const noexcept {
    return block_.empty() ? std::string_view(last_key_) : block_.last_key();
  }
  [[nodiscard]] bool empty() const noexcept {
    return info_.entries == 0 && info_.range_erases == 0;
  }

  /// Writes what is left, syncs, closes. Call once.
  [[nodiscard]] Result<TableInfo> finish() {
    if (!block_.empty()) {
      widen(last_key(), last_key(), false);
      if (auto done = finish_block(std::nullopt); !done) {
        return propagate(std::move(done));
      }
    }
    if (sampling_) {
      if (auto done = end_sampling(); !done) {
        return propagate(std::move(done));
      }
    }
    Footer footer;
    footer.features = (options_.block_hash ? hashed_blocks : 0) |
                      (partitions_.empty() ? 0 : table::partitioned) |
                      (dictionary_.bytes == 0 ? 0 : with_dictionary);
    footer.file_number = file_number_;
    Result<void> done = write_filter(footer.filter);
    std::string section;
    index_.finish(section);
    done = done ? write_section(section, footer.index) : done;
    done = done ? write_section(range_erases_, footer.range_erases) : done;
    done = done ? write_section(encode_properties<Spec>(info_, blocks_, options_.family,
                                                        compressor_.name(), dictionary_),
                                footer.properties)
                : done;
    done = done ? file_.append(encode_footer<Checksum>(footer)) : done;
    done = done ? file_.sync() : done;
    info_.size_bytes = file_.size_bytes();
    done = done ? file_.close() : done;
    if (!done) {
      return propagate(std::move(done));
    }
    return info_;
  }

  /// Gives the file up. The caller removes it.
  void abandon() noexcept { (void)file_.close(); }

 private:
  Builder(typename FileSystem::WritableFile file, std::uint64_t file_number, const Options& options)
      : file_(std::move(file)),
        file_number_(file_number),
        options_(options),
        block_(options.block_hash),
        filter_(filter::make_builder<Filter>(options.filter)),
        compressor_(options.compression, options.level),
        sampling_(compressor_.sample_bytes() != 0) {}

  [[nodiscard]] bool is_behind_last(std::string_view key, Trailer trailer) const {
    const int order = Comparator::compare(last_key(), key);
    return order < 0 || (order == 0 && last_trailer_ > trailer);
  }
  void widen(std::string_view first, std::string_view last, bool exclusive) {
    const bool is_first = empty();
    if (is_first || Comparator::compare(first, info_.smallest) < 0) {
      info_.smallest.assign(first);
    }
    const int order = is_first ? 1 : Comparator::compare(last, info_.largest);
    if (order > 0 || (order == 0 && !exclusive)) {
      info_.largest.assign(last);
      info_.largest_exclusive = exclusive;
    }
  }
  void note_pointer(Trailer trailer, std::string_view value) {
    const auto pointer =
        trailer.kind() == EntryKind::value_pointer ? decode_value_pointer(value) : std::nullopt;
    if (pointer) {
      add_share(info_.values, {pointer->file, pointer->stored_bytes()});
    }
  }
  void note_sequence(Sequence sequence) {
    info_.smallest_sequence = empty() ? sequence : std::min(info_.smallest_sequence, sequence);
    info_.largest_sequence = std::max(info_.largest_sequence, sequence);
  }

  /// `next`: the key that the next block begins with.
  [[nodiscard]] Result<void> finish_block(std::optional<std::string_view> next) {
    last_key_.assign(block_.last_key());
    std::string separator = next ? separator_of<Comparator>(last_key_, *next) : last_key_;
    raw_.clear();
    block_.finish(raw_);
    if (!sampling_) {
      auto written = write_block(separator);
      return written ? end_partition() : written;
    }
    samples_.add(std::move(separator), raw_);
    return samples_.bytes().size() < compressor_.sample_bytes() ? Result<void>() : end_sampling();
  }
  /// Writes the blocks that waited, with what the compressor has learnt from them.
  [[nodiscard]] Result<void> end_sampling() {
    sampling_ = false;
    const std::string dictionary = compressor_.learn(samples_.bytes(), samples_.sizes());
    Result<void> done =
        dictionary.empty() ? Result<void>() : write_section(dictionary, dictionary_);
    std::string_view rest = samples_.bytes();
    for (std::size_t i = 0; done && i < samples_.sizes().size(); ++i) {
      raw_.assign(rest.substr(0, samples_.sizes()[i]));
      rest.remove_prefix(raw_.size());
      done = write_block(samples_.separator(i));
    }
    samples_ = SampleBlocks();
    // Not in between: the filter has the keys of all of them.
    return done ? end_partition() : done;
  }
  /// Writes `raw_`.
  [[nodiscard]] Result<void> write_block(const std::string& separator) {
    Handle handle;
    if (auto written = write_frame(raw_, handle); !written) {
      return written;
    }
    ++blocks_;
    if (partitions_.empty()) {
      index_.add(separator, handle);
    }
    partition_.add(separator, handle);
    return {};
  }
  [[nodiscard]] Result<void> end_partition() {
    return partition_.estimated_bytes() < options_.partition_bytes ? Result<void>()
                                                                   : write_partition();
  }
  /// From here on `index_` leads to partitions.
  [[nodiscard]] Result<void> write_partition() {
    if (partitions_.empty()) {
      index_ = typename Spec::Index::Builder();
    }
    const std::string last(partition_.last());
    const auto blocks = static_cast<std::uint32_t>(partition_.count());
    std::string section;
    partition_.finish(section);
    Handle handle;
    Result<void> done = write_section(section, handle);
    index_.add(last, handle);

    section.clear();
    filter_.finish(section);
    filter_ = filter::make_builder<Filter>(options_.filter);
    Handle filter;
    done = done && !section.empty() ? write_section(filter_block(section), filter) : done;
    put_partition(partitions_, blocks, filter);
    return done;
  }
  /// The filter of a whole table, or where those of the partitions are.
  [[nodiscard]] Result<void> write_filter(Handle& handle) {
    if (partitions_.empty()) {
      std::string section;
      filter_.finish(section);
      return write_section(section, handle);
    }
    Result<void> done = partition_.empty() ? Result<void>() : write_partition();
    return done ? write_section(partitions_, handle) : done;
  }
  [[nodiscard]] Result<void> write_frame(std::string& raw, Handle& handle) {
    const auto raw_bytes = static_cast<std::uint32_t>(raw.size());
    const std::uint8_t codec = compressor_.compress(raw, compressed_);
    std::string& payload = codec != 0 ? compressed_ : raw;
    handle = {offset_, static_cast<std::uint32_t>(payload.size())};
    close_frame<Checksum>(payload, payload.size(), codec, raw_bytes, file_number_, offset_);
    offset_ += payload.size();
    return file_.append(payload);
  }
  /// Sections are read once, at open: they stay uncompressed.
  [[nodiscard]] Result<void> write_section(std::string section, Handle& handle) {
    handle = {offset_, static_cast<std::uint32_t>(section.size())};
    close_frame<Checksum>(section, section.size(), 0, handle.bytes, file_number_, offset_);
    offset_ += section.size();
    return file_.append(section);
  }

  /// Versions of one key are kept in one block up to here.
  static constexpr std::size_t block_bytes_most = 1 << 20;

  typename FileSystem::WritableFile file_;
  std::uint64_t file_number_;
  Options options_;
  std::uint64_t offset_ = 0;
  BlockBuilder block_;
  typename Spec::Index::Builder index_;
  SeparatorsBuilder partition_;  // the index since the last partition
  std::string partitions_;
  typename Filter::Builder filter_;
  std::string range_erases_;
  [[no_unique_address]] compression::compressor_of_t<Compression> compressor_;
  bool sampling_;
  SampleBlocks samples_;
  Handle dictionary_;
  std::string raw_;
  std::string compressed_;
  std::string last_key_;  ///< of the block before
  Trailer last_trailer_;
  std::uint64_t blocks_ = 0;
  TableInfo info_;
};

}  // namespace strata::table
