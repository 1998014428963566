// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What every fuzz target is made of.
///
/// A file `<decoder>_fuzz.cpp` holds one `Target`: a function that is called with bytes nobody
/// vouches for, and the seeds that it starts from, written by real encoders. Whoever links the
/// file decides what calls it: libfuzzer_main.cpp (one target in a program), or corpus_main.cpp
/// (all of them, as a test).
///
/// Checksums stop blind mutations at the door. So most inputs begin with a byte that says whether
/// the rest is raw, or a description of something that the target seals with right checksums.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/coding.hpp>

namespace fuzz {

/// A broken property is a crash: the one thing that every fuzzer understands.
inline void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!holds) {
    std::fprintf(stderr, "%s:%d: the property does not hold\n", file, line);
    std::abort();
  }
}

/// Takes numbers and strings off the input; zeros and nothing once it is used up.
class Input {
 public:
  explicit Input(std::string_view bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

  template <class Integer = std::uint8_t>
  [[nodiscard]] Integer number() noexcept {
    char bytes[sizeof(Integer)] = {};
    const std::string_view taken = take(sizeof(Integer));
    taken.copy(bytes, taken.size());
    return strata::load_fixed<Integer>(bytes);
  }
  [[nodiscard]] std::string_view take(std::size_t size) noexcept {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  /// Its length is two bytes before it.
  [[nodiscard]] std::string_view string() noexcept {
    const auto size = number<std::uint16_t>();
    return take(size);
  }

 private:
  std::string_view rest_;
};

/// What `Input::string` takes.
[[nodiscard]] inline std::string sized(std::string_view bytes) {
  std::string out;
  strata::put_fixed(out, static_cast<std::uint16_t>(bytes.size()));
  return out.append(bytes);
}

/// An input to start from. The name is the file's.
struct Seed {
  std::string name;
  std::string bytes;
};

/// Registers itself; lives as long as the program.
class Target {
 public:
  using Run = void (*)(std::string_view bytes);
  using Seeds = std::vector<Seed> (*)();

  Target(std::string_view target_name, Run test, Seeds make_seeds)
      : name_(target_name), run_(test), seeds_(make_seeds), next_(first()) {
    first() = this;
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  [[nodiscard]] std::string_view name() const { return name_; }
  void run(std::string_view bytes) const { run_(bytes); }
  [[nodiscard]] std::vector<Seed> seeds() const { return seeds_(); }
  [[nodiscard]] const Target* next() const { return next_; }
  [[nodiscard]] static Target*& first() {
    static Target* head = nullptr;
    return head;
  }

 private:
  std::string_view name_;
  Run run_;
  Seeds seeds_;
  const Target* next_;
};

}  // namespace fuzz
