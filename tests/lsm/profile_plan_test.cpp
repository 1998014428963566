// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/profile_plan.hpp>

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/arena.hpp>
#include <strata/lsm/profile.hpp>

using namespace strata;
using profile::Plan;
using profile::Resources;
using profile::Shape;

namespace {

void check_sound(const Plan& plan, const Resources& given) {
  CHECK(plan.memory_bytes() <= given.memory_bytes);
  CHECK(plan.write_buffer_bytes >= 48_KiB);
  CHECK(plan.cache_bytes >= 64_KiB);
  CHECK(plan.cache_bytes / plan.cache_shards >= 4 * plan.block_bytes);
  CHECK(plan.read_ahead_bytes >= plan.block_bytes);
  CHECK(plan.read_ahead_bytes <= 256_KiB);
  CHECK(plan.file_bytes >= 2_MiB);
  CHECK(plan.level1_bytes >= plan.file_bytes);
  CHECK(plan.flush_threads >= 1);
  CHECK(plan.compaction_threads >= 1);
  CHECK(plan.compaction_threads <= given.cores);
  CHECK(plan.level0_trigger < plan.level0_slowdown);
  CHECK(plan.level0_slowdown < plan.level0_stop);
  CHECK(plan.level0_stop <= plan.inputs_max);
  CHECK(plan.log_bytes_max >= 2 * plan.write_buffer_bytes * given.families);
  CHECK(plan.log_segment_bytes <= plan.log_bytes_max);
}

}  // namespace

TEST_CASE("what a plan sums up to is within its budget, or the budget is refused") {
  for (const Shape* shape : profile::shapes) {
    for (const unsigned cores : {1U, 2U, 4U, 64U}) {
      for (const unsigned families : {1U, 3U, 40U}) {
        CAPTURE(shape->name, cores, families);
        const std::size_t least =
            profile::memory_bytes_least(*shape, {.cores = cores, .families = families});
        for (std::size_t bytes = 64_KiB; bytes <= 64_GiB; bytes += bytes / 3) {
          CAPTURE(bytes);
          const Resources given{.memory_bytes = bytes, .cores = cores, .families = families};
          const auto plan = profile::plan(*shape, given);
          REQUIRE(plan.has_value() == (bytes >= least));
          if (plan) {
            check_sound(*plan, given);
          }
        }
      }
    }
  }
}

TEST_CASE("more memory never means smaller caches or write buffers") {
  for (const Shape* shape : profile::shapes) {
    CAPTURE(shape->name);
    Plan last;
    for (std::size_t bytes = 32_MiB; bytes <= 64_GiB; bytes += bytes / 3) {
      CAPTURE(bytes);
      const auto plan = profile::plan(*shape, {.memory_bytes = bytes});
      REQUIRE(plan);
      CHECK(plan->write_buffer_bytes >= last.write_buffer_bytes);
      CHECK(plan->cache_bytes >= last.cache_bytes);
      CHECK(plan->compaction_threads >= last.compaction_threads);
      last = *plan;
    }
    CHECK(last.cache_bytes > 8_GiB);  // what memtables can not use is not left lying about
  }
}

TEST_CASE("too small a budget is refused with the least that works") {
  const auto refused = profile::embedded({.memory_bytes = 64_KiB});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::invalid_argument);
  const std::string text = to_string(refused.error());
  CHECK(text.find("memory_bytes is 65536") != std::string::npos);
  CHECK(text.find("embedded") != std::string::npos);
  const std::size_t least = profile::memory_bytes_least(profile::Embedded::shape, {});
  CHECK(text.find(std::to_string(least)) != std::string::npos);
  CHECK(least <= 1_MiB);
  CHECK(profile::embedded({.memory_bytes = least}));
  CHECK_FALSE(profile::embedded({.memory_bytes = least - 1}));
}

TEST_CASE("nothing is planned for no cores or no families") {
  const auto no_cores = profile::balanced({.cores = 0});
  REQUIRE_FALSE(no_cores);
  CHECK(to_string(no_cores.error()).find("cores is 0") != std::string::npos);
  const auto no_families = profile::balanced({.families = 0});
  REQUIRE_FALSE(no_families);
  CHECK(to_string(no_families.error()).find("families is 0") != std::string::npos);
}

TEST_CASE("profiles have names") {
  for (const Shape* shape : profile::shapes) {
    const auto plan = profile::by_name(shape->name, {});
    REQUIRE(plan);
    CHECK(plan->profile == shape->name);
  }
  const auto unknown = profile::by_name("fast", {});
  REQUIRE_FALSE(unknown);
  CHECK(to_string(unknown.error()).find("embedded, balanced, write_heavy") != std::string::npos);
}

TEST_CASE("a memtable takes no more than the plan says") {
  for (const std::size_t limit : {48_KiB, 100_KiB, 1_MiB, 3_MiB}) {
    CAPTURE(limit);
    Arena arena;
    while (arena.memory_bytes() < limit) {
      (void)arena.allocate(136);
    }
    CHECK(arena.memory_bytes() <= profile::memtable_bytes_max(limit));
  }
  for (std::size_t bytes = 128_KiB; bytes < 100_MiB; bytes += bytes / 5) {
    CAPTURE(bytes);
    CHECK(profile::memtable_bytes_max(profile::write_buffer_within(bytes)) <= bytes);
    CHECK(profile::write_buffer_within(bytes) >= bytes / 4);
  }
}

TEST_CASE("profiles differ in what they are for") {
  const Resources same{.memory_bytes = 1_GiB, .cores = 8};
  const auto balanced = profile::balanced(same);
  const auto write_heavy = profile::write_heavy(same);
  const auto read_heavy = profile::read_heavy(same);
  const auto large_scale = profile::large_scale(same);
  const auto embedded = profile::embedded(same);
  REQUIRE((balanced && write_heavy && read_heavy && large_scale && embedded));
  CHECK(write_heavy->memtables_bytes() > balanced->memtables_bytes());
  CHECK(write_heavy->compaction_threads > balanced->compaction_threads);
  CHECK(read_heavy->cache_bytes > balanced->cache_bytes);
  CHECK(read_heavy->bits_per_key > balanced->bits_per_key);
  CHECK(read_heavy->level0_trigger < balanced->level0_trigger);
  CHECK(large_scale->block_bytes > balanced->block_bytes);
  CHECK(embedded->compaction_threads == 1);
}
