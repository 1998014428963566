// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/job_check.hpp>

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/core/comparator.hpp>

using namespace strata;
using compaction::Action;
using compaction::FileView;
using compaction::Job;
using compaction::Levels;

namespace {

FileView file(std::uint64_t number, std::string_view first, std::string_view last) {
  return {.number = number, .smallest = first, .largest = last};
}

/// Level 0, newest first: 5 [a-c], 4 [b-d], 3 [x-z]. Level 1: 2 [b-e], 1 [m-p]. Level 2: 6 [a-z].
Levels shape() {
  Levels levels(compaction::level_count);
  levels[0] = {file(5, "a", "c"), file(4, "b", "d"), file(3, "x", "z")};
  levels[1] = {file(2, "b", "e"), file(1, "m", "p")};
  levels[2] = {file(6, "a", "z")};
  return levels;
}

/// What is said of the job; empty: it is right.
std::string said(const Levels& levels, const Job& job) {
  const auto checked = compaction::check_job(levels, job, &comparator::Bytewise::compare);
  return checked ? std::string() : checked.error().message();
}

bool mentions(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a job that takes all that lies between its inputs and its output is right") {
  CHECK(said(shape(), {.inputs = {{0, {5, 4, 3}}, {1, {2, 1}}}, .output_level = 1}).empty());
  CHECK(said(shape(), {.inputs = {{0, {4}}, {1, {2}}}, .output_level = 1}).empty());
  CHECK(said(shape(), {.inputs = {{0, {3}}}, .output_level = 1}).empty());
  CHECK(said(shape(), {.inputs = {{0, {5, 4, 3}}, {1, {2, 1}}, {2, {6}}}, .output_level = 2})
            .empty());
  CHECK(said(shape(), {.inputs = {{1, {1}}, {2, {6}}}, .output_level = 2}).empty());
  CHECK(said(shape(), {.inputs = {{2, {6}}}, .output_level = 5}).empty());
}

TEST_CASE("neighbours of level 0 may become one run of level 0") {
  CHECK(said(shape(), {.inputs = {{0, {5, 4}}}}).empty());
  CHECK(said(shape(), {.inputs = {{0, {5, 4, 3}}}}).empty());
}

TEST_CASE("a run of level 0 must not leap over a table that shares keys with it") {
  Levels levels = shape();
  levels[0] = {file(5, "a", "c"), file(4, "b", "d"), file(3, "a", "z")};
  CHECK(mentions(said(levels, {.inputs = {{0, {5, 3}}}}), "table 4 of level 0 lies between"));
}

TEST_CASE("an older table of level 0 that shares keys must go along") {
  CHECK(mentions(said(shape(), {.inputs = {{0, {5}}, {1, {2}}}, .output_level = 1}),
                 "table 4 of level 0 lies between"));
}

TEST_CASE("what the output would overlap must be an input") {
  CHECK(mentions(said(shape(), {.inputs = {{0, {5, 4}}}, .output_level = 1}),
                 "table 2 of level 1 lies between"));
  CHECK(mentions(said(shape(), {.inputs = {{0, {5, 4}}, {2, {6}}}, .output_level = 2}),
                 "table 3 of level 0 lies between"));
  CHECK(mentions(said(shape(), {.inputs = {{0, {5, 4, 3}}, {1, {2}}}, .output_level = 1}),
                 "table 1 of level 1 lies between"));
}

TEST_CASE("a level that is rewritten in place must be taken without gaps") {
  Levels levels(compaction::level_count);
  levels[3] = {file(1, "a", "b"), file(2, "c", "d"), file(3, "e", "f")};
  CHECK(said(levels, {.inputs = {{3, {1, 2, 3}}}, .output_level = 3}).empty());
  CHECK(said(levels, {.inputs = {{3, {1, 2}}}, .output_level = 3}).empty());
  CHECK(mentions(said(levels, {.inputs = {{3, {1, 3}}}, .output_level = 3}), "table 2 of level 3"));
}

TEST_CASE("inputs must be there, be free, and be named once") {
  CHECK(mentions(said(shape(), {.inputs = {{0, {7}}}, .output_level = 1}),
                 "table 7 is not on level 0"));
  CHECK(mentions(said(shape(), {.inputs = {{1, {3}}}, .output_level = 2}),
                 "table 3 is not on level 1"));
  CHECK(mentions(said(shape(), {.inputs = {{0, {3, 3}}}, .output_level = 1}), "twice"));
  Levels levels = shape();
  levels[0][2].busy = true;
  CHECK(mentions(said(levels, {.inputs = {{0, {3}}}, .output_level = 1}), "another job"));
  CHECK(mentions(said(shape(), {.inputs = {}, .output_level = 1}), "no inputs"));
  CHECK(mentions(said(shape(), {.inputs = {{0, {}}}, .output_level = 1}), "empty"));
  CHECK(mentions(said(shape(), {.inputs = {{1, {2}}, {0, {3}}}, .output_level = 1}), "order"));
}

TEST_CASE("nothing goes up, and nothing goes below the last level") {
  CHECK(mentions(said(shape(), {.inputs = {{2, {6}}}, .output_level = 1}), "output level"));
  CHECK(mentions(said(shape(), {.inputs = {{2, {6}}}, .output_level = compaction::level_count}),
                 "output level"));
}

TEST_CASE("what is dropped leaves nothing older behind that it hid") {
  CHECK(said(shape(), {.inputs = {{2, {6}}}, .action = Action::drop}).empty());
  CHECK(mentions(said(shape(), {.inputs = {{0, {3}}, {2, {6}}}, .action = Action::drop}), "older"));
  CHECK(mentions(said(shape(), {.inputs = {{1, {1}}}, .action = Action::drop}),
                 "table 6 of level 2 is older"));
  CHECK(mentions(said(shape(), {.inputs = {{0, {4}}, {1, {2}}}, .action = Action::drop}), "older"));
}

TEST_CASE("only where nothing older shares keys is an output the last word") {
  const auto bottommost = [](const Levels& levels, const Job& job) {
    return compaction::is_bottommost(levels, job, &comparator::Bytewise::compare);
  };
  CHECK_FALSE(bottommost(shape(), {.inputs = {{0, {5, 4}}}}));
  CHECK_FALSE(bottommost(shape(), {.inputs = {{0, {3}}}, .output_level = 1}));
  CHECK(bottommost(shape(), {.inputs = {{1, {1}}, {2, {6}}}, .output_level = 2}));
  Levels levels = shape();
  levels[2].clear();
  CHECK(bottommost(levels, {.inputs = {{0, {3}}}, .output_level = 1}));
  CHECK(bottommost(levels, {.inputs = {{0, {3}}}}));
  CHECK_FALSE(bottommost(levels, {.inputs = {{0, {4}}}}));
}
