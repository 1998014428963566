// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A Redis server of a test's own: on a Unix socket in a temporary directory, without a port and
/// without files, gone with the object.

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <sys/wait.h>
#include <unistd.h>

namespace test {

class RedisServer {
 public:
  RedisServer() {
    std::string path = "/tmp/strata_redis_XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) {
      directory_ = path;
      start();
    }
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() {
    stop();
    if (!directory_.empty()) {
      ::unlink(socket().c_str());
      ::rmdir(directory_.c_str());
    }
  }

  /// False where there is no redis-server to be run.
  [[nodiscard]] bool runs() const { return process_ > 0; }
  [[nodiscard]] std::string socket() const { return directory_ + "/redis.sock"; }

  void start() {
    process_ = ::fork();
    if (process_ == 0) {
      const int nowhere = ::open("/dev/null", O_RDWR);
      ::dup2(nowhere, 0);
      ::dup2(nowhere, 1);
      ::dup2(nowhere, 2);
      ::execlp("redis-server", "redis-server", "--port", "0", "--save", "", "--appendonly", "no",
               "--unixsocket", socket().c_str(), "--dir", directory_.c_str(), nullptr);
      ::_exit(127);
    }
    while (process_ > 0 && !answers()) {
      if (::waitpid(process_, nullptr, WNOHANG) != 0) {
        process_ = -1;
      }
      ::usleep(10'000);
    }
  }
  void stop() {
    if (process_ > 0) {
      ::kill(process_, SIGCONT);
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
      process_ = -1;
    }
  }
  /// Lets it answer nothing until `go_on`.
  void hang() const {
    ::kill(process_, SIGSTOP);
    int status = 0;
    ::waitpid(process_, &status, WUNTRACED);
  }
  void go_on() const { ::kill(process_, SIGCONT); }

  /// What a command with no spaces in its words prints, or "nil".
  [[nodiscard]] std::string ask(const std::string& command) const {
    redisContext* const connection = ::redisConnectUnix(socket().c_str());
    auto* const reply = static_cast<redisReply*>(::redisCommand(connection, command.c_str()));
    std::string answer = "none";
    if (reply != nullptr) {
      answer = reply->type == REDIS_REPLY_INTEGER ? std::to_string(reply->integer)
               : reply->type == REDIS_REPLY_NIL   ? "nil"
                                                  : std::string(reply->str, reply->len);
      ::freeReplyObject(reply);
    }
    ::redisFree(connection);
    return answer;
  }

 private:
  [[nodiscard]] bool answers() const {
    redisContext* const connection = ::redisConnectUnix(socket().c_str());
    const bool connected = connection != nullptr && connection->err == 0;
    ::redisFree(connection);
    return connected;
  }

  std::string directory_;
  pid_t process_ = -1;
};

}  // namespace test
