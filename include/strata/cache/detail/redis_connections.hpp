// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Connections to a Redis server that come and go as threads need them.
///
/// A command takes an idle connection or makes one, and gives it back if it is still good. One that
/// has been idle may have been closed by the server meanwhile, so a command that finds it so is
/// sent once more on a new one. After a command without an answer the next ones are not tried: one,
/// then two, four, ... 1024, until one is and succeeds. So a dead or hanging server costs a timeout
/// now and then, and no clock decides anything. Threads: everything is concurrent. (Tested by
/// tests/cache/redis_level_test.cpp.)

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sys/time.h>

#if __has_include(<hiredis/hiredis.h>)
#include <hiredis/hiredis.h>
#else
#error "strata: <strata/cache/redis_level.hpp> needs hiredis; link the CMake target strata::redis"
#endif

namespace strata::cache {

struct RedisLevelOptions {
  std::string socket{};  ///< the path of a Unix socket; where it is empty, `host` and `port`
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string username{};  ///< with an empty password there is no AUTH
  std::string password{};
  unsigned database = 0;
  std::string prefix = "strata:";  ///< of all keys of this level, and of nothing else's
  std::uint64_t ttl_ms = 3'600'000;
  unsigned connect_timeout_ms = 200;
  unsigned command_timeout_ms = 200;
  std::size_t idle_connections_max = 8;
};

namespace detail {

struct RedisDeleter {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisConnection = std::unique_ptr<redisContext, RedisDeleter>;
using RedisReply = std::unique_ptr<redisReply, RedisDeleter>;

/// hiredis writes to sockets that the server may have closed, which must not end the process:
/// keeps this thread from being told, and takes back what it was told meanwhile.
class NoSigpipe {
 public:
  NoSigpipe() noexcept {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  ~NoSigpipe() {
    if (!was_pending_) {
      const timespec at_once{};
      while (sigtimedwait(&sigpipe_, nullptr, &at_once) == -1 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

class RedisConnections {
 public:
  explicit RedisConnections(RedisLevelOptions options) : options_(std::move(options)) {}

  [[nodiscard]] const RedisLevelOptions& options() const noexcept { return options_; }

  /// Null where there is no answer.
  [[nodiscard]] RedisReply run(const std::vector<std::string_view>& command) {
    const NoSigpipe no_sigpipe;
    if (RedisConnection connection = take_idle()) {
      RedisReply reply = send(*connection, command);
      if (reply) {
        give_back(std::move(connection));
        return reply;
      }
      if (errno == EAGAIN || errno == ETIMEDOUT) {
        note(false);
        return nullptr;  // too slow, and would be again
      }
    }
    if (is_skipped()) {
      return nullptr;
    }
    RedisConnection connection = connect();
    RedisReply reply = connection ? send(*connection, command) : nullptr;
    note(reply != nullptr);
    if (reply) {
      give_back(std::move(connection));
    }
    return reply;
  }

 private:
  static constexpr unsigned skip_max = 1024;

  static timeval timeval_of(unsigned milliseconds) noexcept {
    return {.tv_sec = milliseconds / 1000,
            .tv_usec = static_cast<suseconds_t>(milliseconds % 1000) * 1000};
  }

  static RedisReply send(redisContext& connection, const std::vector<std::string_view>& command) {
    std::vector<const char*> words;
    std::vector<std::size_t> lengths;
    for (const std::string_view word : command) {
      words.push_back(word.data() == nullptr ? "" : word.data());
      lengths.push_back(word.size());
    }
    errno = 0;
    return RedisReply(static_cast<redisReply*>(redisCommandArgv(
        &connection, static_cast<int>(words.size()), words.data(), lengths.data())));
  }

  [[nodiscard]] RedisConnection take_idle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      return nullptr;
    }
    RedisConnection connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  void give_back(RedisConnection connection) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < options_.idle_connections_max) {
      idle_.push_back(std::move(connection));
    }
  }

  [[nodiscard]] RedisConnection connect() const {
    const timeval patience = timeval_of(options_.connect_timeout_ms);
    RedisConnection connection(
        options_.socket.empty()
            ? redisConnectWithTimeout(options_.host.c_str(), options_.port, patience)
            : redisConnectUnixWithTimeout(options_.socket.c_str(), patience));
    const bool works = connection && connection->err == 0 && introduce(*connection);
    return works ? std::move(connection) : nullptr;
  }

  [[nodiscard]] bool is_skipped() {
    const std::lock_guard lock(mutex_);
    return skip_ > 0 && skip_-- > 0;
  }

  /// How the last attempt went.
  void note(bool works) {
    const std::lock_guard lock(mutex_);
    next_skip_ = works ? 0 : std::clamp(2 * next_skip_, 1U, skip_max);
    skip_ = next_skip_;
    if (!works) {
      idle_.clear();
    }
  }

  [[nodiscard]] bool introduce(redisContext& connection) const {
    if (redisSetTimeout(&connection, timeval_of(options_.command_timeout_ms)) != REDIS_OK) {
      return false;
    }
    const auto succeeds = [&connection](const std::vector<std::string_view>& command) {
      const RedisReply reply = send(connection, command);
      return reply && reply->type != REDIS_REPLY_ERROR;
    };
    if (!options_.password.empty()) {
      std::vector<std::string_view> command{"AUTH"};
      if (!options_.username.empty()) {
        command.emplace_back(options_.username);
      }
      command.emplace_back(options_.password);
      if (!succeeds(command)) {
        return false;
      }
    }
    return options_.database == 0 || succeeds({"SELECT", std::to_string(options_.database)});
  }

  const RedisLevelOptions options_;
  std::mutex mutex_;
  std::vector<RedisConnection> idle_;
  unsigned skip_ = 0;       ///< commands not to be tried
  unsigned next_skip_ = 0;  ///< after the last attempt
};

}  // namespace detail
}  // namespace strata::cache
