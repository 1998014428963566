// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Dumps a table, whichever of the library's indexes and compressions it was written with.
///
/// Only the index knows where blocks begin, so without it there are no blocks; a damaged block is
/// named, and the dump goes on with the next.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <strata/compression/lz4.hpp>
#include <strata/compression/per_level.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/error.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/io/posix.hpp>
#include <strata/table/block.hpp>
#include <strata/table/format.hpp>
#include <strata/table/frame_reader.hpp>
#include <strata/table/index.hpp>
#include <strata/table/index_eytzinger.hpp>
#include <strata/table/index_learned.hpp>
#include <strata/table/properties.hpp>
#include <strata/table/sections.hpp>
#include <strata/table/separators.hpp>

#include "dump_out.hpp"

namespace strata::tool {

class TableDump {
  using Codecs = compression::PerLevel<compression::Lz4, compression::Zstd>;
  using Frames = table::FrameReader<io::Posix::RandomFile, Codecs, checksum::Crc32c>;

 public:
  TableDump(const std::string& path, DumpOut& out) : path_(path), out_(out) {}

  [[nodiscard]] Result<void> run() {
    io::Posix fs;
    auto file = fs.open(path_);
    auto same = fs.open(path_);  // the number that frames are bound to is in the footer
    if (!file || !same) {
      return propagate(file ? same : file);
    }
    const std::uint64_t file_bytes = file->size_bytes();
    auto footer = Frames(std::move(*file), path_, 0).any_footer();
    if (!footer) {
      return noted(file_bytes - std::min<std::uint64_t>(file_bytes, table::footer_bytes),
                   footer.error());
    }
    out_.line("footer", file_bytes - table::footer_bytes,
              {{"table", footer->file_number},
               {"partitioned", (footer->features & table::partitioned) != 0},
               {"file_bytes", file_bytes}});
    Frames frames(std::move(*same), path_, footer->file_number);
    auto done = properties(frames, *footer);
    done = done ? codec(frames) : done;
    done = done ? range_erases(frames, *footer) : done;
    return done ? index(frames, *footer) : done;
  }

 private:
  /// Damage is printed; other errors end the dump.
  [[nodiscard]] Result<void> noted(std::uint64_t offset, const Error& error) {
    if (error.code() != ErrorCode::corruption) {
      return tl::unexpected<Error>(error);
    }
    out_.damage(offset, error.message());
    return {};
  }

  [[nodiscard]] Result<void> properties(const Frames& frames, const table::Footer& footer) {
    const std::uint64_t offset = footer.properties.offset;
    auto bytes = frames.section(footer.properties);
    auto decoded = bytes ? table::decode_properties(*bytes, path_) : propagate(bytes);
    if (!decoded) {
      return noted(offset, decoded.error());
    }
    properties_ = std::move(*decoded);
    const table::TableInfo& info = properties_.info;
    boost::json::object fields = {{"entries", info.entries},
                                  {"tombstones", info.tombstones},
                                  {"range_erases", info.range_erases},
                                  {"blocks", properties_.blocks},
                                  {"raw_bytes", info.raw_bytes},
                                  {"smallest_sequence", info.smallest_sequence},
                                  {"largest_sequence", info.largest_sequence},
                                  {"comparator", properties_.comparator},
                                  {"filter", properties_.filter},
                                  {"index", properties_.index},
                                  {"compression", properties_.compression}};
    out_.put(fields, "smallest", info.smallest);
    out_.put(fields, "largest", info.largest);
    out_.line("properties", offset, std::move(fields));
    out_.line("filter", footer.filter.offset, {{"bytes", footer.filter.bytes}});
    return {};
  }

  [[nodiscard]] Result<void> codec(Frames& frames) {
    const table::Handle& dictionary = properties_.dictionary;
    auto opened = frames.open_codec(properties_.compression, dictionary);
    if (opened && dictionary.bytes != 0) {
      out_.line("dictionary", dictionary.offset, {{"bytes", dictionary.bytes}});
    }
    return opened ? opened : noted(dictionary.offset, opened.error());
  }

