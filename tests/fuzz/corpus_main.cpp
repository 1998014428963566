// SPDX-License-Identifier: BSL-1.0
//
// Runs targets without a fuzzer: over files, and over mutations of them that are the same each
// time. Beyond 64 MiB an allocation fails the run, as it does under the fuzzer.
//
//   strata_fuzz_test corpus <target> <directory> <mutations>
//   strata_fuzz_test replay <target> <file>...
//   strata_fuzz_test seeds <directory>           writes <directory>/<target>/<seed>
//   strata_fuzz_test list
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.hpp"

namespace {

constexpr std::size_t allocation_bytes_max = std::size_t{64} << 20;

void* allocate(std::size_t size) {
  if (size > allocation_bytes_max) {
    std::fprintf(stderr, "an allocation of %zu bytes\n", size);
    std::abort();
  }
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

namespace files = std::filesystem;

/// What is being run, so that it can be kept should it end the program.
std::string_view running;

extern "C" void keep_running_input(int signal) {
  std::ofstream("fuzz_failure.bin", std::ios::binary).write(running.data(), std::ssize(running));
  std::fputs("the input is in fuzz_failure.bin\n", stderr);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const fuzz::Target& target, std::string_view bytes) {
  // A copy of the right size: what reads beyond its end is seen by valgrind and AddressSanitizer.
  const std::vector<char> exact(bytes.begin(), bytes.end());
  running = {exact.data(), exact.size()};
  target.run(running);
}

std::string read(const files::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Inputs in the order of their names: mutations depend on it.
std::vector<std::string> read_all(const files::path& directory) {
  std::vector<files::path> paths;
  for (const auto& entry : files::directory_iterator(directory)) {
    paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<std::string> inputs;
  for (const files::path& path : paths) {
    inputs.push_back(read(path));
  }
  return inputs;
}

class Mutator {
 public:
  /// One to four changes, each at a place of its own.
  std::string mutate(const std::vector<std::string>& inputs) {
    std::string bytes = inputs[below(inputs.size())];
    for (std::size_t left = 1 + below(4); left > 0; --left) {
      change(bytes, inputs);
    }
    return bytes;
  }

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

  void change(std::string& bytes, const std::vector<std::string>& inputs) {
    const std::size_t at = below(bytes.size() + 1);
    const std::size_t span = below(std::min<std::size_t>(bytes.size() - at, 16) + 1);
    switch (below(7)) {
      case 0: bytes.resize(at); break;
      case 1: bytes.erase(at, span); break;
      case 2: bytes.insert(at, bytes.substr(at, span)); break;
      case 3: bytes.insert(at, 1 + below(8), static_cast<char>(random_())); break;
      case 4: {  // numbers that lengths and counts do not expect
        constexpr std::uint64_t odd[] = {
            0,      1,         0x7f,       0x80,       0xff,
            0xffff, INT32_MAX, UINT32_MAX, UINT64_MAX, std::uint64_t{1} << 63};
        char number[8];
        strata::store_fixed(number, odd[below(std::size(odd))]);
        bytes.replace(at, std::size_t{1} << below(4), number, std::size_t{1} << below(4));
        break;
      }
      case 5: {  // the rest of another one
        const std::string& other = inputs[below(inputs.size())];
        bytes.resize(at);
        bytes += other.substr(below(other.size() + 1));
        break;
      }
      default:
        if (at < bytes.size()) {
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        }
    }
    bytes.resize(std::min<std::size_t>(bytes.size(), 1 << 16));
  }

  std::mt19937_64 random_;  // the default seed: the same mutations each time
};

int run_corpus(const fuzz::Target& target, const files::path& directory, int mutations) {
  const std::vector<std::string> inputs = read_all(directory);
  if (inputs.empty()) {
    std::fprintf(stderr, "%s: no inputs\n", directory.c_str());
    return 1;
  }
  run(target, "");
  for (const std::string& input : inputs) {
    run(target, input);
  }
  Mutator mutator;
  for (int i = 0; i < mutations; ++i) {
    run(target, mutator.mutate(inputs));
  }
  std::printf("%zu inputs, %d mutations\n", inputs.size(), mutations);
  return 0;
}

void write_seeds(const files::path& root) {
  for (const fuzz::Target* target = fuzz::Target::first(); target; target = target->next()) {
    const files::path directory = root / target->name();
    files::create_directories(directory);
    for (const fuzz::Seed& seed : target->seeds()) {
      std::ofstream(directory / seed.name, std::ios::binary)
          .write(seed.bytes.data(), std::ssize(seed.bytes));
    }
  }
}

const fuzz::Target* find(std::string_view name) {
  const fuzz::Target* target = fuzz::Target::first();
  while (target != nullptr && target->name() != name) {
    target = target->next();
  }
  return target;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string command = words.empty() ? "" : words[0];
  if (command == "list") {
    for (const fuzz::Target* target = fuzz::Target::first(); target; target = target->next()) {
      std::printf("%s\n", std::string(target->name()).c_str());
    }
    return 0;
  }
  if (command == "seeds" && words.size() == 2) {
    write_seeds(words[1]);
    return 0;
  }
  const fuzz::Target* const target = words.size() < 2 ? nullptr : find(words[1]);
  if (target == nullptr) {
    std::fputs(
        "usage: corpus <target> <directory> <mutations> | replay <target> <file>... | "
        "seeds <directory> | list\n",
        stderr);
    return 2;
  }
  std::signal(SIGABRT, keep_running_input);
  std::signal(SIGSEGV, keep_running_input);
  if (command == "corpus" && words.size() == 4) {
    return run_corpus(*target, words[2], std::stoi(words[3]));
  }
  for (std::size_t i = 2; i < words.size(); ++i) {
    run(*target, read(words[i]));
  }
  return 0;
}
