// SPDX-License-Identifier: BSL-1.0
#pragma once

/// WiredTiger's B-tree as Debian packages it (C at -O2, CRC32C by the processor, diagnostic code
/// off: its `__wt_assert` is not in the library), after its "Tuning" pages: a cache for all of it,
/// sessions and cursors kept by each thread, a log. `transaction_sync=(enabled=true,method=none)`
/// writes each commit to the log's file without a sync, which is what the others do in unsynced
/// rows; `fsync` in synced rows. Checkpoints by MongoDB's rule, each minute or 2 GiB of log. Bulk
/// loads by its bulk cursor.

#include <wiredtiger.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine.hpp"

namespace compare {

class WiredTiger {
  static constexpr const char* uri = "table:entries";

  static void check(int code) {
    if (code != 0) {
      die(std::string("WiredTiger: ") + wiredtiger_strerror(code));
    }
  }
  static WT_ITEM item(std::string_view bytes) {
    WT_ITEM made{};
    made.data = bytes.data();
    made.size = bytes.size();
    return made;
  }
  static std::string_view view(const WT_ITEM& item) {
    return {static_cast<const char*>(item.data), item.size};
  }

 public:
  static constexpr std::string_view name = "WiredTiger";
  static constexpr std::string_view configuration =
      "as packaged; B-tree, cache_size = cache and write buffers, log enabled, transaction_sync "
      "method=none in "
      "unsynced rows and fsync in synced rows, checkpoint each 60 s or 2 GiB of log, a session and "
      "a cursor a thread; bulk cursor and a checkpoint";
  static constexpr bool is_lsm = false;
  static std::string version() {
    return std::to_string(WIREDTIGER_VERSION_MAJOR) + "." +
           std::to_string(WIREDTIGER_VERSION_MINOR) + "." +
           std::to_string(WIREDTIGER_VERSION_PATCH);
  }

  class Session {
   public:
    explicit Session(WT_CONNECTION* connection) {
      check(connection->open_session(connection, nullptr, nullptr, &session_));
      check(session_->open_cursor(session_, uri, nullptr, "overwrite=true", &cursor_));
    }
    Session(Session&& other) noexcept
        : session_(std::exchange(other.session_, nullptr)),
          cursor_(std::exchange(other.cursor_, nullptr)) {}
    Session& operator=(Session&&) = delete;
    ~Session() {
      if (session_ != nullptr) {
        check(session_->close(session_, nullptr));
      }
    }
    void put(std::string_view key, std::string_view value) {
      while (try_put(key, value) == WT_ROLLBACK) {
      }
    }
    void write(const std::vector<Pair>& pairs) {
      while (!try_write(pairs)) {
      }
    }
    void erase(std::string_view key) {
      WT_ITEM k = item(key);
      int code = WT_ROLLBACK;
      while (code == WT_ROLLBACK) {
        cursor_->set_key(cursor_, &k);
        code = cursor_->remove(cursor_);
      }
      if (code != WT_NOTFOUND) {
        check(code);
      }
      check(cursor_->reset(cursor_));
    }
    template <class Visit>
    bool get(std::string_view key, Visit visit) {
      WT_ITEM k = item(key);
      cursor_->set_key(cursor_, &k);
      const int code = cursor_->search(cursor_);
      if (code == WT_NOTFOUND) {
        return false;
      }
      check(code);
      WT_ITEM value{};
      check(cursor_->get_value(cursor_, &value));
      visit(view(value));
      check(cursor_->reset(cursor_));
      return true;
    }
    template <class Visit>
    void scan(std::string_view from, Visit visit) {
      int code = seek(from);
      for (; code == 0; code = cursor_->next(cursor_)) {
        WT_ITEM key{};
        WT_ITEM value{};
        check(cursor_->get_key(cursor_, &key));
        check(cursor_->get_value(cursor_, &value));
        if (!visit(view(key), view(value))) {
          break;
        }
      }
      if (code != WT_NOTFOUND) {
        check(code);
      }
      check(cursor_->reset(cursor_));
    }

   private:
    /// To the first key that is not less; `search_near` may stop before it.
    int seek(std::string_view from) {
      if (from.empty()) {
        return cursor_->next(cursor_);
      }
      WT_ITEM k = item(from);
      cursor_->set_key(cursor_, &k);
      int side = 0;
      const int code = cursor_->search_near(cursor_, &side);
      return code == 0 && side < 0 ? cursor_->next(cursor_) : code;
    }
    int try_put(std::string_view key, std::string_view value) {
      WT_ITEM k = item(key);
      WT_ITEM v = item(value);
      cursor_->set_key(cursor_, &k);
      cursor_->set_value(cursor_, &v);
      const int code = cursor_->insert(cursor_);
      if (code != WT_ROLLBACK) {
        check(code);
      }
      return code;
    }
    bool try_write(const std::vector<Pair>& pairs) {
      check(session_->begin_transaction(session_, nullptr));
      for (const Pair& pair : pairs) {
        if (try_put(pair.key, pair.value) == WT_ROLLBACK) {
          check(session_->rollback_transaction(session_, nullptr));
          return false;
        }
      }
      check(session_->commit_transaction(session_, nullptr));
      return true;
    }

    WT_SESSION* session_ = nullptr;
    WT_CURSOR* cursor_ = nullptr;
  };

  void open(const Setup& setup) {
    std::filesystem::create_directories(setup.directory);
    const std::size_t cache_bytes =
        setup.cache_bytes + Setup::write_buffers * setup.write_buffer_bytes;
    const std::string options = "create,cache_size=" + std::to_string(cache_bytes) +
                                ",log=(enabled=true,file_max=100MB),checkpoint=(wait=60,"
                                "log_size=2GB),transaction_sync=(enabled=true,method=" +
                                (setup.synced ? "fsync" : "none") + ")";
    check(wiredtiger_open(setup.directory.c_str(), nullptr, options.c_str(), &connection_));
    in_session([](WT_SESSION* session) {
      check(session->create(session, uri, "key_format=u,value_format=u"));
    });
  }
  [[nodiscard]] Session session() { return Session(connection_); }
  void settle() {
    in_session([](WT_SESSION* session) { check(session->checkpoint(session, nullptr)); });
  }
  template <class Source>
  void bulk_load(Source& source) {
    in_session([&](WT_SESSION* session) {
      WT_CURSOR* cursor = nullptr;
      check(session->open_cursor(session, uri, nullptr, "bulk", &cursor));
      for (Pair pair{}; source(pair);) {
        WT_ITEM k = item(pair.key);
        WT_ITEM v = item(pair.value);
        cursor->set_key(cursor, &k);
        cursor->set_value(cursor, &v);
        check(cursor->insert(cursor));
      }
      check(cursor->close(cursor));
      check(session->checkpoint(session, nullptr));
    });
  }
  void close() {
    check(connection_->close(connection_, nullptr));
    connection_ = nullptr;
  }

 private:
  template <class Work>
  void in_session(Work work) {
    WT_SESSION* session = nullptr;
    check(connection_->open_session(connection_, nullptr, nullptr, &session));
    work(session);
    check(session->close(session, nullptr));
  }

  WT_CONNECTION* connection_ = nullptr;
};
static_assert(Engine<WiredTiger>);

}  // namespace compare
