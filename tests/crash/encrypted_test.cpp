// SPDX-License-Identifier: BSL-1.0
//
// The engine over encrypted files: it loses power as it does in the clear, no nonce comes twice,
// and nothing of what it holds stands on the disk.
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/encrypted.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/simulated.hpp>
#include <strata/lsm_tree.hpp>

#include "actions.hpp"
#include "battery.hpp"

using namespace strata;
using namespace crash_test;

namespace {

/// Every pair of key and nonce that was ever sealed with, by anybody.
struct Seals {
  std::mutex mutex;
  std::set<std::string> pairs;
  std::uint64_t repeats = 0;

  void add(std::string pair) {
    const std::lock_guard guard(mutex);
    repeats += !pairs.insert(std::move(pair)).second;
  }
};
Seals seals;

/// AES-256-GCM that remembers.
struct Recorded {
  using policy_slot = encryption_slot;
  static constexpr std::string_view name = "recorded";
  static constexpr std::uint8_t id = 200;

  class Cipher {
   public:
    Cipher(aead::Aes256Gcm::Cipher cipher, std::string key)
        : cipher_(std::move(cipher)), key_(std::move(key)) {}
    [[nodiscard]] Result<void> seal(const io::AeadNonce& nonce, std::string_view aad, char* bytes,
                                    std::size_t size, char* tag) const {
      seals.add(key_ + std::string(nonce.begin(), nonce.end()));
      return cipher_.seal(nonce, aad, bytes, size, tag);
    }
    [[nodiscard]] Result<bool> open(const io::AeadNonce& nonce, std::string_view aad, char* bytes,
                                    std::size_t size, const char* tag) const {
      return cipher_.open(nonce, aad, bytes, size, tag);
    }

   private:
    aead::Aes256Gcm::Cipher cipher_;
    std::string key_;
  };
  [[nodiscard]] static Result<Cipher> start(const io::SecretKey& key) {
    auto cipher = aead::Aes256Gcm::start(key);
    return cipher ? Result<Cipher>(Cipher(std::move(*cipher), std::string(key.view())))
                  : propagate(std::move(cipher));
  }
};

using Files = io::Encrypted<io::Simulated, Recorded>;
using Db = Database<Family<"left">, Family<"right">, Files, executor::Inline, clock::Frozen>;

io::MasterKey master() {
  return {"m", io::SecretKey::from(std::string(32, 'k')).value()};
}

/// One ring for the whole binary: it outlives every crash.
struct Keys {
  io::Memory fs;
  io::KeyRing ring = io::KeyRing::create(fs, "/ring", master()).value();
};
Keys& keys() {
  static Keys all;
  return all;
}

Result<Db> open_small(io::Simulated& fs) {
  return Db::open("/db", small<Db>(Files(keys().ring, fs)));
}

}  // namespace

TEST_CASE("an engine that is filled, flushed, compacted and closed uses no nonce twice") {
  io::Simulated fs;
  const std::size_t before = seals.pairs.size();
  for (const char* const tag : {"a", "b"}) {
    auto db = open_small(fs);
    REQUIRE(db);
    auto family = db->family<"left">();
    for (int i = 0; i < 300; ++i) {
      REQUIRE(family.put("key" + std::to_string(i), std::string(100, 'v') + tag));
    }
    REQUIRE(db->flush());
    REQUIRE(family.compact());
    REQUIRE(db->close());
  }
  CHECK(seals.pairs.size() > before + 50);
  CHECK(seals.repeats == 0);
}

