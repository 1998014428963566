// SPDX-License-Identifier: BSL-1.0
//
// Golden databases of each filter whose bytes are stored.
#include <vector>

#include <strata/filter.hpp>

#include "script.hpp"

namespace golden {

std::vector<Golden> filters() {
  using Extractor = prefix::Delimited<'/'>;
  return {
      golden_of<TreeSetup<Plain, filter::None>>("filter_none"),
      golden_of<TreeSetup<Plain, filter::Bloom>>("filter_bloom"),
      golden_of<TreeSetup<Plain, filter::BlockedBloom>>("filter_blocked_bloom"),
      golden_of<TreeSetup<Plain, filter::Ribbon>>("filter_ribbon"),
      golden_of<TreeSetup<Plain, filter::BinaryFuse>>("filter_binary_fuse"),
      golden_of<TreeSetup<Plain, filter::Range>>("filter_range"),
      golden_of<TreeSetup<Plain, filter::Prefix<filter::Bloom, Extractor>>>("filter_prefix"),
      golden_of<TreeSetup<Plain, filter::Both<filter::Ribbon, filter::Range>>>("filter_both"),
  };
}

}  // namespace golden
