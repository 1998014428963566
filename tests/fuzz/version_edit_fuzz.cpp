// SPDX-License-Identifier: BSL-1.0
//
// Edits of the manifest: what is accepted is the same after it was written again, and a state
// takes it or refuses it.
#include <string>
#include <string_view>
#include <vector>

#include <strata/version/edit.hpp>
#include <strata/version/state.hpp>

#include "fuzz.hpp"
#include "version_edits.hpp"

namespace {

using namespace strata;
using version::VersionEdit;

void run(std::string_view bytes) {
  const auto edit = version::decode_edit(bytes);
  if (!edit) {
    return;
  }
  const auto again = version::decode_edit(version::encode_edit(*edit));
  fuzz::require(again.has_value());
  fuzz::require(*again == *edit);
  version::State state;
  for (const VersionEdit& before : fuzz::some_edits()) {
    fuzz::require(state.apply(before).has_value());
  }
  if (!state.apply(*edit)) {
    return;
  }
  version::State copy;
  fuzz::require(copy.apply(state.to_edit()).has_value());
  fuzz::require(copy.to_edit() == state.to_edit());
}

std::vector<fuzz::Seed> seeds() {
  std::vector<fuzz::Seed> seeds;
  for (const VersionEdit& edit : fuzz::some_edits()) {
    seeds.push_back({"edit" + std::to_string(seeds.size()), version::encode_edit(edit)});
  }
  VersionEdit after;
  after.families.push_back({.family = 1});
  after.families.back().deleted = {{0, 12}};
  after.families.back().added = {{1, fuzz::some_table(12, "a", "m")}};
  seeds.push_back({"moves_a_table", version::encode_edit(after)});
  after.families.back() = {.family = 1, .dropped = true};
  seeds.push_back({"drops_a_family", version::encode_edit(after)});
  return seeds;
}

const fuzz::Target target("version_edit", run, seeds);

}  // namespace
