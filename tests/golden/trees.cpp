// SPDX-License-Identifier: BSL-1.0
//
// Golden databases of one family: compressions, indexes, the log, range erases, values beside
// tables, a checkpoint.
#include <string>
#include <utility>
#include <vector>

#include <strata/compression/lz4.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/table/index_eytzinger.hpp>
#include <strata/table/index_learned.hpp>

#include "script.hpp"

namespace golden {
namespace {

struct WithDictionary : Plain {
  static void tune(auto& options) { options.compression.dictionary_bytes = 512; }
  static Script script() {
    Script script;
    for (int i = 0; i < 300; ++i) {
      script.push_back({Step::put, key_of(i), value_of(i, "of a dictionary, as of all others")});
    }
    script.push_back({Step::flush});
    script.push_back({Step::compact});
    return script;
  }
};
struct Hashed : Plain {
  static void tune(auto& options) { options.table_format.block_hash = true; }
};
struct Partitioned : Plain {
  static void tune(auto& options) {
    options.table_format.block_bytes = 100;
    options.table_format.partition_bytes = 100;
  }
};
/// Three segments that nobody flushed, in records of one and of several writes.
struct Unflushed : Plain {
  static void tune(auto& options) { options.wal.segment_bytes = 1'500; }
  static Script script() {
    Script script = two_levels();
    for (int i = 0; i < 40; ++i) {
      script.push_back({Step::put, "log/" + std::to_string(i), value_of(i, "in the log")});
    }
    script.push_back({Step::erase, key_of(1)});
    script.push_back({Step::erase_range, key_of(30), key_of(33)});
    return script;
  }
};
struct RangeErased : Plain {
  static Script script() {
    Script script = two_levels();
    script.push_back({Step::erase_range, key_of(10), key_of(20)});
    script.push_back({Step::put, key_of(15), "after the range was erased"});
    script.push_back({Step::erase_range, key_of(40), "zzzz"});
    script.push_back({Step::flush});
    return script;
  }
};
struct LargeValues : Plain {
  static void tune(auto& options) { options.value_separation.threshold_bytes = 100; }
  static Script script() {
    Script script;
    for (int i = 0; i < 24; ++i) {
      script.push_back({Step::put, key_of(i), value_of(i, std::string(i % 3 == 0 ? 120 : 5, 'x'))});
    }
    script.push_back({Step::flush});
    script.push_back({Step::compact});
    for (int i = 0; i < 24; i += 6) {
      script.push_back({Step::put, key_of(i), value_of(i, std::string(130, 'y'))});
    }
    script.push_back({Step::flush});
    return script;
  }
};

/// What a database wrote elsewhere, by links.
struct CheckpointSetup : TreeSetup<Plain> {
  static void finish(Db& db, io::Memory& fs) {
    must(db.checkpoint("/copy"));
    must(db.close());
    const std::vector<std::string> old = fs.list("/db").value();
    for (const std::string& name : old) {
      must(fs.remove("/db/" + name));
    }
    const std::vector<std::string> names = fs.list("/copy").value();
    for (const std::string& name : names) {
      must(fs.rename("/copy/" + name, "/db/" + name));
    }
  }
};

}  // namespace

std::vector<Golden> trees() {
  return {
      golden_of<TreeSetup<Plain>>("default"),
      golden_of<TreeSetup<Plain, compression::Lz4>>("lz4"),
      golden_of<TreeSetup<WithDictionary, compression::Zstd>>("zstd_dictionary"),
      golden_of<TreeSetup<Plain, index::Eytzinger>>("eytzinger"),
      golden_of<TreeSetup<Plain, index::Learned>>("learned"),
      golden_of<TreeSetup<Hashed>>("hashed_blocks"),
      golden_of<TreeSetup<Partitioned>>("partitioned"),
      golden_of<TreeSetup<Unflushed>>("log"),
      golden_of<TreeSetup<RangeErased>>("range_erase"),
      golden_of<TreeSetup<LargeValues, value_separation::ValueLog>>("value_log"),
      golden_of<CheckpointSetup>("checkpoint"),
  };
}

}  // namespace golden
