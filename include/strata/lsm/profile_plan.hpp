// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How a profile divides memory and cores: arithmetic only, no engine.
///
///     memory_bytes = memtables | cache | jobs and the rest
///
///     memtables   families * (1 + immutables_max) * what one takes at most, its last chunk
///     included cache       blocks, and what open tables pin of their indices and filters jobs for
///     each thread: a window to read ahead for each input, a buffer to write, the
///                 filter and the index of what it writes; the fixed cost of a database
///
/// What a memtable may not use (`Shape::write_buffer_bytes_max`) goes to the cache. The first part
/// shrinks with the number of families, threads with memory: a plan never exceeds its budget.
///
/// What is not in the budget: values that callers hold, batches, cursors (a window for each table
/// that one reads) and memtables that one keeps alive after their flush; code and stacks.
///
/// Threads: values.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/core/large_pages.hpp>

namespace strata::profile {

/// What a database may take of a machine. The defaults are those that `LsmTree<>::Options` has been
/// chosen for.
struct Resources {
  std::size_t memory_bytes = 512_MiB;
  unsigned cores = 4;     ///< for flushes and compactions, readers and writers
  unsigned families = 1;  ///< each has memtables of its own; count dynamic ones, too
};

/// What makes a profile: constants. Parts of memory are in 512ths.
struct Shape {
  std::string_view name;
  unsigned memtable_parts;
  unsigned cache_parts;
  std::size_t fixed_bytes;  ///< of an open database without data
  std::size_t write_buffer_bytes_max;
  unsigned immutables_max;
  unsigned log_buffers;         ///< the log's bound, in memtables
  unsigned compaction_eighths;  ///< of the cores
  unsigned level0_trigger;
  unsigned level0_slowdown;
  unsigned level0_stop;
  unsigned inputs_max;  ///< that a merge reads at once: each needs a window
  std::uint64_t file_bytes_max;
  std::size_t block_bytes;
  double bits_per_key;
  bool block_hash;
};

/// The most that a memtable takes which is switched at `write_buffer_bytes`: the chunk that it ends
/// in is as large as all before it together, and a large page at most (core/arena.hpp).
[[nodiscard]] constexpr std::size_t memtable_bytes_max(std::size_t write_buffer_bytes) {
  return write_buffer_bytes + std::min<std::size_t>(write_buffer_bytes + 16_KiB, large_page_bytes);
}
/// The inverse: the largest write buffer that stays within `bytes`.
[[nodiscard]] constexpr std::size_t write_buffer_within(std::size_t bytes) {
  return bytes >= 2 * large_page_bytes ? bytes - large_page_bytes
                                       : (bytes - std::min<std::size_t>(bytes, 16_KiB)) / 2;
}

/// Options in the making: `apply` of profile.hpp puts them where they belong.
struct Plan {
  std::string_view profile;
  unsigned families = 1;
  std::size_t fixed_bytes = 0;

  std::size_t write_buffer_bytes = 0;
  unsigned immutables_max = 0;
  std::size_t log_bytes_max = 0;
  std::size_t log_segment_bytes = 0;

  std::size_t cache_bytes = 0;
  unsigned cache_shards = 0;

  unsigned flush_threads = 0;
  unsigned compaction_threads = 0;
  unsigned inputs_max = 0;
  std::size_t read_ahead_bytes = 0;  ///< of each input of a merge

  unsigned level0_trigger = 0;
  unsigned level0_slowdown = 0;
  unsigned level0_stop = 0;
  std::uint64_t level1_bytes = 0;
  std::uint64_t file_bytes = 0;

  std::size_t block_bytes = 0;
  bool block_hash = false;
  std::size_t partition_bytes = 0;
  double bits_per_key = 0;

  /// At most, as all below.
  [[nodiscard]] constexpr std::size_t memtables_bytes() const {
    return families * (1 + std::size_t{immutables_max}) * memtable_bytes_max(write_buffer_bytes);
  }
  [[nodiscard]] constexpr std::size_t flush_bytes() const {
    return flush_threads * writing_bytes();
  }
  [[nodiscard]] constexpr std::size_t compaction_bytes() const {
    return compaction_threads * (writing_bytes() + reading_bytes());
  }
  [[nodiscard]] constexpr std::size_t memory_bytes() const {
    return fixed_bytes + memtables_bytes() + cache_bytes + flush_bytes() + compaction_bytes();
  }

