// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A disk of a few megabytes is filled, freed and filled again. Nothing but the database is on it.
///
/// Every batch holds two keys that say the same, so half of one would be seen. Erasing is a write,
/// and moves to tables as any other: where not even that fits any more, `make_room()` gives the
/// disk back some of what somebody else had on it.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/lsm_tree.hpp>

namespace full_disk {

using namespace strata;

inline constexpr std::size_t disk_bytes = 4'000'000;
inline constexpr int rounds = 2;
/// What `make_room` gives, once a round: as much as the memtables hold.
inline constexpr std::size_t room_bytes = 800'000;

struct Report {
  std::vector<std::string> problems = {};
  int batches = 0;          ///< acknowledged before the disk was full
  int refused = 0;          ///< of all writes
  int tries_to_erase = 0;   ///< until erasing was accepted
  int tries_to_resume = 0;  ///< until writes were accepted again
  int helped = 0;  ///< rounds in which what was erased could not be flushed without more room
};

template <class Db, class MakeRoom>
class Scenario {
 public:
  Scenario(typename Db::Options options, std::string path, MakeRoom make_room)
      : options_(std::move(options)), path_(std::move(path)), make_room_(std::move(make_room)) {
    options_.write_buffer_bytes = 200'000;
    options_.wal.segment_bytes = 200'000;
    options_.compaction.level0_trigger = 2;
    options_.compaction.level1_bytes = 400'000;
    options_.compaction.file_bytes = 100'000;
  }

  Report run() {
    open();
    if (!db_) {
      return report_;
    }
    for (int round = 0; round < rounds && report_.problems.empty(); ++round) {
      fill(round);
      check("while the disk is full");
      free_space();
      check("after erasing");
      resume(round);
      check("after writes resumed");
    }
    if (auto closed = db_->close(); !closed) {
      problem("close: " + to_string(closed.error()));
    }
    db_.reset();
    open();
    if (db_) {
      check("after it was opened again");
      if (!db_->put("last", "write")) {
        problem("the reopened database takes no write");
      }
    }
    return report_;
  }

 private:
  void open() {
    auto opened = Db::open(path_, options_);
    if (opened) {
      db_.emplace(std::move(*opened));
    } else {
      problem("open: " + to_string(opened.error()));
    }
  }
  void problem(std::string what) { report_.problems.push_back(std::move(what)); }

  static std::string value_of(int number) {
    std::string value(4'000, '\0');
    unsigned state = static_cast<unsigned>(number) * 2654435761U + 1;
    for (char& c : value) {
      state = state * 1664525U + 1013904223U;
      c = static_cast<char>('a' + (state >> 24U) % 26);
    }
    return value;
  }

  /// Whether the batch was taken. A refusal must say that the disk is full.
  bool write(int number) {
    WriteBatch batch;
    const std::string value = value_of(number);
    batch.put("a" + std::to_string(number), value);
    batch.put("b" + std::to_string(number), value);
    auto written = db_->write(batch);
    if (written) {
      model_[number] = true;
      return true;
    }
    model_.emplace(number, false);
    note_refusal(written.error(), "a write");
    return false;
  }
  void note_refusal(const Error& error, const std::string& what) {
    ++report_.refused;
    if (error.code() != ErrorCode::disk_full) {
      problem(what + " is refused with " + to_string(error));
    }
  }

  void fill(int round) {
    const int first = round * 100'000;
    int number = first;
    while (number < first + 5'000 && write(number)) {
      ++number;
    }
    report_.batches += number - first;
    if (number == first + 5'000) {
      problem("the disk was never full");
    }
    for (int more = 1; more < 20; ++more) {
      (void)write(number + more);
    }
  }

  /// What was acknowledged is there, what was refused is not.
  void check(const std::string& when) {
    int wrong = 0;
    for (const auto& [number, there] : model_) {
      const auto expected = there ? std::optional(value_of(number)) : std::nullopt;
      for (const char* const half : {"a", "b"}) {
        auto got = db_->get(half + std::to_string(number));
        wrong += got && *got == expected ? 0 : 1;
      }
    }
    std::size_t keys = 0;
    auto cursor = db_->cursor();
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      ++keys;
    }
    std::size_t expected_keys = 0;
    for (const auto& [number, there] : model_) {
      expected_keys += there ? 2U : 0U;
    }
    if (wrong != 0 || keys != expected_keys || !cursor.status()) {
      problem(when + ": " + std::to_string(wrong) + " wrong answers, " + std::to_string(keys) +
              " keys of " + std::to_string(expected_keys));
    }
    if (auto verified = db_->verify(); !verified) {
      problem(when + ": verify: " + to_string(verified.error()));
    }
  }

  /// Erasing is a write too: it may need what a flush or a compaction frees first.
  void free_space() {
    for (int tries = 1; tries <= 50; ++tries) {
      report_.tries_to_erase = tries;
      auto erased = db_->erase_range("a", "c");
      if (erased) {
        model_.clear();
        break;
      }
      note_refusal(erased.error(), "erasing");
      (void)db_->compact();
    }
    if (!model_.empty()) {
      problem("erasing is refused for ever");
    }
    Result<void> compacted;
    for (int tries = 0; tries < 4; ++tries) {
      compacted = db_->compact();
      if (compacted) {
        return;
      }
      if (compacted.error().code() != ErrorCode::disk_full) {
        break;
      }
      if (tries == 1) {
        ++report_.helped;
        make_room_();
      }
    }
    problem("compacting is refused for ever: " + to_string(compacted.error()));
  }

  void resume(int round) {
    const int first = round * 100'000 + 50'000;
    for (int tries = 1; tries <= 50; ++tries) {
      report_.tries_to_resume = tries;
      if (write(first + tries)) {
        for (int i = 0; i < 100; ++i) {
          (void)write(first + 100 + i);
        }
        return;
      }
    }
    problem("writes do not resume");
  }

  typename Db::Options options_;
  std::string path_;
  MakeRoom make_room_;
  std::optional<Db> db_;
  std::map<int, bool> model_;  ///< each batch that was tried: is it there?
  Report report_;
};

template <class Db, class MakeRoom>
Report run(typename Db::Options options, std::string path, MakeRoom make_room) {
  return Scenario<Db, MakeRoom>(std::move(options), std::move(path), std::move(make_room)).run();
}

}  // namespace full_disk
