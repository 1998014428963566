// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_chunks.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <utility>

#include "databases.hpp"

using namespace strata;
using namespace strata::store::detail;

namespace {

template <class Holder>
struct Fixture : Holder {
  using Db = typename Holder::Db;
  using Family = decltype(std::declval<Db&>().template family<"objects">());

  txn::KeyLocks locks;
  Family family = this->db.template family<"objects">();

  RunWriter<Db, Family> writer(Generation generation) {
    return RunWriter<Db, Family>(this->db, locks, family, generation, {});
  }
  txn::Unit<Db> exclusive() { return txn::Unit<Db>::exclusive(this->db, locks); }
  Result<std::string> read(const std::vector<Run>& runs, std::uint64_t first,
                           std::uint64_t length) {
    std::string bytes;
    RunReader<Family> reader(txn::View(), family);
    auto done = reader.read(runs, first, length, [&](std::string_view piece) { bytes += piece; });
    return done ? Result<std::string>(bytes) : propagate(std::move(done));
  }
  std::size_t entries() {
    std::size_t count = 0;
    auto cursor = family.cursor(ReadOptions{});
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      ++count;
    }
    return count;
  }
};

}  // namespace

TEST_CASE("a chunk is known from other bytes by its size and checksum") {
  const std::string stored = encode_chunk("some bytes");
  CHECK(is_chunk(stored, 10));
  CHECK_FALSE(is_chunk(stored, 9));
  CHECK_FALSE(is_chunk(stored + "x", 11));
  CHECK_FALSE(is_chunk("", 0));
  for (std::size_t i = 0; i < stored.size(); ++i) {
    std::string damaged = stored;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    CHECK_FALSE(is_chunk(damaged, 10));
  }
}

TEMPLATE_LIST_TEST_CASE("a run becomes readable with the unit that seals it, not before",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  const std::string data(6 * chunk_bytes + 5, 'x');
  auto writer = f.writer(1);
  REQUIRE(writer.append(data));
  CHECK(f.entries() == 5);  // four chunks and the mark
  Run run;
  {
    auto unit = f.exclusive();
    run = writer.seal(unit).value();
    REQUIRE(unit.commit());
    writer.keep();
  }
  CHECK(run.size == data.size());
  CHECK(f.entries() == 7);
  CHECK((f.read({run}, 0, run.size).value() == data));
  CHECK(f.read({run}, run.size - 3, 100).value() == "xxx");
  const auto beyond = f.read({{1, run.size + 1}}, run.size, 1);
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().code() == ErrorCode::corruption);
}

TEMPLATE_LIST_TEST_CASE("a run that nobody seals leaves nothing; one whose writer died, its mark",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  const std::string data(6 * chunk_bytes, 'x');
  {
    auto given_up = f.writer(1);
    REQUIRE(given_up.append(data));
    CHECK(f.entries() > 0);
  }
  CHECK(f.entries() == 0);
  {
    auto dead = f.writer(2);
    REQUIRE(dead.append(data));
    dead.keep();  // its destructor leaves what a dead process leaves
  }
  CHECK(f.entries() == 5);
  auto unit = f.exclusive();
  CHECK(erase_abandoned(unit, f.family).value() == 1);
  REQUIRE(unit.commit());
  CHECK(f.entries() == 0);
}

TEMPLATE_LIST_TEST_CASE("a run within a unit is there after the commit, in order", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  std::string data(2 * chunk_bytes, 'a');
  data.append(3, 'b');
  auto unit = f.exclusive();
  const Run run = put_run(unit, f.family, 9, data);
  CHECK(f.entries() == 0);
  REQUIRE(unit.commit());
  CHECK(f.read({run}, 2 * chunk_bytes - 1, 3).value() == "abb");
  auto erasing = f.exclusive();
  erase_run(erasing, f.family, 9);
  REQUIRE(erasing.commit());
  CHECK(f.entries() == 0);
}
