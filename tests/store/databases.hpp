// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The databases that the tests of transactions and stores run on. Each holder makes a fresh, empty
/// database and gives it out as `db`.

#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/testing/map_database.hpp>

namespace databases {

template <strata::FixedString... Families>
struct OnMap {
  using Db = strata::testing::MapDatabase<Families...>;
  Db db;
};

/// The reference database with a pause after each read: what happens between the reads of a unit
/// and its commit happens often, as with a disk.
template <strata::FixedString... Families>
class PausingMap : public strata::testing::MapDatabase<Families...> {
  using Base = strata::testing::MapDatabase<Families...>;

 public:
  class Family : public Base::Family {
   public:
    explicit Family(const typename Base::Family& family) : Base::Family(family) {}
    [[nodiscard]] strata::Result<std::optional<std::string>> get(
        std::string_view key, const strata::ReadOptions& options = {}) const {
      auto found = Base::Family::get(key, options);
      std::this_thread::yield();
      return found;
    }
  };
  template <strata::FixedString Name>
  [[nodiscard]] Family family() {
    return Family(Base::template family<Name>());
  }
};

template <strata::FixedString... Families>
struct OnPausingMap {
  using Db = PausingMap<Families...>;
  Db db;
};

/// The engine itself, with memtables so small that a test's writes reach several levels.
template <strata::FixedString... Families>
struct OnEngine {
  using Db = strata::Database<strata::Family<Families>..., strata::io::Memory>;
  Db db = open();

 private:
  static Db open() {
    typename Db::Options options;
    options.write_buffer_bytes = 60'000;
    options.wal.segment_bytes = 30'000;
    std::apply([](auto&... family) { (shrink(family), ...); }, options.families);
    return std::move(Db::open("/db", options).value());
  }
  static void shrink(auto& family) {
    family.compaction.level0_trigger = 2;
    family.compaction.level1_bytes = 60'000;
    family.compaction.file_bytes = 20'000;
    family.table_format.block_bytes = 512;
  }
};

/// For `TEMPLATE_LIST_TEST_CASE`.
template <strata::FixedString... Families>
using all = std::tuple<OnMap<Families...>, OnEngine<Families...>>;
/// For tests with several threads.
template <strata::FixedString... Families>
using racing = std::tuple<OnMap<Families...>, OnPausingMap<Families...>, OnEngine<Families...>>;

}  // namespace databases
