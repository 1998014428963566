// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A program of workloads: `program <name>` runs one and prints how many operations it measured.
///
/// Callgrind counts only what `measured` runs; what goes before it is not even instrumented. A
/// workload is the same in each run: its keys come from a seed, its files are in memory, and
/// background work is done by the one thread there is.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <valgrind/callgrind.h>

#include <strata/core/error.hpp>

namespace instructions {

[[noreturn]] inline void die(std::string_view what) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}
template <class T>
T must(strata::Result<T> result) {
  if (!result) {
    die(strata::to_string(result.error()));
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}
inline void must(bool expected, std::string_view what) {
  if (!expected) {
    die(what);
  }
}

/// Hides from the compiler that nobody looks at `value`.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

template <class Work>
void measured(std::uint64_t operations, Work&& work) {
  CALLGRIND_START_INSTRUMENTATION;
  work();
  CALLGRIND_STOP_INSTRUMENTATION;
  std::printf("%llu\n", static_cast<unsigned long long>(operations));
}

/// Sixteen digits; even numbers are present, odd ones are not.
inline std::string key_of(std::uint64_t number) {
  std::string key(16, '0');
  for (std::size_t i = 16; number != 0; number /= 10) {
    key[--i] = static_cast<char>('0' + number % 10);
  }
  return key;
}
inline std::vector<std::string> sorted_keys(std::size_t count, std::uint64_t offset = 0) {
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < count; ++i) {
    keys.push_back(key_of(2 * i + offset));
  }
  return keys;
}
inline std::vector<std::string> shuffled_keys(std::size_t count, std::uint64_t offset = 0) {
  std::vector<std::string> keys = sorted_keys(count, offset);
  std::mt19937_64 random(42);
  for (std::size_t i = count; i > 1; --i) {  // std::shuffle is not the same everywhere
    std::swap(keys[i - 1], keys[random() % i]);
  }
  return keys;
}
inline const std::string value(100, 'v');

struct Workload {
  std::string_view name;
  void (*run)();
};

/// `program`: lists the names. `program <name>`: runs that workload.
inline int run(int count, char** arguments, std::initializer_list<Workload> workloads) {
  for (const Workload& workload : workloads) {
    if (count < 2) {
      std::printf("%.*s\n", static_cast<int>(workload.name.size()), workload.name.data());
    } else if (workload.name == arguments[1]) {
      workload.run();
      return 0;
    }
  }
  return count < 2 ? 0 : 2;
}

}  // namespace instructions
