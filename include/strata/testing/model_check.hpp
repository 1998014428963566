// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Random operations on a database, each answer compared with a `std::map`.
///
/// The script mixes puts, erases, range erases, batches, gets, cursors in both directions with
/// bounds, snapshots that live across other operations, and *metamorphic* steps that must change
/// no answer: flush, compact, reopen, and a checkpoint, after which the copy goes on. Keys come
/// from a small universe, so that versions, tombstones and ranges of one key meet in memtables,
/// level 0 and below. A run is a function of its seed.

#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/lsm/write_batch.hpp>

namespace strata::testing {

struct ModelOptions {
  std::uint64_t seed = 1;
  std::uint64_t operations = 10'000;
  std::uint32_t keys = 500;
  std::uint32_t value_bytes_most = 200;
  std::string path = "/db";
};

/// `open() -> Result<Db>` opens the database under test; it is closed and opened again at random.
/// Where that is `open(path)`, it begins at `ModelOptions::path` and now and then goes on in a
/// checkpoint beside it.
template <class Db, class Open>
class ModelCheck {
  struct Before {  // as the family orders its keys
    bool operator()(const std::string& a, const std::string& b) const noexcept {
      return Db::First::Tree::Comparator::compare(a, b) < 0;
    }
  };
  using Model = std::map<std::string, std::string, Before>;
  static constexpr bool takes_path = std::is_invocable_v<Open&, const std::string&>;
  struct Held {
    Snapshot snapshot;
    Model model;
  };

 public:
  ModelCheck(const ModelOptions& options, Open open)
      : options_(options), open_(std::move(open)), random_(options.seed), path_(options.path) {}

  /// The first difference, in words, with the number of the operation; empty: there was none.
  [[nodiscard]] std::string run() {
    if (!reopen()) {
      return failure_;
    }
    for (operation_ = 0; operation_ < options_.operations && failure_.empty(); ++operation_) {
      step();
    }
    if (failure_.empty()) {
      compare_all(nullptr, model_);
    }
    held_.clear();
    return failure_;
  }
  [[nodiscard]] std::uint64_t reopenings() const noexcept { return reopenings_; }
  [[nodiscard]] std::uint64_t checkpoints() const noexcept { return checkpoints_; }
  [[nodiscard]] std::uint64_t compared() const noexcept { return compared_; }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  std::string key() {
    const std::uint32_t number = below(options_.keys);
    char text[32];
    // Lengths differ, and some keys are prefixes of others.
    std::snprintf(text, sizeof text, number % 3 == 0 ? "k%u" : "key%06u", number);
    return text;
  }
  std::string value() {
    return std::string(below(options_.value_bytes_most), static_cast<char>('a' + below(26))) +
           std::to_string(operation_);
  }

  void step() {
    const std::uint32_t choice = below(1000);
    if (choice < 400) {
      put_one();
    } else if (choice < 500) {
      erase_one();
    } else if (choice < 560) {
      write_batch();
    } else if (choice < 570) {
      erase_range();
    } else if (choice < 870) {
      get_one();
    } else if (choice < 950) {
      walk();
    } else if (choice < 970) {
      hold_snapshot();
    } else if (choice < 990) {
      check_held();
    } else if (choice < 995) {
      expect(db_->flush(), "flush");
    } else if (choice < 997) {
      expect(db_->compact(), "compact");
    } else if (choice == 997) {
      compare_all(nullptr, model_);
    } else if (choice == 998) {
      copy();
    } else {
      reopen();
    }
  }

  void put_one() {
    const std::string k = key();
    const std::string v = value();
    if (expect(db_->put(k, v), "put")) {
      model_[k] = v;
    }
  }
  void erase_one() {
    const std::string k = key();
    if (expect(db_->erase(k), "erase")) {
      model_.erase(k);
    }
  }
  void write_batch() {
    WriteBatch batch;
    Model after = model_;
    for (std::uint32_t i = 0, n = 1 + below(8); i < n; ++i) {
      const std::string k = key();
      if (below(4) == 0) {
        batch.erase(k);
        after.erase(k);
      } else {
        const std::string v = value();
        batch.put(k, v);
        after[k] = v;
      }
    }
    if (expect(db_->write(batch), "write")) {
      model_ = std::move(after);
    }
  }
  void erase_range() {
    std::string first = key();
    std::string last = key();
    if (Before()(last, first) && below(8) != 0) {
      std::swap(first, last);  // now and then an empty range, which must do nothing
    }
    if (expect(db_->erase_range(first, last), "erase_range") && Before()(first, last)) {
      model_.erase(model_.lower_bound(first), model_.lower_bound(last));
    }
  }
  void get_one() { compare_get(nullptr, model_, key()); }
  void hold_snapshot() {
    if (held_.size() > 4) {
      held_.erase(held_.begin() + below(static_cast<std::uint32_t>(held_.size())));
    }
    held_.push_back({db_->snapshot(), model_});
  }
  void check_held() {
    if (held_.empty()) {
      return;
    }
    const Held& held = held_[below(static_cast<std::uint32_t>(held_.size()))];
    for (int i = 0; i < 8; ++i) {
      compare_get(&held.snapshot, held.model, key());
    }
    if (below(4) == 0) {
      compare_all(&held.snapshot, held.model);
    }
  }

