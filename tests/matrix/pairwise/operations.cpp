// SPDX-License-Identifier: BSL-1.0
#include "operations.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace strata::matrix {

namespace {

class Run {
  using Before = std::function<bool(const std::string&, const std::string&)>;
  using Model = std::map<std::string, std::string, Before>;
  struct Held {
    Snapshot snapshot;
    Model model;
  };

 public:
  Run(Database& database, std::uint64_t seed)
      : database_(database), random_(seed), model_([&](const std::string& a, const std::string& b) {
          return database_.compare(a, b) < 0;
        }) {}

  [[nodiscard]] Outcome run(std::uint64_t operations) {
    expect(database_.open(), "open");
    for (; outcome_.operations < operations && outcome_.difference.empty(); ++outcome_.operations) {
      step();
    }
    compare_all();
    expect(database_.verify(), "verify");
    held_.reset();
    expect(database_.close(), "close");
    return outcome_;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  std::string key() {
    const std::uint64_t number = below(300);
    return (number % 3 == 0 ? "k" : "key0000") + std::to_string(number);
  }

  void step() {
    const std::uint64_t choice = below(1000);
    if (choice < 550) {
      write();
    } else if (choice < 900) {
      compare_get();
    } else if (choice < 960) {
      compare_scan();
    } else if (choice < 975) {
      hold();
    } else if (choice < 985) {
      expect(database_.flush(), "flush");
    } else if (choice < 992) {
      expect(database_.compact(), "compact");
    } else if (choice < 995) {
      expect(database_.checkpoint(), "checkpoint");
      reopen();
    } else {
      reopen();
    }
  }

  /// One to five operations, all or none of which are seen.
  void write() {
    WriteBatch batch;
    for (std::uint64_t i = below(5) + 1; i > 0; --i) {
      const std::string k = key();
      const std::uint64_t choice = below(100);
      if (choice < 2) {
        erase_range(batch, k, key());
      } else if (choice < 25) {
        batch.erase(k);
        model_.erase(k);
      } else if (choice < 50 && database_.merges()) {
        const std::string operand = database_.value(random_);
        const auto at = model_.find(k);
        batch.merge(k, operand);
        model_[k] = database_.merged(
            at == model_.end() ? std::nullopt : std::optional<std::string>(at->second), operand);
      } else {
        model_[k] = database_.value(random_);
        batch.put(k, model_[k]);
      }
    }
    expect(database_.write(batch), "write");
  }
  void erase_range(WriteBatch& batch, std::string first, std::string last) {
    if (model_.key_comp()(last, first)) {
      std::swap(first, last);
    }
    batch.erase_range(first, last);
    model_.erase(model_.lower_bound(first), model_.lower_bound(last));
  }

  void hold() {
    held_.reset();
    held_.emplace(Held{database_.snapshot(), model_});
  }
  /// As of now, or as of the snapshot that is held.
  [[nodiscard]] std::pair<ReadOptions, const Model*> moment() {
    const bool is_past = held_ && below(3) == 0;
    return {ReadOptions{.snapshot = is_past ? &held_->snapshot : nullptr},
            is_past ? &held_->model : &model_};
  }
  void compare_get() {
    const auto [options, model] = moment();
    const std::string k = key();
    const auto found = database_.get(k, options);
    expect(found, "get");
    const auto at = model->find(k);
    same(found && (at == model->end() ? !*found : *found == at->second), "get of " + k);
  }
  void compare_scan() {
    const auto [options, model] = moment();
    const std::string from = key();
    const std::size_t most = below(40);
    std::vector<KeyValue> expected;
    const bool backwards = below(2) == 0;
    if (backwards) {
      auto at = model->upper_bound(from);
      while (at != model->begin() && expected.size() < most) {
        expected.emplace_back(*--at);
      }
    } else {
      for (auto at = model->lower_bound(from); at != model->end() && expected.size() < most; ++at) {
        expected.emplace_back(*at);
      }
    }
    const auto found = database_.scan(from, backwards, most, options);
    expect(found, "scan");
    same(found && *found == expected, (backwards ? "scan backwards from " : "scan from ") + from);
  }
  void compare_all() {
    if (outcome_.difference.empty() && !model_.empty()) {
      const auto found = database_.scan(model_.begin()->first, false, SIZE_MAX, {});
      expect(found, "scan of everything");
      same(found && std::equal(found->begin(), found->end(), model_.begin(), model_.end(),
                               [](const KeyValue& a, const auto& b) {
                                 return a.first == b.first && a.second == b.second;
                               }),
           "scan of everything");
    }
  }
  /// Without a log, only what was flushed comes back.
  void reopen() {
    held_.reset();
    if (!database_.keeps_log()) {
      expect(database_.flush(), "flush");
    }
    expect(database_.close(), "close");
    expect(database_.open(), "open");
    compare_all();
  }

  template <class T>
  void expect(const Result<T>& result, std::string_view what) {
    if (!result) {
      fail(std::string(what) + ": " + to_string(result.error()));
    }
  }
  void same(bool is_same, const std::string& what) {
    ++outcome_.compared;
    if (!is_same) {
      fail(what + " is not what the map has");
    }
  }
  void fail(const std::string& what) {
    if (outcome_.difference.empty()) {
      outcome_.difference = "operation " + std::to_string(outcome_.operations) + ": " + what;
    }
  }

  Database& database_;
  std::mt19937_64 random_;
  Model model_;
  std::optional<Held> held_;
  Outcome outcome_;
};

}  // namespace

Outcome run_operations(Database& database, std::uint64_t seed, std::uint64_t operations) {
  return Run(database, seed).run(operations);
}

}  // namespace strata::matrix
