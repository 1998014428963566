// SPDX-License-Identifier: BSL-1.0
//
// Golden databases of several families, and an encrypted one.
#include <string>
#include <utility>
#include <vector>

#include <strata/filter/none.hpp>
#include <strata/io/aead_openssl.hpp>
#include <strata/io/encrypted.hpp>
#include <strata/io/key_ring.hpp>

#include "script.hpp"

namespace golden {
namespace {

template <class Options>
void shrink(Options& options, const io::Memory& fs) {
  options.file_system = fs;
  options.wal.segment_bytes = 8'000;
}

/// What is written in turns into both families.
Script in_both() {
  Script script = two_levels(0);
  for (Step step : two_levels(1)) {
    step.value += step.value.empty() ? "" : " of the other";
    script.push_back(std::move(step));
  }
  return script;
}

struct TwoFamilies {
  using Db = Database<Family<"one">, Family<"two", filter::None>, io::Memory, executor::Inline,
                      clock::Frozen>;
  static Db::Options options(const io::Memory& fs) {
    Db::Options options;
    shrink(options, fs);
    return options;
  }
  static Script script() { return in_both(); }
  template <class Visit>
  static void each_family(Db& db, Visit&& visit) {
    auto one = db.family<"one">();
    visit(0U, one);
    auto two = db.family<"two">();
    visit(1U, two);
  }
};

struct DynamicFamily {
  using Db = Database<Family<"fixed">, DynamicFamilies<compaction::Leveled>, io::Memory,
                      executor::Inline, clock::Frozen>;
  static Db::Options options(const io::Memory& fs) {
    Db::Options options;
    shrink(options, fs);
    return options;
  }
  /// A family that was dropped leaves its number behind, and nothing else.
  static void prepare(Db& db) {
    if (db.family_names().size() == 1) {
      must(db.create_family("dropped")->put("key", "value"));
      must(db.drop_family("dropped"));
      (void)db.create_family("made");
    }
  }
  static Script script() { return in_both(); }
  template <class Visit>
  static void each_family(Db& db, Visit&& visit) {
    auto fixed = db.family<"fixed">();
    visit(0U, fixed);
    if (auto made = db.open_family("made")) {
      visit(1U, *made);
    }
  }
};

/// The key is a test's, and protects nothing.
struct Encrypted {
  using Files = io::Encrypted<io::Memory>;
  using Db = LsmTree<Files, executor::Inline, clock::Frozen>;
  static io::MasterKey master() {
    return {"golden", io::SecretKey::from(std::string(32, 'g')).value()};
  }
  static Result<Db::Options> options(io::Memory fs) {
    constexpr auto path = "/keys/ring";
    auto ring = fs.exists(path).value() ? io::KeyRing::open(fs, path, {master()})
                                        : io::KeyRing::create(fs, path, master());
    if (!ring) {
      return propagate(std::move(ring));
    }
    Db::Options options;
    options.file_system = Files(*ring, fs);
    options.wal.segment_bytes = 8'000;
    return options;
  }
  static Script script() { return two_levels(); }
  template <class Visit>
  static void each_family(Db& db, Visit&& visit) {
    visit(0U, db);
  }
};

}  // namespace

std::vector<Golden> families() {
  return {golden_of<TwoFamilies>("two_families"), golden_of<DynamicFamily>("dynamic_families"),
          golden_of<Encrypted>("encrypted")};
}

}  // namespace golden
