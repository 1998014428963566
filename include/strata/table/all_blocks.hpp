// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What goes through a table block by block: to save what is left of it, to cut it into parts, to
/// bring it into the cache, and out again. What each does is said where it is called, in
/// table/reader.hpp.
///
/// Tested through the reader: tests/table/warm_cache_test.cpp, tests/table/damage_test.cpp,
/// tests/table/reader_test.cpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/table/cursor.hpp>
#include <strata/table/format.hpp>
#include <strata/table/frame_reader.hpp>
#include <strata/table/separators.hpp>

namespace strata::table {

/// `Reader`: table::Reader, whose friend this is.
template <class Reader>
class AllBlocks {
  using Partition = typename Reader::Partition;

 public:
  explicit AllBlocks(const Reader& reader) noexcept : reader_(reader) {}

  template <class Visit, class Lost>
  [[nodiscard]] Result<void> salvage(Visit& visit, Lost& lost) const {
    const ReadOptions past_cache{.verify_checksums = true, .fill_cache = false, .use_cache = false};
    Partition partition;
    std::string key;
    std::optional<std::string> last_key;
    Trailer last_trailer;
    for (std::uint32_t number = 0; number < reader_.blocks(); ++number) {
      auto pin = reader_.block(number, past_cache, partition, nullptr);
      if (!pin && pin.error().code() != ErrorCode::corruption) {
        return propagate(std::move(pin));
      }
      if (!pin) {
        lost(pin.error());
        continue;
      }
      for (std::uint32_t i = 0; i < (**pin).count(); ++i) {
        key.clear();
        (**pin).append_key(i, key);
        const Trailer trailer = (**pin).trailer(i);
        const int order = last_key ? Reader::Comparator::compare(*last_key, key) : -1;
        if (order > 0 || (order == 0 && last_trailer <= trailer)) {
          continue;  // damage that its checksum does not show
        }
        if (auto visited = visit(std::string_view(key), trailer, (**pin).value(i)); !visited) {
          return visited;
        }
        last_key.emplace(key);
        last_trailer = trailer;
      }
    }
    return {};
  }

  [[nodiscard]] Result<std::vector<std::string>> sample_keys(std::uint32_t count) const {
    std::vector<std::string> keys;
    Partition partition;
    const std::uint32_t parts = std::min(count, reader_.blocks());
    for (std::uint32_t i = 0; i < parts; ++i) {
      const auto number = static_cast<std::uint32_t>(std::uint64_t{reader_.blocks()} * i / parts);
      auto pin = reader_.block(number, {.verify_checksums = true, .fill_cache = false}, partition,
                               nullptr);
      if (!pin) {
        return propagate(std::move(pin));
      }
      if ((**pin).count() != 0) {
        (**pin).append_key(0, keys.emplace_back());
      }
    }
    return keys;
  }

  [[nodiscard]] Result<void> warm(std::size_t window_bytes) const {
    const ReadOptions past_cache{.use_cache = false};  // they are not there, and it counts misses
    ReadAhead ahead(window_bytes);
    Partition partition;
    const std::size_t enough_bytes = reader_.cache_.capacity_bytes() / 8 * 7;
    for (std::size_t used_bytes = reader_.cache_.used_bytes(), number = 0;
         number < reader_.blocks() && used_bytes < enough_bytes; ++number) {
      auto pin = reader_.block(static_cast<std::uint32_t>(number), past_cache, partition, &ahead);
      if (!pin) {
        return propagate(std::move(pin));
      }
      // Some parts of a cache may be full, and evict, while others are not.
      used_bytes = std::max(used_bytes + (**pin).size_bytes(), reader_.cache_.used_bytes());
    }
    return {};
  }

  void leave_cache() const {
    const auto leave = [&](const Handle& handle) {
      reader_.cache_.erase({reader_.identity_.number, handle.offset});
    };
    for (std::uint32_t at = 0; at < reader_.index().count(); ++at) {
      const Handle handle = reader_.index().handle(at);
      if (at < reader_.partitions().count()) {
        if (const auto cached = reader_.cache_.find({reader_.identity_.number, handle.offset})) {
          for (std::uint32_t i = 0; i < cached->count(); ++i) {
            if (cached->value(i).size() == handle_bytes) {
              leave(handle_of(*cached, i));
            }
          }
        }
        leave(reader_.partitions().filter(at));
      }
      leave(handle);
    }
  }

 private:
  const Reader& reader_;
};

}  // namespace strata::table