  void compare_get(const Snapshot* snapshot, const Model& model, const std::string& k) {
    auto found = db_->get(k, ReadOptions{.snapshot = snapshot});
    if (!found) {
      fail_with("get(" + k + "): " + to_string(found.error()));
      return;
    }
    ++compared_;
    const auto expected = model.find(k);
    if (found->has_value() != (expected != model.end()) ||
        (found->has_value() && **found != expected->second)) {
      fail_with("get(" + k + ") = " + found->value_or("(absent)") + ", the model has " +
                (expected == model.end() ? "(absent)" : expected->second));
    }
  }

  /// A random walk of a cursor with random bounds, mirrored on the model.
  void walk() {
    const std::string low = key();
    const std::string high = key();
    ReadOptions options;
    Model window = model_;
    if (below(2) == 0) {
      options.lower_bound = low;
      window.erase(window.begin(), window.lower_bound(low));
    }
    if (below(2) == 0) {
      options.upper_bound = high;
      window.erase(window.lower_bound(high), window.end());
    }
    auto cursor = db_->cursor(options);
    typename Model::const_iterator at = window.end();
    place(cursor, window, at);
    for (int i = 0; i < 12 && failure_.empty(); ++i) {
      if (!same(cursor, window, at)) {
        return;
      }
      if (at == window.end()) {
        place(cursor, window, at);
      } else if (below(3) != 0) {
        cursor.next();
        ++at;
      } else {
        cursor.prev();
        at = at == window.begin() ? window.end() : std::prev(at);
      }
    }
    (void)same(cursor, window, at);
  }
  template <class Cursor>
  void place(Cursor& cursor, const Model& window, typename Model::const_iterator& at) {
    const std::string k = key();
    switch (below(4)) {
      case 0:
        cursor.seek_to_first();
        at = window.begin();
        break;
      case 1:
        cursor.seek_to_last();
        at = window.empty() ? window.end() : std::prev(window.end());
        break;
      case 2:
        cursor.seek(k);
        at = window.lower_bound(k);
        break;
      default:
        cursor.seek_for_prev(k);
        at = window.upper_bound(k);
        at = at == window.begin() ? window.end() : std::prev(at);
    }
  }
  template <class Cursor>
  [[nodiscard]] bool same(Cursor& cursor, const Model& window, typename Model::const_iterator at) {
    ++compared_;
    if (auto status = cursor.status(); !status) {
      fail_with("cursor: " + to_string(status.error()));
    } else if (cursor.valid() != (at != window.end())) {
      fail_with(std::string("cursor is ") +
                (cursor.valid() ? "at " + std::string(cursor.key()) : "at the end") +
                ", the model " + (at == window.end() ? "at the end" : "at " + at->first));
    } else if (cursor.valid() && (cursor.key() != at->first || cursor.value() != at->second)) {
      fail_with("cursor at " + std::string(cursor.key()) + " = " + std::string(cursor.value()) +
                ", the model at " + at->first + " = " + at->second);
    }
    return failure_.empty();
  }
  void compare_all(const Snapshot* snapshot, const Model& model) {
    auto cursor = db_->cursor(ReadOptions{.snapshot = snapshot});
    auto at = model.begin();
    for (cursor.seek_to_first(); same(cursor, model, at) && at != model.end(); ++at) {
      cursor.next();
      if (std::next(at) == model.end() && cursor.valid()) {
        fail_with("scan: extra key " + std::string(cursor.key()));
      }
    }
  }

  /// A checkpoint, which must not be felt here; mostly the copy goes on.
  void copy() {
    if constexpr (takes_path) {
      const std::string target = options_.path + "-" + std::to_string(++checkpoints_);
      if (expect(db_->checkpoint(target), "checkpoint") && below(4) != 0) {
        path_ = target;
        reopen();
        compare_all(nullptr, model_);
      }
    }
  }
  [[nodiscard]] Result<Db> open_now() {
    if constexpr (takes_path) {
      return open_(path_);
    } else {
      return open_();
    }
  }
  bool reopen() {
    held_.clear();
    if (db_) {
      if (below(2) == 0 && !expect(db_->close(), "close")) {
        return false;
      }
      db_.reset();
    }
    auto opened = open_now();
    if (!opened) {
      fail_with("open: " + to_string(opened.error()));
      return false;
    }
    db_.emplace(std::move(*opened));
    ++reopenings_;
    return true;
  }
  bool expect(const Result<void>& result, std::string_view what) {
    if (!result) {
      fail_with(std::string(what) + ": " + to_string(result.error()));
    }
    return result.has_value();
  }
  void fail_with(const std::string& what) {
    if (failure_.empty()) {
      failure_ = "seed " + std::to_string(options_.seed) + ", operation " +
                 std::to_string(operation_) + ": " + what;
    }
  }

  ModelOptions options_;
  Open open_;
  std::mt19937_64 random_;
  std::string path_;
  std::optional<Db> db_;
  Model model_;
  std::vector<Held> held_;
  std::uint64_t operation_ = 0;
  std::uint64_t reopenings_ = 0;
  std::uint64_t checkpoints_ = 0;
  std::uint64_t compared_ = 0;
  std::string failure_;
};

}  // namespace strata::testing
