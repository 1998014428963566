// SPDX-License-Identifier: BSL-1.0
/// The kits of tables and of value files find what they look for: each is given a policy that
/// breaks a promise, and names that promise and no other.

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <strata/io/memory.hpp>
#include <strata/testing/archetypes/table.hpp>
#include <strata/testing/table_format_conformance.hpp>
#include <strata/testing/value_separation_conformance.hpp>
#include <string>
#include <string_view>
#include <utility>

using namespace strata;
using namespace strata::testing;

namespace {

using archetype::TableFormat;

/// A builder of the default format, made as one that derives from it.
template <class Spec, class Broken>
struct Builds : table::Builder<Spec> {
  using Base = table::Builder<Spec>;
  explicit Builds(Base base) : Base(std::move(base)) {}
  static Result<Broken> create(io::Memory& fs, const std::string& path, std::uint64_t number,
                               const typename Base::Options& options) {
    return Base::create(fs, path, number, options).map([](Base made) {
      return Broken(std::move(made));
    });
  }
};

/// Keeps no erasures.
struct DropsErasures : TableFormat {
  template <class Spec>
  struct builder : Builds<Spec, builder<Spec>> {
    using Builds<Spec, builder>::Builds;
    Result<void> add(std::string_view key, Trailer trailer, std::string_view value) {
      return trailer.kind() == EntryKind::erase ? Result<void>()
                                                : table::Builder<Spec>::add(key, trailer, value);
    }
  };
};

/// Counts each entry twice.
struct CountsTwice : TableFormat {
  template <class Spec>
  struct builder : Builds<Spec, builder<Spec>> {
    using Builds<Spec, builder>::Builds;
    std::uint64_t entries() const { return 2 * table::Builder<Spec>::entries(); }
  };
};

/// A reader before another, to which it passes what `Broken` does not break.
template <class Spec, class Cache, class Broken>
class Reads {
  using Inner = table::Reader<Spec, Cache>;

 public:
  explicit Reads(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}
  static Result<std::unique_ptr<Broken>> open(io::Memory& fs, const std::string& path,
                                              const table::Identity& identity, Cache& cache) {
    return Inner::open(fs, path, identity, cache).map([](std::unique_ptr<Inner> inner) {
      return std::make_unique<Broken>(std::move(inner));
    });
  }
  Result<void> verify() const { return inner_->verify(); }
  template <class Probe, class Visit>
  Result<void> get(std::string_view key, Sequence sequence, const Probe& probe,
                   const table::ReadOptions& options, Visit&& visit) const {
    return inner_->get(key, sequence, probe, options, visit);
  }
  struct Cursor : Inner::Cursor {
    Cursor(const Reads& reader, const table::ReadOptions& options)
        : Inner::Cursor(*reader.inner_, options) {}
  };

 private:
  std::unique_ptr<Inner> inner_;
};

/// Finds the newest version, whatever the reader may see.
struct FindsTheFuture : TableFormat {
  template <class Spec, class Cache>
  struct reader : Reads<Spec, Cache, reader<Spec, Cache>> {
    using Base = Reads<Spec, Cache, reader>;
    using Base::Base;
    template <class Probe, class Visit>
    Result<void> get(std::string_view key, Sequence, const Probe& probe,
                     const table::ReadOptions& options, Visit&& visit) const {
      return Base::get(key, sequence_max, probe, options, visit);
    }
  };
};

/// Looks at nothing when it is to look at everything.
struct Trusts : TableFormat {
  template <class Spec, class Cache>
  struct reader : Reads<Spec, Cache, reader<Spec, Cache>> {
    using Reads<Spec, Cache, reader>::Reads;
    Result<void> verify() const { return {}; }
  };
};

/// Starts a scan backwards at the first entry.
struct StartsAtTheWrongEnd : TableFormat {
  template <class Spec, class Cache>
  struct reader : Reads<Spec, Cache, reader<Spec, Cache>> {
    using Base = Reads<Spec, Cache, reader>;
    using Base::Base;
    struct Cursor : Base::Cursor {
      using Base::Cursor::Cursor;
      void seek_to_last() { this->seek_to_first(); }
    };
  };
};

/// Separates nothing, though it says so.
struct Claims : archetype::ValueSeparation {
  struct Options {
    std::size_t threshold_bytes = 1'000'000;
    std::uint64_t file_bytes = 10'000;
    double garbage_ratio = 0.5;
  };
};

/// Collects a file when all of it is garbage.
struct Hoards : archetype::ValueSeparation {
  struct Options {
    std::size_t threshold_bytes = 100;
    std::uint64_t file_bytes = 10'000;
    double garbage_ratio = 1;
  };
};

template <class T>
Sentences broken_by() {
  return table_format_conformance<T>().violations;
}

}  // namespace

TEST_CASE("The kit names what a broken builder of tables breaks") {
  CHECK(broken_by<CountsTwice>() == Sentences{"a builder counts its entries"});
  CHECK(broken_by<DropsErasures>() ==
        Sentences{"a builder counts its entries", "a cursor shows what was added, in order",
                  "a scan meets every version", "so does a scan backwards",
                  "a version is found by its key"});
}

TEST_CASE("The kit names what a broken reader of tables breaks") {
  CHECK(broken_by<FindsTheFuture>() == Sentences{"a version is found by its key"});
  CHECK(broken_by<StartsAtTheWrongEnd>() ==
        Sentences{"a cursor shows what was added, in order", "so does a scan backwards"});
  CHECK(broken_by<Trusts>() ==
        Sentences{"a flipped bit is an error, at open or when it is looked for"});
}

TEST_CASE("The kit names what a broken separation of values breaks") {
  CHECK(value_separation_conformance<Claims>().violations ==
        Sentences{"large values lie in value files where the policy separates, and only there"});
  CHECK(value_separation_conformance<Hoards>().violations ==
        Sentences{"compactions collect garbage as they pass"});
}