  [[nodiscard]] Result<void> range_erases(const Frames& frames, const table::Footer& footer) {
    const std::uint64_t offset = footer.range_erases.offset;
    auto bytes = frames.section(footer.range_erases);
    if (!bytes) {
      return noted(offset, bytes.error());
    }
    const bool are_whole = table::decode_range_erases(*bytes, [&](const RangeErase& range) {
      boost::json::object fields = {{"sequence", range.sequence}};
      out_.put(fields, "first", range.first);
      out_.put(fields, "last", range.last);
      out_.line("erased", offset, std::move(fields));
    });
    if (!are_whole) {
      out_.damage(offset, "the range erases are damaged");
    }
    return {};
  }

  [[nodiscard]] Result<void> index(const Frames& frames, const table::Footer& footer) {
    auto bytes = frames.section(footer.index);
    if (!bytes) {
      return noted(footer.index.offset, bytes.error());
    }
    out_.line("index", footer.index.offset, {{"bytes", footer.index.bytes}});
    bool is_known = false;
    Result<void> done;
    const auto attempt = [&]<class Policy>(Policy) {
      if (!is_known && properties_.index == table::stored_name<Policy>()) {
        is_known = true;
        done = blocks<Policy>(frames, footer, *bytes);
      }
    };
    attempt(index::Binary{});
    attempt(index::Eytzinger{});
    attempt(index::Learned{});
    return is_known ? done
                    : fail(ErrorCode::unsupported, path_, ": its index is '", properties_.index,
                           "', which this tool does not know");
  }

  template <class Policy>
  [[nodiscard]] Result<void> blocks(const Frames& frames, const table::Footer& footer,
                                    const std::string& bytes) {
    // Which order keys have is no matter for who goes through all of them.
    using Index = typename Policy::template type<comparator::Bytewise>;
    std::unique_ptr<char[]> own(new char[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), own.get());
    const auto index = Index::open(std::move(own), bytes.size());
    if (!index) {
      out_.damage(footer.index.offset, "the index is no index");
      return {};
    }
    const bool is_partitioned = (footer.features & table::partitioned) != 0;
    Result<void> done;
    for (std::uint32_t i = 0; done && i < index->count(); ++i) {
      done = is_partitioned ? partition(frames, index->handle(i)) : block(frames, index->handle(i));
    }
    return done;
  }

  [[nodiscard]] Result<void> partition(const Frames& frames, const table::Handle& handle) {
    auto part = frames.block(handle, true, nullptr, nullptr);
    if (!part) {
      return noted(handle.offset, part.error());
    }
    out_.line("partition", handle.offset, {{"bytes", handle.bytes}, {"blocks", part->count()}});
    Result<void> done;
    for (std::uint32_t i = 0; done && i < part->count(); ++i) {
      if (part->value(i).size() == table::handle_bytes) {
        done = block(frames, table::handle_of(*part, i));
      } else {
        out_.damage(handle.offset, "the partition is no index");
      }
    }
    return done;
  }

  [[nodiscard]] Result<void> block(const Frames& frames, const table::Handle& handle) {
    auto data = frames.block(handle, true, nullptr, nullptr);
    if (!data) {
      return noted(handle.offset, data.error());
    }
    out_.line("block", handle.offset, {{"bytes", handle.bytes}, {"entries", data->count()}});
    for (std::uint32_t i = 0; out_.shows_entries() && i < data->count(); ++i) {
      std::string key;
      data->append_key(i, key);
      const Trailer trailer = data->trailer(i);
      boost::json::object fields = {{"sequence", trailer.sequence()},
                                    {"kind", kind_name(static_cast<std::uint8_t>(trailer.kind()))}};
      out_.put(fields, "key", key);
      if (trailer.kind() != EntryKind::erase) {
        out_.put(fields, "value", data->value(i));
      }
      out_.line("  entry", handle.offset, std::move(fields));
    }
    return {};
  }

  const std::string& path_;
  DumpOut& out_;
  table::Properties properties_;
};

}  // namespace strata::tool
