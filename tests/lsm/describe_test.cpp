// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>
#include <strata/cache/lru.hpp>
#include <strata/compaction/merge.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/describe.hpp>
#include <strata/lsm/engine.hpp>
#include <string>

using namespace strata;

TEST_CASE("A composition describes itself, a slot a line") {
  CHECK(describe<LsmTree<io::Memory, cache::Lru>>() ==
        "file_system        memory\n"
        "wal                group_commit\n"
        "cache              lru\n"
        "clock              steady\n"
        "metrics            counters\n"
        "checksum           crc32c\n"
        "executor           threads\n"
        "family \"default\"\n"
        "  memtable           btree\n"
        "  table_format       block_based\n"
        "  table_index        binary\n"
        "  filter             bloom\n"
        "  compression        none\n"
        "  compaction         leveled\n"
        "  compaction_filter  none\n"
        "  merge              none\n"
        "  comparator         bytewise\n"
        "  value_separation   none\n");
}

TEST_CASE("Engines, compositions, and structs that name one describe themselves alike") {
  struct Orders : compose<cache::Lru>::type {};
  const std::string expected = describe<LsmTree<cache::Lru>>();
  CHECK(describe<compose<cache::Lru>::type>() == expected);
  CHECK(describe<Orders>() == expected);
  CHECK(describe<Engine<Orders>>() == expected);
}

TEST_CASE("Each family of a database is described under its name") {
  const std::string text = describe<Database<Family<"docs">, Family<"hits", merge::Add>>>();
  CHECK_THAT(text, Catch::Contains("\nfamily \"docs\"\n  memtable "));
  CHECK_THAT(text, Catch::Contains("\nfamily \"hits\"\n  memtable "));
  CHECK_THAT(text, Catch::Contains("  merge              add_i64\n"));
  CHECK(text.find("docs") < text.find("hits"));
}

TEST_CASE("The manifest's description is one line that names every slot") {
  const std::string line = lsm::describe<compose<cache::Lru>::type>();
  CHECK_THAT(line, Catch::StartsWith("file_system=posix, wal=group_commit, cache=lru, "));
  CHECK_THAT(line, Catch::EndsWith(", comparator=bytewise, value_separation=none>"));
  CHECK_THAT(line, Catch::Contains("executor=threads; Family<\"default\", memtable=btree, "));
}
