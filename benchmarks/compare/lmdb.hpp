// SPDX-License-Identifier: BSL-1.0
#pragma once

/// LMDB as Debian packages it: C at -O2, without the assertions of MDB_DEBUG (mdb_assert, a handful
/// of compares, is part of it everywhere). Documentation: lmdb.h. In unsynced rows MDB_WRITEMAP,
/// MDB_NOSYNC and MDB_NOMETASYNC, "faster and uses fewer mallocs": what is committed is in the
/// shared mapping and survives the process. In synced rows none of them: each commit syncs. Each
/// reader renews one transaction and one cursor instead of making new ones, as lmdb.h advises, and
/// MDB_NOTLS ties them to the session. MDB_APPEND where keys come in order: in bulk loads. The map
/// is larger than any data here. The cache is the page cache: peak memory counts pages of the file.

#include <lmdb.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine.hpp"

namespace compare {

class Lmdb {
  static void check(int code) {
    if (code != 0) {
      die(std::string("LMDB: ") + mdb_strerror(code));
    }
  }
  static MDB_val val(std::string_view bytes) {
    return {bytes.size(), const_cast<char*>(bytes.data())};
  }
  static std::string_view view(const MDB_val& val) {
    return {static_cast<const char*>(val.mv_data), val.mv_size};
  }

  /// A transaction that writes: committed, or given up.
  class Write {
   public:
    Write(MDB_env* env, MDB_dbi dbi) : dbi_(dbi) { check(mdb_txn_begin(env, nullptr, 0, &txn_)); }
    Write(const Write&) = delete;
    Write& operator=(const Write&) = delete;
    ~Write() { mdb_txn_abort(txn_); }
    void put(std::string_view key, std::string_view value, unsigned flags = 0) {
      MDB_val k = val(key);
      MDB_val v = val(value);
      check(mdb_put(txn_, dbi_, &k, &v, flags));
    }
    void erase(std::string_view key) {
      MDB_val k = val(key);
      if (const int code = mdb_del(txn_, dbi_, &k, nullptr); code != MDB_NOTFOUND) {
        check(code);
      }
    }
    void commit() { check(mdb_txn_commit(std::exchange(txn_, nullptr))); }

   private:
    MDB_txn* txn_ = nullptr;
    MDB_dbi dbi_;
  };

 public:
  static constexpr std::string_view name = "LMDB";
  static constexpr std::string_view configuration =
      "as packaged; MDB_WRITEMAP|MDB_NOSYNC|MDB_NOMETASYNC in unsynced rows, full sync in synced "
      "rows, "
      "MDB_NOTLS, readers renewed; MDB_APPEND in bulk loads";
  static constexpr bool is_lsm = false;
  static std::string version() {
    int major = 0;
    int minor = 0;
    int patch = 0;
    mdb_version(&major, &minor, &patch);
    return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  }

  class Session {
   public:
    Session(MDB_env* env, MDB_dbi dbi) : env_(env), dbi_(dbi) {
      check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &reader_));
      check(mdb_cursor_open(reader_, dbi, &cursor_));
      mdb_txn_reset(reader_);
    }
    Session(Session&& other) noexcept
        : env_(other.env_),
          dbi_(other.dbi_),
          reader_(std::exchange(other.reader_, nullptr)),
          cursor_(std::exchange(other.cursor_, nullptr)) {}
    Session& operator=(Session&&) = delete;
    ~Session() {
      if (cursor_ != nullptr) {
        mdb_cursor_close(cursor_);
        mdb_txn_abort(reader_);
      }
    }
    void put(std::string_view key, std::string_view value) {
      Write write(env_, dbi_);
      write.put(key, value);
      write.commit();
    }
    void write(const std::vector<Pair>& pairs) {
      Write write(env_, dbi_);
      for (const Pair& pair : pairs) {
        write.put(pair.key, pair.value);
      }
      write.commit();
    }
    void erase(std::string_view key) {
      Write write(env_, dbi_);
      write.erase(key);
      write.commit();
    }
    template <class Visit>
    bool get(std::string_view key, Visit visit) {
      check(mdb_txn_renew(reader_));
      MDB_val k = val(key);
      MDB_val v{};
      const int code = mdb_get(reader_, dbi_, &k, &v);
      if (code == 0) {
        visit(view(v));
      } else if (code != MDB_NOTFOUND) {
        check(code);
      }
      mdb_txn_reset(reader_);
      return code == 0;
    }
    template <class Visit>
    void scan(std::string_view from, Visit visit) {
      check(mdb_txn_renew(reader_));
      check(mdb_cursor_renew(reader_, cursor_));
      MDB_val k = val(from);
      MDB_val v{};
      int code = mdb_cursor_get(cursor_, &k, &v, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
      while (code == 0 && visit(view(k), view(v))) {
        code = mdb_cursor_get(cursor_, &k, &v, MDB_NEXT);
      }
      if (code != MDB_NOTFOUND) {
        check(code);
      }
      mdb_txn_reset(reader_);
    }

   private:
    MDB_env* env_;
    MDB_dbi dbi_;
    MDB_txn* reader_ = nullptr;
    MDB_cursor* cursor_ = nullptr;
  };

  void open(const Setup& setup) {
    std::filesystem::create_directories(setup.directory);
    check(mdb_env_create(&env_));
    check(mdb_env_set_mapsize(env_, std::size_t{64} << 30));
    const unsigned unsynced = MDB_NOSYNC | MDB_NOMETASYNC | MDB_WRITEMAP;
    check(mdb_env_open(env_, setup.directory.c_str(), MDB_NOTLS | (setup.synced ? 0 : unsynced),
                       0600));
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, 0, &txn));
    check(mdb_dbi_open(txn, nullptr, 0, &dbi_));
    check(mdb_txn_commit(txn));
  }
  [[nodiscard]] Session session() { return Session(env_, dbi_); }
  void settle() {}
  template <class Source>
  void bulk_load(Source& source) {
    Write write(env_, dbi_);
    for (Pair pair{}; source(pair);) {
      write.put(pair.key, pair.value, MDB_APPEND);
    }
    write.commit();
    check(mdb_env_sync(env_, 1));
  }
  void close() { mdb_env_close(std::exchange(env_, nullptr)); }

 private:
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
};
static_assert(Engine<Lmdb>);

}  // namespace compare
