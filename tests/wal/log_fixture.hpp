// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the tests of the log share: a directory, a log with recognisable batches, its replay.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/core/entry.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/wal/group_commit.hpp>

namespace wal_test {

using namespace strata;
using Checksum = checksum::Crc32c;

inline constexpr std::uint64_t database_id = 0x5eed;

using Files = io::Memory;

/// An empty directory on a file system of its own.
struct Directory {
  Directory() { REQUIRE(fs.create_directory(path)); }
  Files fs{};
  std::string path = "db";
};

struct Batch {
  Sequence first = 0;
  std::uint32_t count = 0;
  std::string payload{};
  friend bool operator==(const Batch&, const Batch&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const Batch& batch) {
  return out << batch.first << "+" << batch.count << ":" << batch.payload.size();
}
using Batches = std::vector<Batch>;

/// The batch that follows `last`: size and content follow from the number.
inline Batch batch_after(Sequence last, std::size_t payload_bytes) {
  Batch batch{last + 1, static_cast<std::uint32_t>(1 + last % 3), {}};
  for (std::size_t i = 0; i < payload_bytes; ++i) {
    batch.payload.push_back(static_cast<char>('a' + (last * 7 + i * 3) % 26));
  }
  return batch;
}

inline bool is_prefix(const Batches& some, const Batches& all) {
  return some.size() <= all.size() && std::equal(some.begin(), some.end(), all.begin());
}

template <class Log>
Result<void> append(Log& log, const Batch& batch) {
  return log.append(batch.first, batch.count, batch.payload, Checksum::compute(batch.payload));
}

/// Appends `sizes.size()` batches and returns them.
template <class Log>
Batches append_all(Log& log, const std::vector<std::size_t>& sizes) {
  Batches batches;
  for (const std::size_t size : sizes) {
    batches.push_back(batch_after(log.last_sequence(), size));
    REQUIRE(append(log, batches.back()));
  }
  return batches;
}

struct Replayed {
  Result<wal::ReplayReport> report{};
  Batches batches{};
  [[nodiscard]] bool is_corruption() const {
    return !report && report.error().code() == ErrorCode::corruption;
  }
};

template <class Fs>
Replayed replay(Fs& fs, const std::string& directory,
                wal::RecoveryMode mode = wal::RecoveryMode::tolerate_torn_tail,
                wal::ReplayOptions options = {}) {
  options.database_id = database_id;
  Replayed replayed;
  replayed.report = wal::replay<Checksum>(
      fs, directory, mode, options,
      [&](Sequence first, std::uint32_t count, std::string_view payload) -> Result<void> {
        replayed.batches.push_back({first, count, std::string(payload)});
        return {};
      });
  return replayed;
}

/// Name and content of every file in a directory.
using Image = std::map<std::string, std::string>;

template <class Fs>
Image image_of(Fs& fs, const std::string& directory) {
  Image image;
  const auto names = fs.list(directory);
  REQUIRE(names);
  for (const std::string& name : *names) {
    image[name] = io::read_file(fs, io::join(directory, name)).value();
  }
  return image;
}
template <class Fs>
void put_image(Fs& fs, const std::string& directory, const Image& image) {
  const auto names = fs.list(directory);
  REQUIRE(names);
  for (const std::string& name : *names) {
    REQUIRE(fs.remove(io::join(directory, name)));
  }
  for (const auto& [name, content] : image) {
    auto file = fs.create(io::join(directory, name));
    REQUIRE(file);
    REQUIRE(file->append(content));
    REQUIRE(file->close());
  }
}
/// The content without the zeros behind the last record.
inline std::string without_tail(std::string content) {
  content.resize(content.find_last_not_of('\0') + 1);
  return content;
}

}  // namespace wal_test
