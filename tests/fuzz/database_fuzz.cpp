// SPDX-License-Identifier: BSL-1.0
//
// A directory in which files were changed, lost or exchanged: it opens or refuses, what it gives
// was written by somebody, and once repaired it opens.
//
//     input   damages: file u8, kind u8, offset u16, bytes sized; of the last two kinds the bytes
//             are a record with right checksums, behind those of the manifest, or of the log
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/directory.hpp>
#include <strata/lsm/repair.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/version/edit.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/record.hpp>
#include <strata/wal/record_reader.hpp>

#include "file_image.hpp"
#include "fuzz.hpp"
#include "version_edits.hpp"

namespace {

using namespace strata;
using Checksum = checksum::Crc32c;
using Db = LsmTree<io::Memory, executor::Inline, clock::Frozen>;

/// Name and bytes of each file.
using Image = std::map<std::string, std::string>;

constexpr int key_count = 60;
constexpr int kinds = 9;

std::string key_of(int number) {
  char text[16];
  std::snprintf(text, sizeof text, "key%03d", number);
  return text;
}

Db::Options options_on(const io::Memory& fs) {
  Db::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 64 << 10;
  options.wal.segment_bytes = 2000;
  options.compaction.level0_trigger = 2;
  options.table_format.block_bytes = 400;
  return options;
}

/// Two levels, tombstones, a range erase, and a log with something in it.
Image make_image() {
  io::Memory fs;
  {
    auto db = Db::open("/db", options_on(fs)).value();
    for (int round = 0; round < 4; ++round) {
      for (int i = round; i < key_count; i += 2) {
        const std::string key = key_of(i);
        (void)db.put(key, key + std::string(20, static_cast<char>('a' + round)));
      }
      (void)db.erase(key_of(round * 7));
      if (round < 3) {
        (void)db.flush();
      }
    }
    WriteBatch batch;
    batch.erase_range(key_of(40), key_of(44));
    batch.put("key999", "key999 is in the log only");
    (void)db.write(batch);
    (void)db.sync();
    (void)db.close();
  }
  Image image;
  const std::vector<std::string> names = fs.list("/db").value();
  for (const std::string& name : names) {
    image[name] = io::read_file(fs, "/db/" + name).value();
  }
  return image;
}

/// The file with one more record, where the next one is expected.
std::string with_record(const std::string& file, std::uint32_t count, std::string_view payload) {
  io::Memory fs;
  fuzz::put_file(fs, "file", file);
  if (file.size() < wal::log_header_bytes) {
    return file;
  }
  const wal::FileIdentity identity{load_fixed<std::uint64_t>(file.data() + 24),
                                   load_fixed<std::uint64_t>(file.data() + 32)};
  wal::RecordReader<io::Memory::RandomFile, Checksum> reader(fs.open("file").value(), identity,
                                                             wal::log_header_bytes);
  Sequence last = load_fixed<std::uint64_t>(file.data() + 48);
  for (auto found = reader.read(); found && *found == wal::Found::record; found = reader.read()) {
    last = reader.header().last_sequence();
    (void)reader.advance();
  }
  wal::RecordHeader header;
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  header.first_sequence = last + 1;
  header.durable_sequence = last;
  header.count = count;
  header.payload_crc = Checksum::compute(payload);
  std::string bytes = file.substr(0, static_cast<std::size_t>(reader.offset()));
  bytes.resize(bytes.size() + wal::record_header_bytes);
  wal::encode_record_header<Checksum>(header, wal::record_seed<Checksum>(identity),
                                      bytes.data() + bytes.size() - wal::record_header_bytes);
  bytes.append(payload);
  return bytes.append(wal::padding_after(payload.size()), '\0');
}

/// To the last file whose name is of that kind.
void append_record(Image& image, lsm::FileKind kind, std::uint32_t count,
                   std::string_view payload) {
  std::string* last = nullptr;
  for (auto& [name, bytes] : image) {
    last = lsm::classify(name).kind == kind ? &bytes : last;
  }
  if (last != nullptr) {
    *last = with_record(*last, count, payload);
  }
}

/// False: with a record that nobody but the input wrote.
bool damage(Image& image, fuzz::Input& in) {
  const auto pick = [&image, &in] {
    auto at = image.begin();
    std::advance(at, in.number() % image.size());
    return at;
  };
  const auto file = pick();
  std::string& bytes = file->second;
  const auto kind = in.number();
  const std::size_t offset = bytes.empty() ? 0 : in.number<std::uint16_t>() % bytes.size();
  const std::string_view with = in.string();
  switch (kind % kinds) {
    case 0: bytes.replace(offset, with.size(), with); break;
    case 1: bytes.insert(offset, with); break;
    case 2: bytes.resize(offset); break;
    case 3: bytes.replace(offset, bytes.size() - offset, bytes.size() - offset, '\0'); break;
    case 4: bytes = pick()->second; break;
    case 5: image["00000" + std::to_string(offset % 100) + ".table"] = bytes; break;
    case 6:
      if (image.size() > 1) {
        image.erase(file);
      }
      break;
    case 7: append_record(image, lsm::FileKind::manifest, 1, with); break;
    default:
      append_record(image, lsm::FileKind::log, static_cast<std::uint32_t>(offset % 16), with);
  }
  return kind % kinds < 7;
}

io::Memory disk_of(const Image& image) {
  io::Memory fs;
  fuzz::require(fs.create_directory("/db").has_value());
  for (const auto& [name, bytes] : image) {
    fuzz::put_file(fs, "/db/" + name, bytes);
  }
  return fs;
}

/// Keys ascend. `ours`: every value says whose it is. False: some of it can not be read.
bool scan(const Db& db, bool ours) {
  auto cursor = db.cursor();
  std::string before;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    fuzz::require(!ours || cursor.value().starts_with(cursor.key()));
    fuzz::require(before < cursor.key());
    before = cursor.key();
  }
  return cursor.status().has_value();
}

