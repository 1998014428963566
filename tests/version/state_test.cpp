// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/version/state.hpp>

namespace {

using namespace strata;
using version::FamilyEdit;
using version::FileMetadata;
using version::State;
using version::VersionEdit;

int compare(std::string_view a, std::string_view b) noexcept {
  return a.compare(b);
}

FileMetadata file(std::uint64_t number, std::string smallest, std::string largest,
                  Sequence largest_sequence = 1) {
  FileMetadata metadata;
  metadata.number = number;
  metadata.smallest = std::move(smallest);
  metadata.largest = std::move(largest);
  metadata.largest_sequence = largest_sequence;
  return metadata;
}

State one_family() {
  State state;
  version::FamilyState family;
  family.name = "default";
  family.compare = compare;
  state.families.push_back(family);
  return state;
}

VersionEdit edit_of(FamilyEdit family) {
  VersionEdit edit;
  edit.families.push_back(std::move(family));
  return edit;
}
VersionEdit adding(std::vector<version::AddedFile> files) {
  FamilyEdit family;
  family.added = std::move(files);
  return edit_of(std::move(family));
}
VersionEdit deleting(std::vector<version::DeletedFile> files) {
  FamilyEdit family;
  family.deleted = std::move(files);
  return edit_of(std::move(family));
}

std::vector<std::uint64_t> numbers(const State& state, unsigned level) {
  std::vector<std::uint64_t> found;
  for (const FileMetadata& metadata : state.families[0].levels[level]) {
    found.push_back(metadata.number);
  }
  return found;
}
using Numbers = std::vector<std::uint64_t>;

/// The edit is refused and nothing of it has happened.
void check_refused(const State& state, const VersionEdit& edit, std::string_view why) {
  State changed = state;
  const auto applied = changed.apply(edit);
  REQUIRE_FALSE(applied);
  CHECK(applied.error().code() == ErrorCode::corruption);
  CAPTURE(applied.error().message());
  CHECK(applied.error().message().find(why) != std::string::npos);
  CHECK(changed.to_edit() == state.to_edit());
}

}  // namespace

TEST_CASE("level 0 is kept newest first", "[version][state]") {
  State state = one_family();
  REQUIRE(state.apply(adding({{0, file(3, "a", "z", 30)}})));
  REQUIRE(state.apply(adding({{0, file(1, "a", "z", 10)}, {0, file(2, "a", "z", 20)}})));
  REQUIRE(state.apply(adding({{0, file(4, "a", "z", 20)}})));
  CHECK(numbers(state, 0) == Numbers{3, 4, 2, 1});
}

TEST_CASE("deeper levels are kept in the order of keys", "[version][state]") {
  State state = one_family();
  REQUIRE(state.apply(adding({{1, file(1, "m", "p")}, {1, file(2, "a", "c")}})));
  REQUIRE(state.apply(adding({{1, file(3, "d", "l")}})));
  CHECK(numbers(state, 1) == Numbers{2, 3, 1});
}

TEST_CASE("two files of a deeper level share no key", "[version][state]") {
  State state = one_family();
  REQUIRE(state.apply(adding({{1, file(1, "d", "g")}})));
  check_refused(state, adding({{1, file(2, "g", "h")}}), "overlaps table 1");
  check_refused(state, adding({{1, file(2, "a", "d")}}), "overlaps");
  check_refused(state, adding({{1, file(2, "e", "f")}}), "overlaps");
  check_refused(state, adding({{1, file(2, "a", "z")}}), "overlaps");
  check_refused(state, adding({{1, file(2, "h", "k")}, {1, file(3, "k", "l")}}), "overlaps");
  check_refused(state, adding({{1, file(2, "z", "y")}}), "ends before");
  CHECK(state.apply(adding({{2, file(2, "a", "z")}, {0, file(3, "a", "z")}})));
}

TEST_CASE("an exclusive end may be the next file's first key", "[version][state]") {
  State state = one_family();
  FileMetadata first = file(1, "a", "d");
  first.largest_exclusive = true;
  CHECK(state.apply(adding({{1, first}, {1, file(2, "d", "e")}})));
}

TEST_CASE("a compaction replaces its inputs, whose keys its outputs share", "[version][state]") {
  State state = one_family();
  REQUIRE(state.apply(adding({{1, file(1, "a", "m")}, {2, file(2, "c", "z")}})));
  FamilyEdit job;
  job.deleted = {{1, 1}, {2, 2}};
  job.added = {{2, file(3, "a", "k")}, {2, file(4, "l", "z")}};
  REQUIRE(state.apply(edit_of(job)));
  CHECK(numbers(state, 1).empty());
  CHECK(numbers(state, 2) == Numbers{3, 4});
}

