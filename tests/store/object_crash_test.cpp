// SPDX-License-Identifier: BSL-1.0
/// Objects on a disk that loses power at every mutating call of a script.
#include <strata/store/object_store.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <strata/io/simulated.hpp>
#include <strata/lsm_tree.hpp>

using namespace strata;

namespace {

using Db = Database<Family<"objects">, io::Simulated, executor::Inline, clock::Frozen>;
using Objects = store::Objects<Db>;
using Keys = store::detail::ObjectKeys;

constexpr std::size_t chunk = store::detail::chunk_bytes;

Result<Db> open_on(const io::Simulated& fs, Durability durability = Durability::buffered) {
  Db::Options options;
  options.wal.durability = durability;
  options.file_system = fs;
  options.write_buffer_bytes = durability == Durability::unlogged ? 30'000'000 : 3'000'000;
  options.wal.segment_bytes = 1'000'000;
  return Db::open("/db", options);
}

/// One step after the other; false where the disk refused.
struct Script {
  Objects& objects;
  store::PutOptions synced = [] {
    store::PutOptions options;
    options.write.durability = Durability::synced;
    return options;
  }();
  store::UploadId upload = 0;
  std::vector<store::CompletedPart> parts = {};

  static constexpr unsigned steps = 9;

  [[nodiscard]] bool put(const char* key, std::size_t size, char fill) {
    return objects.put("b", key, std::string(size, fill), synced).has_value();
  }
  [[nodiscard]] bool add_part(std::size_t size, char fill) {
    const auto number = static_cast<std::uint32_t>(parts.size() + 1);
    auto part =
        objects.multipart().upload_part(upload, number, std::string(size, fill), synced.write);
    parts.push_back({number, part ? part->etag : std::string()});
    return part.has_value();
  }
  [[nodiscard]] bool run(unsigned step) {
    switch (step) {
      case 0: return objects.create_bucket("b", synced.write).has_value();
      case 1: return put("whole", 5 * chunk + 1, 'a');
      case 2: return put("whole", 2 * chunk, 'b');
      case 3: {
        auto id = objects.multipart().create("b", "parts", synced);
        upload = id ? *id : 0;
        return id.has_value();
      }
      case 4: return add_part(5 * chunk, 'c');
      case 5: return add_part(10, 'd');
      case 6: return put("parts", 7, 'e');
      case 7: return objects.multipart().complete(upload, parts, synced).has_value();
      default: return objects.erase("b", "whole", synced.write).has_value();
    }
  }
};

/// All that the store shows, in words. Every object is read and checked on the way.
std::string state_of(Objects& objects) {
  auto listing = objects.list("b");
  if (!listing) {
    return listing.error().code() == ErrorCode::not_found ? "no bucket" : "unreadable";
  }
  std::string state;
  for (const auto& object : listing->objects) {
    const auto got = objects.get("b", object.key);
    state += object.key + " " + (got && *got ? (*got)->info.etag : "unreadable") + "; ";
  }
  const auto uploads = objects.multipart().list().value();
  for (const auto& upload : uploads) {
    state += "upload of " + std::to_string(objects.multipart().list_parts(upload.id)->size()) +
             " parts; ";
  }
  const auto usage = objects.usage("b").value();
  return state + std::to_string(usage.objects) + " objects, " + std::to_string(usage.bytes) +
         " bytes";
}

std::size_t count(Db& db, std::uint8_t kind) {
  std::size_t counted = 0;
  auto cursor = db.family<"objects">().cursor(ReadOptions{});
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    counted += static_cast<std::uint8_t>(cursor.key()[0]) == kind ? 1 : 0;
  }
  return counted;
}

/// How many steps were acknowledged; `after` hears of each.
template <class After>
unsigned run_script(const io::Simulated& fs, After&& after) {
  auto db = open_on(fs);
  if (!db) {
    return 0;
  }
  txn::KeyLocks locks;
  Objects objects(*db, locks);
  Script script{objects};
  for (unsigned step = 0; step < Script::steps; ++step) {
    if (!script.run(step)) {
      return step;
    }
    after(*db, objects);
  }
  return Script::steps;
}

/// After a number of steps: what is shown, and how many chunks there are.
struct Expected {
  std::string state;
  std::size_t chunks;
};

}  // namespace

TEST_CASE("whenever the power fails, objects are those of before or after a step, whole",
          "[objects][crash]") {
  std::vector<Expected> expected = {{"no bucket", 0}};
  io::Simulated whole;
  REQUIRE(run_script(whole, [&](Db& db, Objects& objects) {
            expected.push_back({state_of(objects), count(db, Keys::chunk_kind)});
          }) == Script::steps);
  {
    auto db = open_on(whole);
    REQUIRE(db);
    CHECK(count(*db, Keys::pending_kind) == 0);
  }

  unsigned states = 0;
  unsigned abandoned_runs = 0;
  for (std::uint64_t call = 1; call <= whole.calls(); ++call) {
    io::Simulated fs;
    fs.crash_at(call);
    const unsigned acknowledged = run_script(fs, [](Db&, Objects&) {});
    for (const auto choice : {io::CrashChoice::drop_all_unsynced(), io::CrashChoice::keep_all(),
                              io::CrashChoice::random(call)}) {
      auto db = open_on(fs.crash_image(choice));
      REQUIRE(db);
      txn::KeyLocks locks;
      Objects objects(*db, locks);
      const auto abandoned = objects.remove_abandoned();
      REQUIRE(abandoned);
      abandoned_runs += *abandoned > 0 ? 1 : 0;
      const std::string state = state_of(objects);
      const auto found = std::find_if(expected.begin() + acknowledged, expected.end(),
                                      [&](const Expected& after) { return after.state == state; });
      CAPTURE(call, acknowledged, state);
      REQUIRE(found != expected.end());
      REQUIRE(count(*db, Keys::chunk_kind) == found->chunks);
      REQUIRE(count(*db, Keys::pending_kind) == 0);
      ++states;
    }
  }
  CAPTURE(states);
  CHECK(states > 100);
  CHECK(abandoned_runs > 0);
}

TEST_CASE("an object that was put synced survives whole, in a database that logs nothing else",
          "[objects][crash]") {
  const io::Simulated fs;
  const std::string data(6 * chunk, 'x');
  io::Simulated survived;
  {
    auto db = open_on(fs, Durability::unlogged);
    REQUIRE(db);
    txn::KeyLocks locks;
    Objects objects(*db, locks);
    store::PutOptions synced;
    synced.write.durability = Durability::synced;
    REQUIRE(objects.create_bucket("b", synced.write));
    REQUIRE(objects.put("b", "k", data, synced));
    const auto id = objects.multipart().create("b", "parts", synced).value();
    const auto part = objects.multipart().upload_part(id, 1, data, synced.write).value();
    const std::vector<store::CompletedPart> parts = {{1, part.etag}};
    REQUIRE(objects.multipart().complete(id, parts, synced));
    survived = fs.crash_image(io::CrashChoice::drop_all_unsynced());
  }
  auto db = open_on(survived);
  REQUIRE(db);
  txn::KeyLocks locks;
  Objects objects(*db, locks);
  for (const char* key : {"k", "parts"}) {
    const auto got = objects.get("b", key);
    REQUIRE(got);
    REQUIRE(*got);
    CHECK(((*got)->data == data));
  }
  // Its numbers are not given again.
  REQUIRE(objects.put("b", "other", "y"));
  CHECK((objects.get("b", "k").value()->data == data));
}
