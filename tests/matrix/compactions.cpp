// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <optional>
#include <strata/compaction.hpp>
#include <strata/core/coding.hpp>
#include <strata/testing/compaction_conformance.hpp>
#include <strata/testing/compaction_filter_conformance.hpp>
#include <strata/testing/merge_conformance.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "matrix.hpp"

namespace strata::matrix {

namespace {

/// The first byte of a value is when it ends.
struct FirstByte {
  std::optional<std::uint64_t> operator()(std::string_view, std::string_view value) const {
    return value.empty() ? std::nullopt
                         : std::optional<std::uint64_t>(static_cast<unsigned char>(value[0]));
  }
};
struct LongKeys {
  bool operator()(std::string_view key, std::string_view) const { return key.size() > 8; }
};

template <class C>
void add_compaction(Rows& rows, const typename C::Options& options = {}) {
  using testing::compaction_conformance;
  add<C>(rows,
         together({compaction_conformance<C>(options, 1), compaction_conformance<C>(options, 2)}));
}

template <class... Filters>
void add_compaction_filters(Rows& rows) {
  (add<Filters>(rows, testing::compaction_filter_conformance<Filters>()), ...);
}

template <class... Operators>
void add_merges(Rows& rows, const std::vector<std::string>& samples) {
  (add<Operators>(rows, testing::merge_conformance<Operators>(samples)), ...);
}

[[nodiscard]] std::string integer(std::int64_t number) {
  std::string bytes;
  put_fixed(bytes, number);
  return bytes;
}

}  // namespace

void add_compactions(Rows& rows) {
  using namespace compaction;
  add_compaction<Fifo>(rows, {.bytes_max = 5000,
                              .ttl_seconds = 30,
                              .merge_width = 3,
                              .merge_bytes_max = 3000,
                              .run_bytes = 200});
  add_compaction<LazyLeveled>(rows, {.run_bytes = 200});
  add_compaction<Leveled>(rows, {.level1_bytes = 1000, .file_bytes = 200});
  add_compaction<Manual>(rows);
  add_compaction<Paced<SizeTiered>>(rows);
  add_compaction<SizeTiered>(rows, {.file_bytes = 200});
  add_compaction<TimeWindow>(rows, {.window_seconds = 25, .ttl_seconds = 60, .run_bytes = 200});

  using namespace compaction_filter;
  add_compaction_filters<All<Keep<LongKeys>, Ttl<FirstByte, clock::Frozen>>, Keep<LongKeys>,
                         compaction_filter::None, Ttl<FirstByte, clock::Frozen>>(rows);

  add_merges<merge::Add, merge::Max, merge::Min>(
      rows, {integer(0), integer(1), integer(-1), integer(INT64_MAX), integer(INT64_MIN)});
  add_merges<merge::Append>(rows, {"", "a", "bc"});
  add_merges<merge::None>(rows, {});
  add_merges<merge::SetUnion>(rows, {merge::SetUnion::encode({}), merge::SetUnion::encode({"a"}),
                                     merge::SetUnion::encode({"b", "", "a"})});
}

}  // namespace strata::matrix
