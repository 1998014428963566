// SPDX-License-Identifier: BSL-1.0
#pragma once

/// RedisLevel: a level of a tiered cache in a Redis server, over hiredis (link strata::redis).
///
///     | key in the server   | prefix | key                                |
///     | value in the server | crc32c u32, of key and value | value       |
///
/// The server bounds and evicts as it is configured to (`maxmemory`, `maxmemory-policy
/// allkeys-lru`), and forgets each value `ttl_ms` after it was written; 0: never. A value that is
/// not what was written, because another program writes under this prefix, is a miss and `damaged`.
///
/// A server that is slow, full or dead is misses and `errors`, never a failure of the caller, and
/// costs a timeout now and then (strata/cache/detail/redis_connections.hpp). A write whose answer
/// did not come may still be carried out later; such a value outlives an erase by `ttl_ms` at most,
/// which is one more reason to have one. `clear` scans all keys of the server for the prefix.
///
/// Threads: everything is concurrent, on a connection for each thread that is at it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/cache/detail/redis_connections.hpp>
#include <strata/cache/level.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>

namespace strata::cache {

class RedisLevel {
 public:
  /// Connects when it is first asked for something.
  explicit RedisLevel(RedisLevelOptions options)
      : state_(std::make_unique<State>(std::move(options))) {}

  [[nodiscard]] std::optional<std::string> find(std::string_view key) {
    auto value = read(key);
    auto& counters = state_->counters;
    detail::LevelCounters::add(value ? counters.hits : counters.misses);
    return value;
  }

  bool insert(std::string_view key, std::string_view value) {
    std::string framed;
    framed.reserve(sizeof(std::uint32_t) + value.size());
    put_fixed(framed, checksum_of(key, value));
    framed.append(value);
    const std::string name = name_of(key);
    const std::string ttl = std::to_string(options().ttl_ms);
    std::vector<std::string_view> command{"SET", name, framed};
    if (options().ttl_ms != 0) {
      command.insert(command.end(), {"PX", ttl});
    }
    const bool kept = run(command) != nullptr;
    if (kept) {
      detail::LevelCounters::add(state_->counters.inserts);
    }
    return kept;
  }

  bool erase(std::string_view key) {
    const std::string name = name_of(key);
    return run({"UNLINK", name}) != nullptr;
  }

  bool clear() {
    const std::string pattern = pattern_of(options().prefix);
    std::string cursor = "0";
    do {
      const auto page = run({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
      if (!page || page->type != REDIS_REPLY_ARRAY || page->elements != 2 ||
          page->element[1]->type != REDIS_REPLY_ARRAY) {
        return false;
      }
      cursor.assign(text_of(*page->element[0]));
      std::vector<std::string_view> command{"UNLINK"};
      for (std::size_t i = 0; i < page->element[1]->elements; ++i) {
        command.push_back(text_of(*page->element[1]->element[i]));
      }
      if (command.size() > 1 && !run(command)) {
        return false;
      }
    } while (cursor != "0");
    return true;
  }

  [[nodiscard]] LevelStats stats() const { return state_->counters.read(); }

 private:
  struct State {
    explicit State(RedisLevelOptions&& options) : connections(std::move(options)) {}
    detail::RedisConnections connections;
    detail::LevelCounters counters;
  };

  [[nodiscard]] const RedisLevelOptions& options() const noexcept {
    return state_->connections.options();
  }
  [[nodiscard]] std::string name_of(std::string_view key) const {
    return std::string(options().prefix).append(key);
  }
  static std::string_view text_of(const redisReply& reply) noexcept {
    return {reply.str, reply.len};
  }
  static std::uint32_t checksum_of(std::string_view key, std::string_view value) noexcept {
    return checksum::Crc32c::extend(checksum::Crc32c::compute(key), value);
  }

  /// Of names that start with `prefix`, whatever is in it.
  static std::string pattern_of(std::string_view prefix) {
    std::string pattern;
    for (const char c : prefix) {
      if (std::string_view("*?[]^\\-").find(c) != std::string_view::npos) {
        pattern.push_back('\\');
      }
      pattern.push_back(c);
    }
    return pattern.append("*");
  }

  /// Null, and counted, where the server does not answer or refuses.
  [[nodiscard]] detail::RedisReply run(const std::vector<std::string_view>& command) {
    detail::RedisReply reply = state_->connections.run(command);
    if (!reply || reply->type == REDIS_REPLY_ERROR) {
      detail::LevelCounters::add(state_->counters.errors);
      return nullptr;
    }
    return reply;
  }

  [[nodiscard]] std::optional<std::string> read(std::string_view key) {
    const std::string name = name_of(key);
    const auto reply = run({"GET", name});
    if (!reply || reply->type != REDIS_REPLY_STRING) {
      return std::nullopt;  // no answer, or nil
    }
    Decoder decoder(text_of(*reply));
    std::uint32_t sum = 0;
    if (!decoder.take_fixed(sum) || sum != checksum_of(key, decoder.rest())) {
      detail::LevelCounters::add(state_->counters.damaged);
      return std::nullopt;
    }
    return std::string(decoder.rest());
  }

  std::unique_ptr<State> state_;
};

static_assert(Level<RedisLevel>);

}  // namespace strata::cache