TEST_CASE("a file can be moved to another level by one edit", "[version][state]") {
  State state = one_family();
  REQUIRE(state.apply(adding({{0, file(1, "a", "m")}})));
  FamilyEdit move;
  move.deleted = {{0, 1}};
  move.added = {{1, file(1, "a", "m")}};
  REQUIRE(state.apply(edit_of(move)));
  CHECK(numbers(state, 0).empty());
  CHECK(numbers(state, 1) == Numbers{1});
}

TEST_CASE("two jobs can not consume the same file", "[version][state]") {
  State state = one_family();
  REQUIRE(state.apply(adding({{1, file(1, "a", "m")}})));
  check_refused(state, deleting({{1, 1}, {1, 1}}), "table 1");
  check_refused(state, deleting({{2, 1}}), "not on level 2");
  check_refused(state, deleting({{1, 2}}), "not on level 1");
  REQUIRE(state.apply(deleting({{1, 1}})));
  check_refused(state, deleting({{1, 1}}), "is consumed");
}

TEST_CASE("a number is used once", "[version][state]") {
  State state = one_family();
  REQUIRE(state.apply(adding({{1, file(1, "a", "b")}})));
  check_refused(state, adding({{2, file(1, "x", "y")}}), "used twice");
  check_refused(state, adding({{2, file(2, "x", "y")}, {0, file(2, "x", "y")}}), "used twice");
  FamilyEdit other;
  other.family = 1;
  other.created = version::FamilyDescriptor{"other", "", compare};
  other.added = {{0, file(1, "a", "b")}};
  check_refused(state, edit_of(other), "used twice");
}

TEST_CASE("families are made and dropped once", "[version][state]") {
  State state = one_family();
  FamilyEdit made;
  made.family = 4;
  made.created = version::FamilyDescriptor{"metrics", "fp", compare};
  REQUIRE(state.apply(edit_of(made)));
  REQUIRE(state.find_family(4) != nullptr);
  CHECK(state.find_family(4)->name == "metrics");
  CHECK(state.find_family(4)->fingerprint == "fp");
  check_refused(state, edit_of(made), "twice");
  FamilyEdit dropped;
  dropped.family = 4;
  dropped.dropped = true;
  REQUIRE(state.apply(edit_of(dropped)));
  CHECK(state.find_family(4) == nullptr);
  check_refused(state, edit_of(dropped), "does not exist");
}

TEST_CASE("an edit names a family once", "[version][state]") {
  VersionEdit edit = adding({{0, file(1, "a", "b")}});
  edit.families.push_back(edit.families[0]);
  check_refused(one_family(), edit, "twice");
}

TEST_CASE("numbers and sequences never go back", "[version][state]") {
  State state = one_family();
  VersionEdit edit;
  edit.next_file_number = 10;
  edit.last_sequence = 100;
  edit.first_log_segment = 5;
  edit.families.resize(1);
  edit.families[0].flushed_through = 90;
  REQUIRE(state.apply(edit));
  edit.next_file_number = 9;
  edit.last_sequence = 99;
  edit.first_log_segment = 4;
  edit.families[0].flushed_through = 80;
  REQUIRE(state.apply(edit));
  CHECK(state.next_file_number == 10);
  CHECK(state.last_sequence == 100);
  CHECK(state.first_log_segment == 5);
  CHECK(state.families[0].flushed_through == 90);
  REQUIRE(state.apply(adding({{0, file(20, "a", "b")}})));
  CHECK(state.next_file_number == 21);
}

TEST_CASE("a state is the sum of its own edit", "[version][state]") {
  State state = one_family();
  state.database_id = 7;
  state.fingerprint = "composition";
  state.last_sequence = 17;
  REQUIRE(state.apply(adding({{0, file(1, "a", "z", 5)},
                              {0, file(2, "a", "z", 6)},
                              {3, file(3, "b", "c")},
                              {3, file(4, "d", "e")}})));
  State again;
  REQUIRE(again.apply(state.to_edit()));
  CHECK(again.to_edit() == state.to_edit());
  CHECK(again.fingerprint == "composition");
}

TEST_CASE("without a comparator files keep their order, and overlap is for others to find",
          "[version][state]") {
  State state = one_family();
  state.families[0].compare = nullptr;
  REQUIRE(state.apply(adding({{1, file(1, "m", "p")}, {1, file(2, "a", "n")}})));
  CHECK(numbers(state, 1) == Numbers{1, 2});
}

TEST_CASE("a level that does not exist is refused", "[version][state]") {
  check_refused(one_family(), adding({{version::level_count, file(1, "a", "b")}}), "level");
  check_refused(one_family(), deleting({{version::level_count, 1}}), "level");
}
