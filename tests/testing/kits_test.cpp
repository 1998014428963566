// SPDX-License-Identifier: BSL-1.0
/// Conformance kits find what they look for: each is given a policy that breaks a promise. That
/// the models of strata keep them is for tests/matrix to say.

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <strata/testing/aead_conformance.hpp>
#include <strata/testing/archetypes/compaction.hpp>
#include <strata/testing/archetypes/keys.hpp>
#include <strata/testing/archetypes/storage.hpp>
#include <strata/testing/archetypes/work.hpp>
#include <strata/testing/checksum_conformance.hpp>
#include <strata/testing/clock_conformance.hpp>
#include <strata/testing/compaction_filter_conformance.hpp>
#include <strata/testing/comparator_conformance.hpp>
#include <strata/testing/executor_conformance.hpp>
#include <strata/testing/merge_conformance.hpp>
#include <strata/testing/metrics_conformance.hpp>
#include <strata/testing/wal_conformance.hpp>
#include <string>
#include <string_view>

using namespace strata;
using namespace strata::testing;

namespace {

/// Shorter keys first, and nothing else: keys of one length are the same to it.
struct ByLength : archetype::Comparator {
  static int compare(std::string_view a, std::string_view b) noexcept {
    return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
  }
};
/// `char` is signed here: not the order of unsigned bytes that it claims.
struct SignedBytes : archetype::Comparator {
  static constexpr bool is_bytewise = true;
  static int compare(std::string_view a, std::string_view b) noexcept {
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
      if (a[i] != b[i]) {
        return a[i] < b[i] ? -1 : 1;
      }
    }
    return ByLength::compare(a, b);
  }
};
struct SumOfBytes : archetype::Checksum {
  static std::uint32_t compute(std::string_view bytes) noexcept { return extend(0, bytes); }
  static std::uint32_t extend(std::uint32_t sum, std::string_view bytes) noexcept {
    for (const char byte : bytes) {
      sum += static_cast<unsigned char>(byte);
    }
    return sum;
  }
};
struct StartsAgain : archetype::Checksum {
  static std::uint32_t extend(std::uint32_t, std::string_view bytes) noexcept {
    return compute(bytes);
  }
};
struct Backwards : archetype::Clock {
  static std::uint64_t now_ns() noexcept {
    static std::uint64_t now = UINT64_MAX;
    return now -= 1000;
  }
};
/// Each operand is appended, but a pair of them the other way round.
struct Reversed : merge::Append {
  static bool combine(std::string_view, std::string_view older, std::string_view newer,
                      std::string& out) {
    out = std::string(newer) + std::string(older);
    return true;
  }
};
struct Forgetful : merge::Append {
  static bool full(std::string_view, const std::string_view*, std::string_view operand,
                   std::string& out) {
    out += operand;  // and what was in the output before
    return true;
  }
};
struct EverySecond : archetype::CompactionFilter {
  bool keep(std::string_view, std::string_view) const {
    thread_local unsigned count = 0;
    return ++count % 3 == 0;
  }
};
struct CountsTwice : archetype::Metrics {
  struct type : archetype::Metrics::type {
    void add(metrics::Counter counter, std::uint64_t n) noexcept {
      archetype::Metrics::type::add(counter, 2 * n);
    }
  };
};
struct NotInline : archetype::Executor {
  struct type : archetype::Executor::type {
    using archetype::Executor::type::type;
    void stop() {}
  };
};
/// Calls once, and never again.
struct OneTick : executor::Threads {
  struct type : executor::Threads::type {
    using executor::Threads::type::type;
    void every(std::uint64_t, void (*run)(void*), void* argument) {
      submit(Lane::flush, run, argument);
    }
  };
};
/// Has ticks wait behind compactions.
struct TicksBehindCompactions : executor::Threads {
  struct type : executor::Threads::type {
    using executor::Threads::type::type;
    void every(std::uint64_t seconds, void (*run)(void*), void* argument) {
      run_ = run;
      argument_ = argument;
      executor::Threads::type::every(
          seconds,
          [](void* self) {
            auto* const own = static_cast<type*>(self);
            own->submit(Lane::compaction, own->run_, own->argument_);
          },
          this);
    }
    ~type() { stop(); }
    void (*run_)(void*) = nullptr;
    void* argument_ = nullptr;
  };
};
struct NoTag : archetype::Encryption {
  struct Cipher : archetype::Encryption::Cipher {
    explicit Cipher(const io::SecretKey& key) : archetype::Encryption::Cipher(key) {}
    Result<bool> open(const io::AeadNonce& nonce, std::string_view aad, char* bytes,
                      std::size_t size, const char* tag) const {
      auto opened = archetype::Encryption::Cipher::open(nonce, aad, bytes, size, tag);
      return opened ? Result<bool>(true) : opened;
    }
  };
  static Result<Cipher> start(const io::SecretKey& key) { return Cipher(key); }
};
/// Says that it keeps a log, and replays none of it.
struct Amnesiac : archetype::Wal {
  template <class Fs, class Checksum, class Visitor>
  static Result<wal::ReplayReport> replay(Fs&, const std::string&, const Options&,
                                          const wal::ReplayOptions&, Visitor&&) {
    return wal::ReplayReport{};
  }
};

bool finds(const Conformance& found, std::string_view promise) {
  for (const std::string& violation : found.violations) {
    if (violation == promise) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("Kits of core find orders, sums and clocks that break their promises") {
  CHECK(finds(comparator_conformance<ByLength>(), "equal keys, and no others, compare equal"));
  CHECK(finds(comparator_conformance<SignedBytes>(),
              "is_bytewise says that the order is that of unsigned bytes"));
  CHECK(finds(checksum_conformance<SumOfBytes>(), "a zero more changes the sum"));
  CHECK(finds(checksum_conformance<StartsAgain>(), "extend goes on where compute ended"));
  CHECK(finds(clock_conformance<Backwards>(), "now_ns never goes back"));
}

TEST_CASE("Kits of compaction find operators and filters that break their promises") {
  CHECK(finds(merge_conformance<Reversed>({"a", "b", "c"}),
              "combined operands give what they give one by one"));
  CHECK(merge_conformance<Forgetful>({"a", "b", "c"}).violations != Sentences{});
  CHECK(
      finds(merge_conformance<merge::Add>({"not eight bytes"}), "well formed operands are taken"));
  CHECK(finds(compaction_filter_conformance<EverySecond>(),
              "each thread, and each copy, judges the same"));
}

TEST_CASE("Kits of what runs and counts find what is lost") {
  CHECK(finds(metrics_conformance<CountsTwice>(), "every addition of every thread is counted"));
  CHECK(finds(executor_conformance<NotInline>(), "what is submitted after stop is dropped"));
  CHECK(finds(executor_conformance<OneTick>({}, std::chrono::seconds(1)),
              "every: calls again and again"));
  CHECK(finds(executor_conformance<TicksBehindCompactions>({}, std::chrono::seconds(1)),
              "every: calls do not wait for compactions"));
}

TEST_CASE("Kits of storage find what opens wrongly, and what is not replayed") {
  CHECK(finds(aead_conformance<NoTag>(), "another tag does not open"));
  CHECK(finds(wal_conformance<Amnesiac>(archetype::FileSystem(), ""),
              "replay visits what was appended, in order"));
}
