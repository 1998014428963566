// SPDX-License-Identifier: BSL-1.0
//
// The log: sequences of segments, replayed in every mode.
//
//     input     layout u8 (0: raw), segment*
//     raw       the bytes of a segment, sized
//     sealed    flaws u8, predecessor u8, last_sequence u8, durable_sequence u8, records u8;
//               per record: flaws u8, first_sequence u8, durable_sequence u8, count u8,
//               payload sized; what is sealed has the checksums that its flaws leave it
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/wal/log_appender.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/record.hpp>
#include <strata/wal/record_reader.hpp>
#include <strata/wal/replay.hpp>
#include <strata/wal/segment_name.hpp>

#include "file_image.hpp"
#include "fuzz.hpp"

namespace {

using namespace strata;
using wal::RecoveryMode;
using Checksum = checksum::Crc32c;

constexpr std::uint64_t database_id = 0x5eed;

struct Record {
  Sequence first = 0;
  std::uint32_t count = 0;
  std::string payload;
  friend bool operator==(const Record&, const Record&) = default;
};

std::string sealed_record(fuzz::Input& in, std::uint64_t segment) {
  const auto flaws = in.number();
  wal::RecordHeader header;
  header.first_sequence = in.number();
  header.durable_sequence = in.number();
  header.count = in.number();
  const std::string_view payload = in.string();
  header.payload_bytes = static_cast<std::uint32_t>(payload.size() + (flaws & 1 ? 1 : 0));
  header.payload_crc = Checksum::compute(payload) + (flaws & 2 ? 1 : 0);
  std::string bytes(wal::record_header_bytes, '\0');
  const std::uint64_t file = segment - (flaws & 4 ? 1 : 0);
  wal::encode_record_header<Checksum>(header, wal::record_seed<Checksum>({database_id, file}),
                                      bytes.data());
  bytes.append(payload);
  bytes.append(wal::padding_after(bytes.size()), flaws & 8 ? 'x' : '\0');
  return bytes;
}

std::string sealed_segment(fuzz::Input& in, std::uint64_t id) {
  const auto flaws = in.number();
  wal::LogHeader header;
  header.file = {database_id + (flaws & 1 ? 1 : 0), id};
  header.predecessor_id = in.number();
  header.last_sequence = in.number();
  header.durable_sequence = in.number();
  std::string bytes = wal::encode_log_header<Checksum>(header, wal::segment_magic);
  if ((flaws & 2) != 0) {
    bytes[20] ^= 1;
  }
  const auto records = in.number();
  for (int i = 0; i < records && !in.done(); ++i) {
    bytes += sealed_record(in, id);
  }
  if ((flaws & 4) != 0) {
    bytes.resize(bytes.size() - std::min<std::size_t>(bytes.size(), 5));
  }
  if ((flaws & 8) != 0) {
    bytes.append(100, '\0');
  }
  return bytes;
}

struct Replayed {
  Result<wal::ReplayReport> report;
  std::vector<Record> records;
};

Replayed replay(io::Memory& fs, RecoveryMode mode, wal::ReplayOptions options = {}) {
  options.database_id = database_id;
  Replayed replayed;
  replayed.report = wal::replay<Checksum>(
      fs, "db", mode, options,
      [&](Sequence first, std::uint32_t count, std::string_view payload) -> Result<void> {
        replayed.records.push_back({first, count, std::string(payload)});
        return {};
      });
  return replayed;
}

bool is_prefix(const std::vector<Record>& some, const std::vector<Record>& all) {
  return some.size() <= all.size() && std::equal(some.begin(), some.end(), all.begin());
}
bool has_hole(const std::vector<Record>& records) {
  return std::ranges::adjacent_find(records, [](const Record& a, const Record& b) {
           return a.first + a.count != b.first;
         }) != records.end();
}
bool is_ascending(const std::vector<Record>& records) {
  return std::ranges::adjacent_find(records, [](const Record& a, const Record& b) {
           return a.first + a.count > b.first;
         }) == records.end();
}

/// A reader that has met damage says the same of every place as one that has not.
void check_reader(io::Memory& fs, const std::string& path, std::uint64_t id) {
  const auto open = [&] {
    return wal::RecordReader<io::Memory::RandomFile, Checksum>(fs.open(path).value(),
                                                               {database_id, id}, 0);
  };
  auto used = open();
  for (std::uint64_t at = 0; at < std::min<std::uint64_t>(used.file_bytes(), 1024); at += 8) {
    auto fresh = open();
    used.seek(at);
    fresh.seek(at);
    const auto one = used.read();
    const auto other = fresh.read();
    fuzz::require(one && other && *one == *other);
    if (*one == wal::Found::record) {
      fuzz::require(used.payload() == fresh.payload());
    } else if (*one == wal::Found::damage) {
      fuzz::require(used.what() == fresh.what());
    }
  }
}

/// What came out, written again, comes out again.
void check_round_trip(const Replayed& replayed) {
  io::Memory fs;
  fuzz::require(fs.create_directory("db").has_value());
  if (replayed.records.empty()) {
    return;
  }
  wal::LogHeader header;
  header.file = {database_id, 1};
  header.last_sequence = replayed.records.front().first - 1;
  auto log = wal::LogAppender<io::Memory, Checksum>::create(fs, "db/" + wal::segment_name(1),
                                                            header, wal::segment_magic, 0);
  fuzz::require(log.has_value());
  for (const Record& record : replayed.records) {
    const auto size = static_cast<std::uint32_t>(record.payload.size());
    fuzz::require(log->append({size, record.first, record.first - 1, record.count,
                               Checksum::compute(record.payload)},
                              record.payload)
                      .has_value());
  }
  fuzz::require(log->close().has_value());
  const Replayed again = replay(fs, RecoveryMode::strict);
  fuzz::require(again.report && again.records == replayed.records);
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const bool raw = in.number() == 0;
  io::Memory fs;
  fuzz::require(fs.create_directory("db").has_value());
  std::uint64_t id = 0;
  while (!in.done() && id < 16) {
    ++id;
    const std::string path = "db/" + wal::segment_name(id);
    fuzz::put_file(fs, path, raw ? std::string(in.string()) : sealed_segment(in, id));
    check_reader(fs, path, id);
  }
  const Replayed tolerant = replay(fs, RecoveryMode::tolerate_torn_tail);
  const Replayed strict = replay(fs, RecoveryMode::strict);
  const Replayed prefix = replay(fs, RecoveryMode::point_in_time);
  const Replayed salvaged = replay(fs, RecoveryMode::salvage);
  for (const Replayed* replayed : {&tolerant, &strict, &prefix}) {
    fuzz::require(!has_hole(replayed->records));
  }
  fuzz::require(is_ascending(salvaged.records));
  fuzz::require(is_prefix(strict.records, prefix.records));
  fuzz::require(!strict.report || (tolerant.report && strict.records == tolerant.records));
  fuzz::require(!tolerant.report || tolerant.records == prefix.records);
  check_round_trip(prefix);
  (void)replay(fs, RecoveryMode::tolerate_torn_tail, {.first_segment = 2, .after_sequence = 3});
}

std::string segment(int flaws, int predecessor, int last, int durable,
                    const std::vector<std::string>& records) {
  std::string out;
  for (const int number : {flaws, predecessor, last, durable, static_cast<int>(records.size())}) {
    out.push_back(static_cast<char>(number));
  }
  for (const std::string& record : records) {
    out += record;
  }
  return out;
}
std::string record(int flaws, int first, int durable, int count, std::string_view payload) {
  std::string out;
  for (const int number : {flaws, first, durable, count}) {
    out.push_back(static_cast<char>(number));
  }
  return out + fuzz::sized(payload);
}

std::vector<fuzz::Seed> seeds() {
  const std::string first =
      segment(0, 0, 0, 0, {record(0, 1, 0, 1, "a"), record(0, 2, 1, 3, "bc")});
  const std::string second = segment(0, 1, 4, 4, {record(0, 5, 4, 1, "later")});
  const std::string torn = segment(4, 0, 0, 0, {record(0, 1, 0, 1, "a"), record(0, 2, 0, 1, "b")});
  const std::string bad = segment(
      0, 0, 0, 0, {record(0, 1, 0, 1, "a"), record(2, 2, 0, 1, "b"), record(0, 3, 2, 1, "")});
  const std::string mark = segment(8, 0, 0, 0, {record(0, 1, 0, 1, "a"), record(0, 2, 1, 0, "")});
  const std::string padded = segment(0, 0, 0, 0, {record(8, 1, 0, 1, "a"), record(0, 2, 0, 1, "")});
  const std::string recycled =
      segment(8, 0, 0, 0, {record(0, 1, 0, 1, "a"), record(4, 2, 1, 1, "b")});
  const auto raw = [](const std::string& sealed) {
    fuzz::Input in(sealed);
    return fuzz::sized(sealed_segment(in, 1));
  };
  const std::string one(1, '\1');
  const std::string zero(1, '\0');
  return {{"one_segment", one + first},
          {"two_segments", one + first + second},
          {"torn_then_next", one + torn + segment(0, 1, 1, 0, {record(0, 2, 1, 1, "new")})},
          {"damaged_then_next", one + bad + second},
          {"mark", one + mark},
          {"padding_not_zero", one + padded},
          {"recycled", one + recycled},
          {"foreign", one + segment(1, 0, 0, 0, {})},
          {"bad_header_then_good", one + segment(2, 0, 0, 0, {}) + second},
          {"raw", zero + raw(first)},
          {"raw_torn", zero + raw(torn)},
          {"raw_damaged", zero + raw(bad) + raw(first)}};
}

const fuzz::Target target("wal", run, seeds);

}  // namespace