  /// Of one job: the file's buffer, a few blocks, and what a builder keeps until it ends a
  /// partition: the index, and the hash of each key for the filter, some 10 bytes for one of the
  /// index where an entry has 100.
  [[nodiscard]] constexpr std::size_t writing_bytes() const {
    return 64_KiB + 4 * block_bytes + 12 * partition_bytes;
  }
  /// Of one merge: a window and a block of each input.
  [[nodiscard]] constexpr std::size_t reading_bytes() const {
    return inputs_max * (read_ahead_bytes + block_bytes) + block_bytes;
  }
};

namespace detail {

inline constexpr std::size_t write_buffer_bytes_min = 48_KiB;
inline constexpr std::size_t cache_bytes_min = 64_KiB;
inline constexpr std::uint64_t file_bytes_min = 2_MiB;  ///< an open table costs a kilobyte or two
inline constexpr std::size_t read_ahead_bytes_good = 32_KiB;
inline constexpr std::size_t read_ahead_bytes_max = 256_KiB;

/// Threads and windows of the merges that may take `bytes`. False: not even one can run.
[[nodiscard]] inline bool plan_compactions(Plan& plan, const Shape& shape, unsigned cores,
                                           std::size_t bytes) {
  plan.inputs_max = shape.inputs_max;
  plan.read_ahead_bytes = read_ahead_bytes_good;  // fewer threads before smaller windows
  const std::size_t good = plan.writing_bytes() + plan.reading_bytes();
  const std::size_t wanted = std::max(1U, cores * shape.compaction_eighths / 8);
  plan.compaction_threads = static_cast<unsigned>(std::clamp<std::size_t>(bytes / good, 1, wanted));
  const std::size_t each = bytes / plan.compaction_threads;
  const std::size_t taken = plan.writing_bytes() + plan.block_bytes;
  const std::size_t of_input = each < taken ? 0 : (each - taken) / plan.inputs_max;
  if (of_input < 2 * plan.block_bytes) {
    return false;
  }
  plan.read_ahead_bytes = std::min(of_input - plan.block_bytes, read_ahead_bytes_max);
  return true;
}

/// None: there is too little memory.
[[nodiscard]] inline std::optional<Plan> try_plan(const Shape& shape, const Resources& resources) {
  Plan plan{.profile = shape.name,
            .families = resources.families,
            .fixed_bytes = shape.fixed_bytes,
            .immutables_max = shape.immutables_max,
            .flush_threads = std::clamp(resources.cores / 8, 1U, resources.families),
            .level0_trigger = shape.level0_trigger,
            .level0_slowdown = shape.level0_slowdown,
            .level0_stop = shape.level0_stop,
            .block_bytes = shape.block_bytes,
            .block_hash = shape.block_hash,
            .bits_per_key = shape.bits_per_key};
  const std::size_t part = resources.memory_bytes / 512;
  const std::size_t memtables = std::size_t{resources.families} * (1 + shape.immutables_max);
  plan.write_buffer_bytes = std::min(write_buffer_within(part * shape.memtable_parts / memtables),
                                     shape.write_buffer_bytes_max);
  if (plan.write_buffer_bytes < write_buffer_bytes_min) {
    return std::nullopt;
  }
  plan.cache_bytes = part * (shape.memtable_parts + shape.cache_parts) - plan.memtables_bytes();
  plan.partition_bytes = std::clamp<std::size_t>(plan.cache_bytes / 256, 4_KiB, 1_MiB);
  const std::size_t jobs = part * (512 - shape.memtable_parts - shape.cache_parts);
  const std::size_t taken = shape.fixed_bytes + plan.flush_bytes();
  if (plan.cache_bytes < cache_bytes_min || jobs <= taken ||
      !plan_compactions(plan, shape, resources.cores, jobs - taken)) {
    return std::nullopt;
  }
  // A shard keeps nothing that is larger than itself; many cores meet less in many shards.
  plan.cache_shards = static_cast<unsigned>(std::bit_floor(
      std::clamp<std::size_t>(plan.cache_bytes / (64 * shape.block_bytes), 1,
                              std::bit_ceil(std::clamp(4 * resources.cores, 16U, 256U)))));
  plan.file_bytes =
      std::clamp<std::uint64_t>(plan.write_buffer_bytes, file_bytes_min, shape.file_bytes_max);
  plan.level1_bytes = std::max<std::uint64_t>(
      std::uint64_t{shape.level0_trigger} * plan.write_buffer_bytes, 4 * plan.file_bytes);
  plan.log_segment_bytes = std::clamp<std::size_t>(plan.write_buffer_bytes, 64_KiB, 64_MiB);
  plan.log_bytes_max =
      std::size_t{resources.families} * shape.log_buffers * plan.write_buffer_bytes;
  return plan;
}

}  // namespace detail

/// The least budget that a profile works with: 0 where there is none.
[[nodiscard]] inline std::size_t memory_bytes_least(const Shape& shape, Resources resources) {
  std::size_t low = 0;
  std::size_t high = SIZE_MAX / 2;
  while (low < high) {
    resources.memory_bytes = low + (high - low) / 2;
    if (detail::try_plan(shape, resources)) {
      high = resources.memory_bytes;
    } else {
      low = resources.memory_bytes + 1;
    }
  }
  return low;
}

/// Errors: invalid_argument, which says how much memory is needed.
[[nodiscard]] inline Result<Plan> plan(const Shape& shape, const Resources& resources) {
  if (resources.cores == 0 || resources.families == 0) {
    return fail(ErrorCode::invalid_argument,
                "profile::Resources::", resources.cores == 0 ? "cores" : "families",
                " is 0; give at least 1");
  }
  auto planned = detail::try_plan(shape, resources);
  if (!planned) {
    return fail(ErrorCode::invalid_argument, "profile::Resources::memory_bytes is ",
                std::to_string(resources.memory_bytes), ": too little for the profile '",
                shape.name, "' with ", std::to_string(resources.families),
                resources.families == 1 ? " family" : " families", "; give at least ",
                std::to_string(memory_bytes_least(shape, resources)));
  }
  return *planned;
}

}  // namespace strata::profile
