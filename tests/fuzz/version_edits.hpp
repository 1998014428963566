// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The first edits of a small database, for those who fuzz what follows them.

#include <string>
#include <string_view>
#include <vector>

#include <strata/version/edit.hpp>
#include <strata/version/file_metadata.hpp>

namespace fuzz {

inline strata::version::FileMetadata some_table(std::uint64_t number, std::string_view smallest,
                                                std::string_view largest) {
  strata::version::FileMetadata table;
  table.number = number;
  table.size_bytes = 4096;
  table.smallest = smallest;
  table.largest = largest;
  table.smallest_sequence = number;
  table.largest_sequence = number + 10;
  table.entries = 11;
  return table;
}

inline std::vector<strata::version::VersionEdit> some_edits() {
  strata::version::VersionEdit first;
  first.database_id = 0x5eed;
  first.fingerprint = "composition";
  first.next_file_number = 2;
  first.first_log_segment = 1;
  first.families.push_back({.family = 0, .created = {{"default", "policies"}}});
  first.families.push_back({.family = 1, .created = {{"other", "policies"}}});
  strata::version::VersionEdit flush;
  flush.last_sequence = 40;
  flush.families.push_back({.family = 1});
  auto& family = flush.families.back();
  family.added = {{0, some_table(12, "a", "m")}, {2, some_table(13, "n", "z")}};
  family.added[1].metadata.values = {{14, 500}};
  family.added[1].metadata.largest_exclusive = true;
  family.added[1].metadata.global_sequence = 33;
  family.added[1].metadata.stored_number = 5;
  family.added_values = {{14, 1000}};
  family.flushed_through = 40;
  strata::version::VersionEdit numbers;
  numbers.next_family_id = 70000;
  numbers.last_sequence = 41;
  return {first, flush, numbers};
}

}  // namespace fuzz
