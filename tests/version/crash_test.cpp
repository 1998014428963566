// SPDX-License-Identifier: BSL-1.0
//
// The manifest on a disk that loses power at every call, and on one that fails at every call.
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "manifest_fixture.hpp"

#include <strata/io/simulated.hpp>

using namespace version_test;
using io::CrashChoice;
using io::FaultKind;
using io::Simulated;

namespace {

using Manifest = version::Manifest<Simulated, Checksum>;
const std::string directory = "db";
constexpr int edit_count = 12;

Simulated new_disk() {
  Simulated fs;
  REQUIRE(fs.create_directory(directory));
  REQUIRE(fs.sync_directory("/"));
  return fs;
}

/// What a script was told.
struct Story {
  int done = -1;            ///< edits that are in force; -1: there may be no manifest
  bool is_unknown = false;  ///< the next one may be in force, too

  void note(const Result<void>& outcome, bool has_crashed) {
    done += outcome ? 1 : 0;
    is_unknown = !outcome && (has_crashed || outcome.error().code() == ErrorCode::outcome_unknown);
  }
};

/// Appends edits, each again until it is taken, over manifests that roll, and reopens midway. Ends
/// where the outcome of a call is unknown.
Story run_script(Simulated& fs) {
  Story story;
  const version::ManifestOptions options{.roll_bytes = 500};
  auto manifest = Manifest::create(fs, directory, new_state(), options);
  story.note(manifest ? Result<void>() : propagate(manifest), fs.has_crashed());
  for (int tries = 0; manifest && tries < 2 * edit_count && !story.is_unknown; ++tries) {
    if (tries == edit_count / 2) {
      (void)manifest->close();
      const State state = manifest->state();
      manifest = Manifest::create(fs, directory, state, options);
    } else if (story.done < edit_count) {
      const auto next = static_cast<std::uint64_t>(story.done) + 1;
      story.note(manifest->append(edit_number(next)), fs.has_crashed());
    }
  }
  return story;
}

std::vector<CrashChoice> choices(std::uint64_t seeds) {
  std::vector<CrashChoice> all{CrashChoice::drop_all_unsynced(), CrashChoice::keep_all()};
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    all.push_back(CrashChoice::random(seed));
  }
  return all;
}

/// How many images were looked at.
int check_images(const Simulated& fs, const Story& story, std::uint64_t seeds) {
  static const auto states = states_after(edit_count);
  int images = 0;
  for (const CrashChoice& choice : choices(seeds)) {
    CAPTURE(int(choice.kind), choice.seed, story.done, story.is_unknown);
    Simulated disk = fs.crash_image(choice);
    const auto read = version::read_manifest<Simulated, Checksum>(disk, directory);
    ++images;
    if (!read) {
      CAPTURE(read.error().message());
      REQUIRE(story.done == -1);
      REQUIRE(read.error().code() == ErrorCode::not_found);
      continue;
    }
    const int found = position(*read, states);
    REQUIRE(found >= story.done);
    REQUIRE(found <= story.done + (story.is_unknown ? 1 : 0));
    // It can be gone on with, whatever lies about.
    auto next = Manifest::create(disk, directory, [&] {
      State state = *read;
      state.families[0].compare = compare;
      return state;
    }());
    REQUIRE(next);
    REQUIRE(next->append(edit_number(static_cast<std::uint64_t>(found) + 1)));
  }
  return images;
}

}  // namespace

TEST_CASE("whenever the power fails, a manifest holds the edits that were acknowledged",
          "[version][crash]") {
  Simulated whole = new_disk();
  const std::uint64_t calls_before = whole.calls();
  REQUIRE(run_script(whole).done == edit_count);
  int images = 0;
  for (std::uint64_t call = calls_before + 1; call <= whole.calls() + 1; ++call) {
    CAPTURE(call);
    Simulated fs = new_disk();
    fs.crash_at(call);
    const Story story = run_script(fs);
    images += check_images(fs, story, 32);
  }
  CHECK(images > 1000);
}

TEST_CASE("whatever call fails, an edit that was acknowledged is there and a refused one is not",
          "[version][fault]") {
  Simulated whole = new_disk();
  const std::uint64_t calls_before = whole.calls();
  (void)run_script(whole);
  std::size_t fired = 0;
  for (const FaultKind kind :
       {FaultKind::eio, FaultKind::enospc, FaultKind::short_write,
        FaultKind::sync_fails_pages_dropped, FaultKind::sync_fails_pages_visible,
        FaultKind::renamed_but_error, FaultKind::close_error}) {
    for (const bool forever : {false, true}) {
      for (std::uint64_t call = calls_before + 1; call <= whole.calls(); ++call) {
        CAPTURE(int(kind), forever, call);
        Simulated fs = new_disk();
        fs.inject({.call = call, .path_contains = {}, .kind = kind, .forever = forever});
        const Story story = run_script(fs);
        fired += fs.faults_fired() == 0 ? 0 : 1;
        check_images(fs, story, 4);
      }
    }
  }
  CHECK(fired > 300);
}
