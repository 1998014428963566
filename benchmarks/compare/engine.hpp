// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What an engine has to offer to be compared: `Engine`, modelled by one header for each.
///
/// The same for all: no compression; 16-byte keys; a budget of memory, `Setup::cache_bytes` for
/// the cache and `Setup::write_buffers` write buffers of `write_buffer_bytes` (an engine whose one
/// cache holds both gets the sum; LMDB has the page cache, all of it). Unsynced rows: a write that
/// was acknowledged survives the process, by a log written to the file or a shared mapping.
/// Synced rows: it survives the loss of power. Where an engine's documentation leaves a choice, the
/// one that is faster here is taken. A failure of any call, and any wrong answer, ends the program:
/// a benchmark of errors is worth nothing.

#include <unistd.h>

#include <concepts>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace compare {

/// Ends this process without another word from any engine's threads.
[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "compare: %s\n", what.c_str());
  std::fflush(stderr);
  ::_exit(1);
}

struct Setup {
  static constexpr std::size_t write_buffers = 3;

  std::string directory{};
  std::size_t cache_bytes = 0;
  std::size_t write_buffer_bytes = std::size_t{64} << 20;
  bool synced = false;
};

struct Pair {
  std::string_view key;
  std::string_view value;
};

/// Called with a value that was found, or not at all.
struct ValueVisitor {
  void operator()(std::string_view) const {}
};
/// Called with each entry of a scan; false ends it.
struct EntryVisitor {
  bool operator()(std::string_view, std::string_view) const { return true; }
};
/// Hands out sorted entries, until it answers false.
struct EntrySource {
  bool operator()(Pair&) const { return false; }
};

/// One thread's way into an engine: made and used by that thread alone.
template <class S>
concept Session = requires(S& session, std::string_view bytes, const std::vector<Pair>& pairs) {
  session.put(bytes, bytes);
  session.write(pairs);  // all of them or none
  session.erase(bytes);
  { session.get(bytes, ValueVisitor()) } -> std::same_as<bool>;
  session.scan(bytes, EntryVisitor());  // from the first key that is not less
};

template <class E>
concept Engine = std::default_initializable<E> &&
    requires(E& engine, const Setup& setup, EntrySource& source) {
  { E::name } -> std::convertible_to<std::string_view>;
  { E::configuration } -> std::convertible_to<std::string_view>;  // a line for the JSON
  { E::is_lsm } -> std::convertible_to<bool>;
  { E::version() } -> std::convertible_to<std::string>;
  engine.open(setup);  // creates what is not there
  { engine.session() } -> Session;
  engine.settle();           // to the shape that the engine strives for when idle
  engine.bulk_load(source);  // into an empty database; durable when it returns
  engine.close();
};

}  // namespace compare
