// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A database without its type, so that the random operations are compiled once, and each
/// composition adds little more than itself.

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/compaction/merge.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/io/key_ring.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/engine.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/write_batch.hpp>

namespace strata::matrix {

using KeyValue = std::pair<std::string, std::string>;

class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() = default;

  [[nodiscard]] virtual Result<void> open() = 0;
  [[nodiscard]] virtual Result<void> close() = 0;
  [[nodiscard]] virtual Result<void> write(const WriteBatch& batch) = 0;
  [[nodiscard]] virtual Result<void> flush() = 0;
  [[nodiscard]] virtual Result<void> compact() = 0;
  [[nodiscard]] virtual Result<void> verify() = 0;
  /// Makes a copy, which is what the next `open` opens.
  [[nodiscard]] virtual Result<void> checkpoint() = 0;
  [[nodiscard]] virtual Snapshot snapshot() = 0;
  [[nodiscard]] virtual Result<std::optional<std::string>> get(const std::string& key,
                                                               const ReadOptions& options) = 0;
  /// Up to `most` entries from `from` on, or backwards from the last one up to `from`.
  [[nodiscard]] virtual Result<std::vector<KeyValue>> scan(const std::string& from, bool backwards,
                                                           std::size_t most,
                                                           const ReadOptions& options) = 0;

  // What is the composition's to say.
  [[nodiscard]] virtual bool keeps_log() const = 0;
  [[nodiscard]] virtual bool merges() const = 0;
  [[nodiscard]] virtual int compare(std::string_view a, std::string_view b) const = 0;
  /// Such as may be a value, and an operand.
  [[nodiscard]] virtual std::string value(std::mt19937_64& random) const = 0;
  [[nodiscard]] virtual std::string merged(const std::optional<std::string>& base,
                                           const std::string& operand) const = 0;
};

/// Values that a merge operator takes as base and as operand.
template <class Merge>
[[nodiscard]] std::string value_for(std::mt19937_64& random) {
  if constexpr (std::is_same_v<Merge, merge::SetUnion>) {
    const std::string members[] = {"a", "b", std::string(random() % 50, 'c')};
    return merge::SetUnion::encode({members[random() % 3], members[2]});
  } else if constexpr (std::is_same_v<Merge, merge::None> || std::is_same_v<Merge, merge::Append>) {
    return std::string(random() % 120, static_cast<char>('a' + random() % 26));
  } else {
    std::string bytes;
    put_fixed(bytes, static_cast<std::int64_t>(random()));
    return bytes;
  }
}

/// A file system with a key ring of its own.
template <class FileSystem>
[[nodiscard]] FileSystem encrypted() {
  io::Memory keys;
  const auto key = io::SecretKey::from(std::string(32, 'k'));
  return FileSystem(io::KeyRing::create(keys, "ring", {"m", *key}).value());
}

/// A database of these policies in memory, small enough for flushes and compactions to happen.
template <class... Policies>
class DatabaseOf final : public Database {
  using Engine = LsmTree<Policies...>;
  using Composed = typename compose<Policies...>::type;
  using Family = std::tuple_element_t<0, typename Composed::FamilyTuple>;

 public:
  DatabaseOf() {
    if constexpr (requires { options_.file_system.key_ring(); }) {
      options_.file_system = encrypted<typename Composed::Database::FileSystem>();
    }
    options_.write_buffer_bytes = 20'000;
    options_.table_format.block_bytes = 512;
    if constexpr (requires { options_.table_format.partition_bytes; }) {
      options_.table_format.partition_bytes = 1024;
    }
    if constexpr (requires { options_.wal.segment_bytes; }) {
      options_.wal.segment_bytes = 8'000;
    }
    if constexpr (requires { options_.value_separation.threshold_bytes; }) {
      options_.value_separation = {
          .threshold_bytes = 60, .file_bytes = 10'000, .garbage_ratio = 0.3};
    }
    if constexpr (requires { options_.compaction.file_bytes; }) {
      options_.compaction.file_bytes = 4'000;
    }
    if constexpr (requires { options_.compaction.level1_bytes; }) {
      options_.compaction.level1_bytes = 16'000;
    }
    if constexpr (requires { options_.compaction.run_bytes; }) {
      options_.compaction.run_bytes = 4'000;
    }
  }
  Result<void> open() override {
    auto opened = Engine::open(path_, options_);
    if (!opened) {
      return propagate(std::move(opened));
    }
    engine_.emplace(std::move(*opened));
    return {};
  }
  Result<void> close() override {
    auto closed = engine_->close();
    engine_.reset();
    return closed;
  }
  Result<void> write(const WriteBatch& batch) override { return engine_->write(batch); }
  Result<void> flush() override { return engine_->flush(); }
  Result<void> compact() override { return engine_->compact(); }
  Result<void> verify() override {
    auto report = engine_->verify();
    return report ? Result<void>() : propagate(std::move(report));
  }
  Result<void> checkpoint() override {
    path_ += "+";
    return engine_->checkpoint(path_);
  }
  Snapshot snapshot() override { return engine_->snapshot(); }
  Result<std::optional<std::string>> get(const std::string& key,
                                         const ReadOptions& options) override {
    return engine_->get(key, options);
  }
  Result<std::vector<KeyValue>> scan(const std::string& from, bool backwards, std::size_t most,
                                     const ReadOptions& options) override {
    std::vector<KeyValue> entries;
    auto cursor = engine_->cursor(options);
    backwards ? cursor.seek_for_prev(from) : cursor.seek(from);
    for (; cursor.valid() && entries.size() < most; backwards ? cursor.prev() : cursor.next()) {
      entries.emplace_back(cursor.key(), cursor.value());
    }
    auto status = cursor.status();
    return status ? Result<std::vector<KeyValue>>(std::move(entries))
                  : propagate(std::move(status));
  }
  bool keeps_log() const override { return Composed::Database::Wal::keeps_log; }
  bool merges() const override { return !std::is_same_v<typename Family::Merge, merge::None>; }
  int compare(std::string_view a, std::string_view b) const override {
    return Family::Comparator::compare(a, b);
  }
  std::string value(std::mt19937_64& random) const override {
    return value_for<typename Family::Merge>(random);
  }
  std::string merged(const std::optional<std::string>& base,
                     const std::string& operand) const override {
    const std::string_view view = base ? *base : std::string_view();
    std::string out;
    const bool taken = Family::Merge::full("", base ? &view : nullptr, operand, out);
    return taken ? out : "a malformed operand";
  }

 private:
  typename Engine::Options options_;
  std::string path_ = "/db";
  std::optional<Engine> engine_;
};

template <class... Policies>
[[nodiscard]] std::unique_ptr<Database> make() {
  return std::make_unique<DatabaseOf<Policies...>>();
}

/// A composition, and the names of what it is made of.
struct Entry {
  std::vector<std::string> policies;
  std::unique_ptr<Database> (*make)();
};

}  // namespace strata::matrix
