// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Whether a file system keeps the promises of `io/concept.hpp`, those aside that need a loss of
/// power to be tested.
///
///     CHECK(file_system_conformance(my_file_system, "/some/empty/directory").violations ==
///           Sentences{});
///
/// The directory must exist and be empty; it is left empty.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/files.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

/// The same for the same `size`, and without a short period.
[[nodiscard]] inline std::string sample_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 88172645463325252;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state >> 32);
  }
  return bytes;
}

template <FileSystemPolicy Fs>
class FileSystemKit {
 public:
  FileSystemKit(Fs fs, std::string directory)
      : fs_(std::move(fs)), directory_(std::move(directory)) {}

  [[nodiscard]] Conformance run() {
    creation();
    reading();
    removal();
    renaming();
    linking();
    listing();
    directories();
    locking();
    logs();
    closing();
    whole_files();
    threads();
    expect(names().empty(), "the kit can remove whatever it made");
    return std::move(report_);
  }

 private:
  void expect(bool kept, std::string_view promise) { report_.expect(kept, promise); }
  template <class T>
  void expect_error(const Result<T>& result, ErrorCode code, std::string_view promise) {
    expect(!result && result.error().code() == code, promise);
  }
  [[nodiscard]] std::string at(std::string_view name) const { return io::join(directory_, name); }
  [[nodiscard]] std::vector<std::string> names() {
    auto names = fs_.list(directory_);
    return names ? *names : std::vector<std::string>{"list failed"};
  }
  /// What the file holds; a sentence no test writes where that can not be read.
  [[nodiscard]] std::string content(const std::string& path) {
    auto bytes = io::read_file(fs_, path);
    return bytes ? *bytes : "unreadable: " + bytes.error().message();
  }
  [[nodiscard]] bool write(const std::string& path, std::string_view bytes) {
    auto file = fs_.create(path);
    return file && file->append(bytes) && file->close();
  }
  void remove(const std::string& path) {
    expect(bool(fs_.remove(path)), "remove() removes a file that is there");
  }

