// SPDX-License-Identifier: BSL-1.0

/// File systems beside each other, in a directory under $TMPDIR or /tmp.
///
///     log_append/<fs>        records of 130 bytes, as a buffered commit writes them
///     write/<fs>             a file of 16 MiB in appends of 4 KiB, with one sync in the end
///     read/<fs>              4 KiB at random places of it; `posix` finds them in the page cache
///     read_many_32/<fs>      the same, 32 at once

#include <benchmark/benchmark.h>

#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/io.hpp>
#include <strata/io/encrypted.hpp>
#include <strata/io/uring.hpp>

namespace {

using namespace strata;

constexpr std::size_t file_bytes = 16_MiB;
constexpr std::size_t read_bytes = 4_KiB;

std::string directory() {
  const char* const base = ::getenv("TMPDIR");
  std::string path = io::join(base != nullptr ? base : "/tmp", "strata_bench_XXXXXX");
  return ::mkdtemp(path.data()) != nullptr ? path : std::string();
}

/// A file system and a directory of its own.
template <class Fs>
struct Place {
  Fs fs;
  std::string path = directory();

  explicit Place(Fs files) : fs(std::move(files)) {}
  ~Place() {
    if (const auto names = fs.list(path)) {
      for (const std::string& name : *names) {
        (void)fs.remove(io::join(path, name));
      }
    }
    (void)fs.remove_directory(path);
  }
  [[nodiscard]] bool write_file(const std::string& name) {
    auto file = fs.create(io::join(path, name));
    const std::string block(read_bytes, 'x');
    bool good = bool(file);
    for (std::size_t done = 0; good && done < file_bytes; done += block.size()) {
      good = bool(file->append(block));
    }
    return good && file->sync() && file->close();
  }
};

template <class Fs>
Fs make() {
  return Fs();
}
template <class Fs>
Fs make_encrypted() {
  io::Memory keys;
  return Fs(io::KeyRing::create(keys, "/ring", {"m", io::SecretKey()}).value());
}
template <>
io::Encrypted<io::Posix, aead::Aes256Gcm> make() {
  return make_encrypted<io::Encrypted<io::Posix, aead::Aes256Gcm>>();
}
template <>
io::Encrypted<io::Posix, aead::ChaCha20Poly1305> make() {
  return make_encrypted<io::Encrypted<io::Posix, aead::ChaCha20Poly1305>>();
}
/// Limited, but never waiting: the cost of asking.
template <>
io::RateLimited<io::Posix> make() {
  return io::RateLimited<io::Posix>({.write_bytes_per_second = std::uint64_t{1} << 50,
                                     .read_bytes_per_second = std::uint64_t{1} << 50,
                                     .burst_bytes = 1_GiB,
                                     .limit_logs = true});
}

template <class Fs>
void log_append(benchmark::State& state) {
  Place<Fs> place(make<Fs>());
  const std::string header(32, 'h');
  const std::string payload(98, 'p');
  int number = 0;
  auto log = place.fs.create_log(io::join(place.path, "0"), 64_MiB);
  for (auto _ : state) {
    if (log && log->size_bytes() > 60_MiB) {
      state.PauseTiming();
      (void)place.fs.remove(io::join(place.path, std::to_string(number)));
      log = place.fs.create_log(io::join(place.path, std::to_string(++number)), 64_MiB);
      state.ResumeTiming();
    }
    if (!log || !log->append(header, payload)) {
      return state.SkipWithError("append");
    }
  }
}

template <class Fs>
void write(benchmark::State& state) {
  Place<Fs> place(make<Fs>());
  for (auto _ : state) {
    if (!place.write_file("file")) {
      return state.SkipWithError("write");
    }
    state.PauseTiming();
    (void)place.fs.remove(io::join(place.path, "file"));
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file_bytes));
}

template <class Fs>
void read_at_once(benchmark::State& state, std::size_t count) {
  Place<Fs> place(make<Fs>());
  if (!place.write_file("file")) {
    return state.SkipWithError("write");
  }
  auto file = place.fs.open(io::join(place.path, "file"));
  std::vector<std::string> to(count, std::string(read_bytes, '\0'));
  std::vector<io::ReadRequest> requests(count);
  std::mt19937_64 random(1);
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      requests[i] = {random() % (file_bytes - read_bytes), to[i].data(), read_bytes};
    }
    if (!file || !io::read_many(*file, requests)) {
      return state.SkipWithError("read");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

template <class Fs>
void run(const std::string& name) {
  benchmark::RegisterBenchmark(("log_append/" + name).c_str(), log_append<Fs>);
  benchmark::RegisterBenchmark(("write/" + name).c_str(), write<Fs>)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark(("read/" + name).c_str(), read_at_once<Fs>, std::size_t{1});
  benchmark::RegisterBenchmark(("read_many_32/" + name).c_str(), read_at_once<Fs>, std::size_t{32});
}

}  // namespace

int main(int argc, char** argv) {
  run<io::Posix>("posix");
  run<io::RateLimited<io::Posix>>("rate_limited");
  run<io::Encrypted<io::Posix, aead::Aes256Gcm>>("aes_256_gcm");
  run<io::Encrypted<io::Posix, aead::ChaCha20Poly1305>>("chacha20_poly1305");
  run<io::Direct>("direct");
  run<io::Uring>("uring");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
