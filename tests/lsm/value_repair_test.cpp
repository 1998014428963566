// SPDX-License-Identifier: BSL-1.0
//
// Repair of databases whose values lie beside their tables.
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/memory.hpp>
#include <strata/lsm/repair.hpp>
#include <strata/lsm_tree.hpp>

#include "content.hpp"
#include "small_database.hpp"

using namespace strata;
using tests::content;
using tests::key_of;

namespace {

using tests::Content;

std::vector<std::string> files(io::Memory fs, std::string_view mark) {
  std::vector<std::string> found;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(mark) || name.starts_with(mark)) {
      found.push_back("/db/" + name);
    }
  }
  return found;
}
void overwrite(io::Memory fs, const std::string& path, const std::string& bytes) {
  REQUIRE(fs.remove(path));
  auto file = fs.create(path);
  REQUIRE((file && file->append(bytes) && file->close()));
}

using Apart = tests::SmallTree<value_separation::ValueLog>;

Apart::Options options_apart(const io::Memory& fs) {
  auto options = tests::small_options<Apart>(fs);
  options.value_separation.threshold_bytes = 50;
  return options;
}
/// Two value files, one of them of `key 0` alone.
void make_apart(const io::Memory& fs) {
  auto db = Apart::open("/db", options_apart(fs));
  REQUIRE(db);
  REQUIRE(db->put(key_of(0), std::string(100, 'a')));
  REQUIRE(db->flush());
  REQUIRE(tests::fill(*db, 20, "x"));
  REQUIRE(db->erase(key_of(19)));
  REQUIRE(db->put(key_of(0), "small"));
  REQUIRE(db->flush());
}

}  // namespace

TEST_CASE("without a manifest, values are found again by the tables that point to them") {
  const io::Memory fs;
  make_apart(fs);
  overwrite(fs, files(fs, "MANIFEST").front(), "nothing");
  auto report = Apart::repair("/db", options_apart(fs));
  REQUIRE(report);
  CHECK(report->manifest_was_damaged);
  auto db = Apart::open("/db", options_apart(fs)).value();
  CHECK(db.verify());
  const Content all = content(db);
  CHECK(all.size() == 19);
  CHECK(all.at(key_of(0)) == "small");
  CHECK(all.at(key_of(18)) == std::string(100, 'v') + "x");
}

TEST_CASE("a lost value is an error to who reads it, and nothing to others") {
  const io::Memory fs;
  make_apart(fs);
  const std::string lost = files(fs, ".values").back();
  overwrite(fs, lost, "nothing");
  CHECK_FALSE(Apart::open("/db", options_apart(fs)));
  auto report = Apart::repair("/db", options_apart(fs));
  REQUIRE(report);
  CHECK(report->findings.at(0).find(lost) != std::string::npos);
  CHECK(files(fs, ".damaged") == std::vector<std::string>{lost + ".damaged"});
  auto db = Apart::open("/db", options_apart(fs)).value();
  CHECK(db.get(key_of(0)).value() == "small");
  CHECK(db.get(key_of(5)).error().code() == ErrorCode::corruption);
  REQUIRE(db.put(key_of(5), std::string(100, 'n')));
  REQUIRE(db.compact());
  CHECK(db.get(key_of(5)).value() == std::string(100, 'n'));
  CHECK(db.get(key_of(6)).error().code() == ErrorCode::corruption);
}