void run(std::string_view bytes) {
  static const Image whole = make_image();
  fuzz::Input in(bytes);
  Image image = whole;
  bool ours = true;
  for (int i = 0; i < 8 && !in.done(); ++i) {
    ours = damage(image, in) && ours;
  }
  {
    auto options = options_on(disk_of(image));
    options.read_only = true;
    if (const auto db = Db::open("/db", options)) {
      (void)scan(*db, ours);
    }
  }
  if (auto db = Db::open("/db", options_on(disk_of(image)))) {
    (void)scan(*db, ours);
    (void)db->close();
  }
  const io::Memory fs = disk_of(image);
  if (Db::repair("/db", options_on(fs))) {
    auto db = Db::open("/db", options_on(fs));
    fuzz::require(db.has_value());
    fuzz::require(scan(*db, ours));
    fuzz::require(db->close().has_value());
  }
}

std::string edit(int file, int kind, std::uint16_t offset, std::string_view with) {
  std::string out{static_cast<char>(file), static_cast<char>(kind)};
  put_fixed(out, offset);
  return out + fuzz::sized(with);
}

std::vector<fuzz::Seed> seeds() {
  std::vector<fuzz::Seed> seeds = {{"nothing", ""}};
  for (int file = 0; file < 6; ++file) {
    const std::string name = "file" + std::to_string(file);
    seeds.push_back({name + "_changed", edit(file, 0, 100, "x")});
    seeds.push_back({name + "_cut", edit(file, 2, 150, "")});
    seeds.push_back({name + "_lost", edit(file, 6, 0, "")});
  }
  seeds.push_back({"zeros", edit(2, 3, 80, "")});
  seeds.push_back({"exchanged", edit(3, 4, 0, "") + '\4'});
  seeds.push_back({"left_over", edit(3, 5, 90, "") + edit(0, 6, 0, "")});
  version::VersionEdit numbers;
  numbers.last_sequence = 1000;
  numbers.next_file_number = 500;
  seeds.push_back({"edit_of_numbers", edit(0, 7, 0, version::encode_edit(numbers))});
  version::VersionEdit table;
  table.families.push_back({.family = 0});
  table.families.back().added = {{6, fuzz::some_table(400, "x", "z")}};
  seeds.push_back({"edit_adds_a_table", edit(0, 7, 0, version::encode_edit(table))});
  WriteBatch batch;
  batch.put("key777", "key777 is new");
  batch.erase(key_of(3));
  seeds.push_back({"record_of_two", edit(0, 8, 2, batch.bytes())});
  return seeds;
}

const fuzz::Target target("database", run, seeds);

}  // namespace
