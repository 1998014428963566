// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/destroy.hpp>

#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "small_database.hpp"

using namespace strata;

namespace {

using Tree = tests::SmallTree<>;

void make_database(const io::Memory& fs) {
  auto db = Tree::open("/db", tests::small_options<Tree>(fs));
  REQUIRE(db);
  REQUIRE(tests::fill(*db, 300, "x"));
}
void write_file(io::Memory fs, const std::string& path) {
  auto file = fs.create(path);
  REQUIRE(file);
  REQUIRE(file->append("x"));
  REQUIRE(file->close());
}

}  // namespace

TEST_CASE("a destroyed database leaves nothing, not even its directory") {
  io::Memory fs;
  make_database(fs);
  REQUIRE(destroy("/db", fs));
  CHECK_FALSE(fs.exists("/db").value());
}

TEST_CASE("files that are not the database's survive it") {
  io::Memory fs;
  make_database(fs);
  write_file(fs, "/db/notes.txt");
  REQUIRE(destroy("/db", fs));
  CHECK(fs.list("/db").value() == std::vector<std::string>{"notes.txt"});
}

TEST_CASE("an open database is not destroyed") {
  const io::Memory fs;
  auto db = Tree::open("/db", tests::small_options<Tree>(fs));
  REQUIRE(db->put("a", "1"));
  auto refused = destroy("/db", fs);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::locked);
  CHECK(db->get("a").value() == "1");
}

TEST_CASE("what is no database is not destroyed") {
  io::Memory fs;
  CHECK_FALSE(destroy("/nowhere", fs));
  REQUIRE(fs.create_directory("/photos"));
  write_file(fs, "/photos/000000000001.log");
  auto refused = destroy("/photos", fs);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::incompatible_format);
  CHECK(fs.list("/photos").value().size() == 1);
}
