// SPDX-License-Identifier: BSL-1.0
//
// A directory in which files were changed, lost or exchanged: it opens or refuses, what it gives
// was written by somebody, and once repaired it opens.
//
//     input   damages: file u8, kind u8, offset u16, bytes sized
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/repair.hpp>
#include <strata/lsm_tree.hpp>

#include "file_image.hpp"
#include "fuzz.hpp"

namespace {

using namespace strata;
using Db = LsmTree<io::Memory, executor::Inline, clock::Frozen>;

/// Name and bytes of each file.
using Image = std::map<std::string, std::string>;

constexpr int key_count = 60;

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

void damage(Image& image, fuzz::Input& in) {
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
  switch (kind % 7) {
    case 0: bytes.replace(offset, with.size(), with); break;
    case 1: bytes.insert(offset, with); break;
    case 2: bytes.resize(offset); break;
    case 3: bytes.replace(offset, bytes.size() - offset, bytes.size() - offset, '\0'); break;
    case 4: bytes = pick()->second; break;
    case 5: image["00000" + std::to_string(offset % 100) + ".table"] = bytes; break;
    default:
      if (image.size() > 1) {
        image.erase(file);
      }
  }
}

io::Memory disk_of(const Image& image) {
  io::Memory fs;
  fuzz::require(fs.create_directory("/db").has_value());
  for (const auto& [name, bytes] : image) {
    fuzz::put_file(fs, "/db/" + name, bytes);
  }
  return fs;
}

/// Every value says whose it is. False: some of it can not be read.
bool scan(const Db& db) {
  auto cursor = db.cursor();
  std::string before;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    fuzz::require(cursor.value().starts_with(cursor.key()));
    fuzz::require(before < cursor.key());
    before = cursor.key();
  }
  return cursor.status().has_value();
}

void run(std::string_view bytes) {
  static const Image whole = make_image();
  fuzz::Input in(bytes);
  Image image = whole;
  for (int i = 0; i < 8 && !in.done(); ++i) {
    damage(image, in);
  }
  {
    auto options = options_on(disk_of(image));
    options.read_only = true;
    if (const auto db = Db::open("/db", options)) {
      (void)scan(*db);
    }
  }
  if (auto db = Db::open("/db", options_on(disk_of(image)))) {
    (void)scan(*db);
    (void)db->close();
  }
  const io::Memory fs = disk_of(image);
  if (Db::repair("/db", options_on(fs))) {
    auto db = Db::open("/db", options_on(fs));
    fuzz::require(db.has_value());
    fuzz::require(scan(*db));
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
  return seeds;
}

const fuzz::Target target("database", run, seeds);

}  // namespace