TEST_CASE("encrypted files, and no nonce that comes twice", "[crash]") {
  survives_power_loss("encrypted", everything<Db>(&open_small), {.seed = 5});
  WARN(seals.pairs.size() << " seals");
  CHECK(seals.pairs.size() > 10'000);
  CHECK(seals.repeats == 0);
}

TEST_CASE("whatever call fails below encryption, acknowledged is there and refused is not",
          "[crash]") {
  survives_faults("encrypted", everything<Db>(&open_small, 40), {.seed = 6});
  CHECK(seals.repeats == 0);
}

namespace {

using MemoryFiles = io::Encrypted<io::Memory>;
using MemoryTree = LsmTree<MemoryFiles, executor::Inline, clock::Frozen>;

Result<MemoryTree> open_tree(const MemoryFiles& files) {
  MemoryTree::Options options;
  options.file_system = files;
  options.write_buffer_bytes = 20'000;
  options.wal.segment_bytes = 8'000;
  make_small(options);
  return MemoryTree::open("/db", options);
}

std::string value_of(int i) {
  return "the plaintext of value " + std::to_string(i);
}

void fill(MemoryTree& tree, int from, int to) {
  for (int i = from; i < to; ++i) {
    REQUIRE(tree.put("known key " + std::to_string(i), value_of(i)));
  }
}
void check_filled(MemoryTree& tree, int to) {
  int wrong = 0;
  for (int i = 0; i < to; ++i) {
    wrong += tree.get("known key " + std::to_string(i)).value() != value_of(i);
  }
  CHECK(wrong == 0);
}

std::vector<std::string> paths_of(MemoryFiles files, const std::string& suffix) {
  std::vector<std::string> paths;
  const auto names = files.list("/db").value();
  for (const std::string& name : names) {
    if (name.size() >= suffix.size() && name.ends_with(suffix)) {
      paths.push_back("/db/" + name);
    }
  }
  return paths;
}

}  // namespace

TEST_CASE("nothing that an engine was given stands on an encrypted disk") {
  MemoryFiles files(keys().ring);
  {
    auto tree = open_tree(files).value();
    fill(tree, 0, 1'000);
    REQUIRE(tree.flush());
    REQUIRE(tree.compact());
    fill(tree, 1'000, 1'200);
    REQUIRE(tree.sync());
    const auto paths = paths_of(files, "");
    CHECK(paths.size() > 5);
    for (const std::string& path : paths) {
      const std::string raw = io::read_file(files.inner(), path).value();
      CAPTURE(path);
      CHECK(raw.find("plaintext") == std::string::npos);
      CHECK(raw.find("known key") == std::string::npos);
      CHECK((raw.empty() || raw.substr(0, 8) == "STRATAec"));  // LOCK is empty
    }
  }
  auto again = open_tree(files).value();
  check_filled(again, 1'200);
  CHECK(again.verify());
}

TEST_CASE("an encrypted database does not open with another key, and says so") {
  MemoryFiles files(keys().ring);
  {
    auto tree = open_tree(files).value();
    fill(tree, 0, 10);
  }
  io::Memory other_keys;
  auto other = io::KeyRing::create(other_keys, "/ring", master()).value();
  for (const MemoryFiles& wrong : {MemoryFiles(other, files.inner()),
                                   MemoryFiles(keys().ring, files.inner(), "another database")}) {
    const auto refused = open_tree(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::invalid_argument);
    CHECK_THAT(refused.error().message(), Catch::Contains("the key does not match"));
  }
  auto tree = open_tree(files).value();
  check_filled(tree, 10);
}

TEST_CASE("after a rotation compaction moves a database to the new data key") {
  io::Memory key_files;
  auto ring = io::KeyRing::create(key_files, "/ring", master()).value();
  MemoryFiles files(ring);
  {
    auto tree = open_tree(files).value();
    fill(tree, 0, 500);
    REQUIRE(tree.flush());
    REQUIRE(ring.rotate(key_files, master()) == Result<std::uint32_t>(2));
    fill(tree, 500, 700);
    REQUIRE(tree.flush());
    check_filled(tree, 700);
  }
  auto reopened_ring = io::KeyRing::open(key_files, "/ring", {master()}).value();
  MemoryFiles reopened(reopened_ring, files.inner());
  {
    auto tree = open_tree(reopened).value();
    check_filled(tree, 700);
    REQUIRE(tree.compact());
    for (int i = 0; i < 700; ++i) {  // a level is rewritten when something overlaps it
      REQUIRE(tree.put("known key " + std::to_string(i), value_of(i)));
    }
    REQUIRE(tree.flush());
    REQUIRE(tree.compact());
  }
  { (void)open_tree(reopened).value(); }  // removes what is used no more
  for (const std::string& path : paths_of(reopened, "")) {
    if (path.ends_with("LOCK")) {
      continue;
    }
    CAPTURE(path);
    CHECK(reopened.data_key_of(path) == Result<std::uint32_t>(2));
  }
  REQUIRE(reopened_ring.forget(key_files, 1));
  auto tree = open_tree(reopened).value();
  check_filled(tree, 700);
}

TEST_CASE("an engine refuses an encrypted file that stands in another's place") {
  MemoryFiles files(keys().ring);
  {
    auto tree = open_tree(files).value();
    fill(tree, 0, 1'000);
    REQUIRE(tree.flush());
    REQUIRE(tree.compact());
  }
  const auto tables = paths_of(files, ".table");
  REQUIRE(tables.size() >= 2);
  REQUIRE(files.remove(tables[0]));
  REQUIRE(files.link(tables[1], tables[0]));
  auto tree = open_tree(files);
  const bool is_refused = !tree || !tree->verify();
  CHECK(is_refused);
}

TEST_CASE("a checkpoint of an encrypted database opens with the same keys") {
  MemoryFiles files(keys().ring);
  {
    auto tree = open_tree(files).value();
    fill(tree, 0, 500);
    REQUIRE(tree.checkpoint("/copy"));
  }
  MemoryTree::Options options;
  options.file_system = files;
  auto copy = MemoryTree::open("/copy", options).value();
  check_filled(copy, 500);
}