  void creation() {
    const std::string path = at("created");
    std::string written;
    auto file = fs_.create(path);
    expect(bool(file), "create() makes a new file");
    if (!file) {
      return;
    }
    expect_error(fs_.create(path), ErrorCode::already_exists,
                 "create() refuses a name that is taken, with already_exists");
    expect_error(fs_.create(at("missing/file")), ErrorCode::not_found,
                 "create() in a missing directory is not_found");
    for (const std::size_t size : {0U, 1U, 100U, 4096U, 70'000U, 3U, 200'000U, 65'536U, 1U}) {
      const std::string bytes = sample_bytes(size);
      expect(bool(file->append(bytes)), "append() takes any number of bytes");
      written += bytes;
      expect(file->size_bytes() == written.size(), "size_bytes() counts what was appended");
    }
    expect(bool(file->flush()), "flush() succeeds");
    expect(content(path) == written, "after flush() readers see everything appended");
    expect(bool(file->append("tail")) && bool(file->sync()), "append() goes on after flush()");
    expect(content(path) == written + "tail", "after sync() readers see everything appended");
    expect(bool(file->append("end")) && bool(file->close()), "close() succeeds");
    expect(content(path) == written + "tailend", "after close() readers see everything appended");
    remove(path);
  }

  void reading() {
    const std::string path = at("read");
    const std::string bytes = sample_bytes(10'000);
    expect(write(path, bytes), "a file can be written");
    auto file = fs_.open(path);
    expect(bool(file), "open() opens a file that is there");
    if (!file) {
      return;
    }
    expect(file->size_bytes() == bytes.size(), "a reader knows the size of its file");
    std::string read(bytes.size() + 10, '?');
    const auto take = [&](std::uint64_t offset, std::size_t size) {
      auto got = file->read(offset, read.data(), size);
      return got ? read.substr(0, *got) : "unreadable";
    };
    expect(take(0, bytes.size()) == bytes, "read() gives the bytes that were written");
    expect(take(4095, 3) == bytes.substr(4095, 3), "read() begins at its offset");
    expect(take(9'990, 100) == bytes.substr(9'990), "read() stops at the end of the file");
    expect(take(10'000, 5).empty(), "read() at the end gives nothing and is no error");
    expect(take(1'000'000, 5).empty(), "read() beyond the end gives nothing and is no error");
    expect_error(fs_.open(at("missing")), ErrorCode::not_found, "open() of nothing is not_found");
    expect(!fs_.open(directory_), "open() of a directory fails");
    expect_error(fs_.file_size(at("missing")), ErrorCode::not_found,
                 "file_size() of nothing is not_found");
    expect(fs_.file_size(path) == Result<std::uint64_t>(10'000), "file_size() is that of the file");
    remove(path);
  }

  void removal() {
    const std::string path = at("removed");
    expect(write(path, "still here"), "a file can be written");
    auto file = fs_.open(path);
    remove(path);
    expect(fs_.exists(path) == Result<bool>(false), "a removed file does not exist");
    std::string read(10, '?');
    expect(file && file->read(0, read.data(), 10) && read == "still here",
           "an open file stays readable after remove()");
    expect_error(fs_.remove(path), ErrorCode::not_found, "remove() of nothing is not_found");
    expect(!fs_.remove(directory_), "remove() of a directory fails");
  }

  void renaming() {
    expect(write(at("from"), "new") && write(at("to"), "old"), "two files can be written");
    auto old = fs_.open(at("to"));
    expect(bool(fs_.rename(at("from"), at("to"))), "rename() replaces a file");
    expect(fs_.exists(at("from")) == Result<bool>(false), "after rename() the old name is gone");
    expect(content(at("to")) == "new", "after rename() the new name means the renamed file");
    std::string read(3, '?');
    expect(old && old->read(0, read.data(), 3) && read == "old",
           "an open file stays readable after it was replaced");
    expect_error(fs_.rename(at("missing"), at("to")), ErrorCode::not_found,
                 "rename() of nothing is not_found");
    expect(content(at("to")) == "new", "a failed rename() changes nothing");
    expect(bool(fs_.rename(at("to"), at("to"))) && content(at("to")) == "new",
           "rename() to the same name does nothing");
    expect(fs_.create_directory(at("room")) && fs_.rename(at("to"), at("room/to")) &&
               content(at("room/to")) == "new",
           "rename() moves between directories");
    expect(fs_.rename(at("room"), at("hall")) && content(at("hall/to")) == "new",
           "rename() moves directories");
    remove(at("hall/to"));
    expect(bool(fs_.remove_directory(at("hall"))), "remove_directory() removes an empty one");
  }

  void linking() {
    expect(write(at("one"), "shared"), "a file can be written");
    expect(bool(fs_.link(at("one"), at("two"))), "link() gives a second name");
    expect_error(fs_.link(at("one"), at("two")), ErrorCode::already_exists,
                 "link() refuses a name that is taken, with already_exists");
    expect_error(fs_.link(at("missing"), at("three")), ErrorCode::not_found,
                 "link() to nothing is not_found");
    remove(at("one"));
    expect(content(at("two")) == "shared", "a linked file lives as long as it has a name");
    remove(at("two"));
  }

  void listing() {
    expect(names().empty(), "list() of an empty directory is empty");
    for (const char* const name : {"b", "10", "a", "B", "9"}) {
      expect(write(at(name), name), "a file can be written");
    }
    expect(bool(fs_.create_directory(at("directory"))), "create_directory() makes one");
    expect(names() == std::vector<std::string>{"10", "9", "B", "a", "b", "directory"},
           "list() gives files and directories, sorted by their bytes");
    expect_error(fs_.list(at("missing")), ErrorCode::not_found, "list() of nothing is not_found");
    for (const char* const name : {"10", "9", "B", "a", "b"}) {
      remove(at(name));
    }
    expect(bool(fs_.remove_directory(at("directory"))), "remove_directory() removes an empty one");
  }

  void directories() {
    expect(bool(fs_.create_directory(at("d"))), "create_directory() makes one");
    expect_error(fs_.create_directory(at("d")), ErrorCode::already_exists,
                 "create_directory() refuses a name that is taken, with already_exists");
    expect_error(fs_.create_directory(at("missing/d")), ErrorCode::not_found,
                 "create_directory() in a missing directory is not_found");
    expect(fs_.exists(at("d")) == Result<bool>(true), "exists() knows directories");
    expect(write(at("d/file"), "x"), "a file can be written in a new directory");
    expect(!fs_.remove_directory(at("d")), "remove_directory() refuses one that is not empty");
    expect(bool(fs_.sync_directory(at("d"))) && bool(fs_.sync_directory(directory_)),
           "sync_directory() succeeds on a directory");
    expect_error(fs_.sync_directory(at("missing")), ErrorCode::not_found,
                 "sync_directory() of nothing is not_found");
    auto room = fs_.free_bytes(directory_);
    expect(room && *room > 0, "free_bytes() tells the room that is left");
    remove(at("d/file"));
    expect(bool(fs_.remove_directory(at("d"))), "remove_directory() removes an empty one");
    expect_error(fs_.remove_directory(at("d")), ErrorCode::not_found,
                 "remove_directory() of nothing is not_found");
  }

  void locking() {
    const std::string path = at("LOCK");
    Fs other = fs_;
    {
      auto lock = fs_.lock(path);
      expect(bool(lock), "lock() creates its file and takes it");
      auto second = other.lock(path);
      expect_error(second, ErrorCode::locked, "a second lock() is refused with locked");
      expect(second || second.error().message().find(path) != std::string::npos,
             "the refusal of a lock names the path");
      if (lock) {
        auto moved = std::move(*lock);
        expect_error(other.lock(path), ErrorCode::locked, "a moved lock stays taken");
      }
      expect(bool(other.lock(path)), "a lock is free once its object is gone");
    }
    expect(bool(other.lock(path)), "a lock can be taken again and again");
    remove(path);
  }

  void logs() {
    const std::string path = at("log");
    auto log = fs_.create_log(path, 8'192);
    expect(bool(log), "create_log() makes a new file");
    if (!log) {
      return;
    }
    expect_error(fs_.create_log(path, 8'192), ErrorCode::already_exists,
                 "create_log() refuses a name that is taken, with already_exists");
    expect_error(fs_.create_log(at("missing/log"), 1), ErrorCode::not_found,
                 "create_log() in a missing directory is not_found");
    expect(log->capacity_bytes() >= 8'192, "a log has the capacity that was asked for");
    std::string written;
    for (int i = 0; i < 300; ++i) {
      const std::string payload = sample_bytes(static_cast<std::size_t>(i));
      expect(bool(log->append("head", payload)), "a log grows beyond its capacity");
      written += "head" + payload;
      expect(log->size_bytes() == written.size(), "size_bytes() of a log counts what was appended");
      if (i % 50 == 0) {
        const std::string all = content(path);
        expect(all.substr(0, written.size()) == written, "an append to a log is visible at once");
        expect(all.find_first_not_of('\0', written.size()) == std::string::npos,
               "bytes beyond the end of a log read as zero");
        expect(bool(log->sync()), "sync() of a log succeeds");
      }
    }
    auto moved = std::move(*log);
    expect(bool(moved.append({}, "last")) && moved.size_bytes() == written.size() + 4,
           "a log can be moved and goes on");
    expect(bool(moved.close()), "close() of a log succeeds");
    expect(content(path) == written + "last", "close() cuts a log to its size");
    remove(path);
    auto empty = fs_.create_log(path, 0);
    expect(empty && empty->append("a", "b"), "a log may begin with no capacity");
    remove(path);
    expect(empty && empty->append("c", "d") && empty->sync() && empty->close(),
           "a log that was removed can be written to its end");
  }

  void closing() {
    auto file = fs_.create(at("closed"));
    expect(file && file->append("x") && file->close(), "close() succeeds");
    auto log = fs_.create_log(at("closed.log"), 100);
    expect(log && log->append("x", "y") && log->close(), "close() of a log succeeds");
    if (file && log) {
      expect(bool(file->close()) && bool(log->close()), "closing twice does nothing");
      expect_error(file->append("y"), ErrorCode::closed, "append() after close() fails: closed");
      expect_error(file->flush(), ErrorCode::closed, "flush() after close() fails: closed");
      expect_error(file->sync(), ErrorCode::closed, "sync() after close() fails: closed");
      expect_error(log->append("y", ""), ErrorCode::closed,
                   "append() to a closed log fails: closed");
      expect_error(log->sync(), ErrorCode::closed, "sync() of a closed log fails: closed");
    }
    remove(at("closed"));
    remove(at("closed.log"));
  }

  void whole_files() {
    const std::string path = at("whole");
    expect(bool(io::write_file_durably(fs_, path, "first")), "a file can be written as a whole");
    expect(bool(io::write_file_durably(fs_, path, "second")), "a file can be replaced as a whole");
    expect(content(path) == "second", "a replaced file holds the new bytes");
    expect(names() == std::vector<std::string>{"whole"}, "replacing leaves no other file behind");
    Fs other = fs_;
    expect(io::read_file(other, path) == Result<std::string>("second"),
           "copies of a file system see the same files");
    remove(path);
  }

  void threads() {
    constexpr int records = 2'000;
    auto log = fs_.create_log(at("log"), 64'000);
    if (!log) {
      expect(false, "create_log() makes a new file");
      return;
    }
    const std::string record = sample_bytes(90);
    std::atomic<bool> is_done = false;
    bool all_synced = true;
    std::thread syncing([&] {
      do {
        all_synced = log->sync() && all_synced;
      } while (!is_done);
    });
    bool all_written = true;
    for (int i = 0; i < records; ++i) {
      all_written = log->append(record, record) && all_written;
    }
    is_done = true;
    syncing.join();
    expect(all_written && all_synced && log->close(), "a log is synced beside its appends");

    auto file = fs_.open(at("log"));
    std::atomic<int> wrong = file ? 0 : 1;
    const auto reader = [&] {
      std::string bytes(record.size(), '\0');
      for (std::uint64_t i = 0; file && i < 2ULL * records; ++i) {
        auto got = file->read(i * bytes.size(), bytes.data(), bytes.size());
        wrong += !got || bytes != record;
      }
    };
    std::thread first(reader);
    std::thread second(reader);
    first.join();
    second.join();
    expect(wrong == 0, "threads share one reader");
    remove(at("log"));
  }

  Fs fs_;
  std::string directory_;
  Conformance report_;
};

}  // namespace detail

template <FileSystemPolicy Fs>
[[nodiscard]] Conformance file_system_conformance(Fs fs, std::string directory) {
  return detail::FileSystemKit<Fs>(std::move(fs), std::move(directory)).run();
}

}  // namespace strata::testing
