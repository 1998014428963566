// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Series into groups, time into buckets: the frame around store/time_series_accumulator.hpp.
///
/// Buckets are [k * interval, (k + 1) * interval) for every whole k, from 1970 on and before, so
/// two queries with one interval have the same bounds whatever their ranges. Points arrive series
/// after series, each oldest first: a bucket is looked up when the time passes a bound, not for
/// each point. Memory grows with the buckets that have points; with all points where a quantile is
/// asked.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/time_series_accumulator.hpp>
#include <strata/store/time_series_types.hpp>

namespace strata::store {

/// What stands for a bucket without points. Its `count` is 0, and so is the function of that name.
enum class Fill : std::uint8_t {
  omit,      ///< Nothing: the bucket is left out.
  null,      ///< No values.
  zero,      ///< Zeros.
  previous,  ///< The values of the bucket before; none before the first.
};

/// Filled buckets reach over the whole range; where an end of the range is open, to the first or
/// last bucket of any group that has points.
struct AggregateQuery {
  Selector selector = {};
  TimeRange range = {};
  /// The width of a bucket; 0: one bucket for the range, named by the range's start.
  std::int64_t interval_ms = 0;
  std::vector<Function> functions = {};
  /// Series that agree in these tags are one group; none: all series are.
  std::vector<std::string> group_by = {};
  Fill fill = Fill::omit;
};

struct AggregatedSeries {
  struct Bucket {
    std::int64_t start_ms = 0;
    std::uint64_t count = 0;
    std::vector<std::optional<double>> values;  ///< One a function, in their order.
  };

  /// The tags of `group_by`; those that are absent are left out.
  Tags group;
  std::vector<Bucket> buckets;
};

/// More than these in one answer are refused.
inline constexpr std::uint64_t aggregate_buckets_max = 1'000'000;

namespace detail {

/// Requires: the query outlives it.
class Aggregator {
 public:
  /// Errors: `invalid_argument` names the field.
  [[nodiscard]] static Result<Aggregator> make(const AggregateQuery& query) {
    if (query.interval_ms < 0) {
      return fail(ErrorCode::invalid_argument, "interval_ms is ", std::to_string(query.interval_ms),
                  "; give a width above 0, or 0 for one bucket");
    }
    for (const auto& function : query.functions) {
      if (function.kind == Function::Kind::quantile && !(function.q >= 0 && function.q <= 1)) {
        return fail(ErrorCode::invalid_argument, "the quantile ", std::to_string(function.q),
                    " is not within 0 and 1; the 95th percentile is quantile(0.95)");
      }
    }
    if (std::find(query.group_by.begin(), query.group_by.end(), "") != query.group_by.end()) {
      return fail(ErrorCode::invalid_argument, "group_by has an empty tag; name the tags");
    }
    return Aggregator(query);
  }

  void begin_series(const Tags& tags) {
    leave_bucket();
    previous_.reset();
    Tags group;
    for (const auto& tag : query_->group_by) {
      if (const auto found = tags.find(tag); found != tags.end()) {
        group.insert(*found);
      }
    }
    group_ = &groups_[std::move(group)];
  }
  /// False: there are too many buckets, `finish` will say so.
  [[nodiscard]] bool add(const Point& point) {
    const std::int64_t index = index_of(point.time_ms);
    if (bucket_ == nullptr || index != index_) {
      leave_bucket();
      const auto [at, made] = group_->try_emplace(index);
      bucket_ = &at->second;
      index_ = index;
      bucket_count_ += made ? 1 : 0;
    }
    bucket_->add(point, previous_, keep_values_);
    previous_ = point;
    return bucket_count_ <= aggregate_buckets_max;
  }

  /// The groups in the order of their tags. Errors: `invalid_argument` for too many buckets.
  [[nodiscard]] Result<std::vector<AggregatedSeries>> finish() {
    leave_bucket();
    const auto span = filled_span();
    if (bucket_count_ > aggregate_buckets_max ||
        (span && span->second > aggregate_buckets_max / groups_.size())) {
      return fail(ErrorCode::invalid_argument, "the answer has more than ",
                  std::to_string(aggregate_buckets_max),
                  " buckets; widen interval_ms or narrow the range");
    }
    std::vector<AggregatedSeries> result;
    for (auto& [group, buckets] : groups_) {
      AggregatedSeries series{group, {}};
      if (span) {
        fill(buckets, *span, series.buckets);
      } else {
        for (auto& [index, bucket] : buckets) {
          series.buckets.push_back(evaluate(index, bucket));
        }
      }
      if (!series.buckets.empty()) {
        result.push_back(std::move(series));
      }
    }
    return result;
  }

 private:
  using Bucket = AggregatedSeries::Bucket;
  using Buckets = std::map<std::int64_t, BucketAccumulator>;
  /// The first bucket and the number of buckets.
  using Span = std::pair<std::int64_t, std::uint64_t>;

  explicit Aggregator(const AggregateQuery& query)
      : query_(&query),
        keep_values_(
            std::any_of(query.functions.begin(), query.functions.end(),
                        [](const Function& f) { return f.kind == Function::Kind::quantile; })) {}

  [[nodiscard]] std::int64_t index_of(std::int64_t time_ms) const noexcept {
    const std::int64_t width = query_->interval_ms;
    if (width == 0) {
      return 0;
    }
    return time_ms / width - (time_ms % width < 0 ? 1 : 0);
  }
  [[nodiscard]] std::int64_t start_of(std::int64_t index) const noexcept {
    const std::int64_t width = query_->interval_ms;
    if (width == 0) {
      return query_->range.first_ms;
    }
    return index < TimeRange::least_ms / width ? TimeRange::least_ms : index * width;
  }

  void leave_bucket() noexcept {
    if (bucket_ != nullptr) {
      bucket_->end_series();
      bucket_ = nullptr;
    }
  }

  /// Which buckets every group has; none: those that have points.
  [[nodiscard]] std::optional<Span> filled_span() const {
    const TimeRange& range = query_->range;
    if (query_->fill == Fill::omit || groups_.empty() || range.empty()) {
      return std::nullopt;
    }
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> last;
    for (const auto& [group, buckets] : groups_) {
      if (!buckets.empty()) {
        first = std::min(buckets.begin()->first, first.value_or(buckets.begin()->first));
        last = std::max(buckets.rbegin()->first, last.value_or(buckets.rbegin()->first));
      }
    }
    if (range.first_ms != TimeRange::least_ms || query_->interval_ms == 0) {
      first = index_of(range.first_ms);
    }
    if (range.last_ms != TimeRange::most_ms || query_->interval_ms == 0) {
      last = index_of(range.last_ms - 1);
    }
    if (!first || !last) {
      return std::nullopt;
    }
    return Span(*first, static_cast<std::uint64_t>(*last) - static_cast<std::uint64_t>(*first) + 1);
  }

  void fill(Buckets& buckets, const Span& span, std::vector<Bucket>& out) const {
    out.reserve(span.second);
    auto next = buckets.begin();
    std::int64_t index = span.first;
    for (std::uint64_t i = 0; i < span.second; ++i, ++index) {
      if (next != buckets.end() && next->first == index) {
        out.push_back(evaluate(index, next->second));
        ++next;
      } else {
        out.push_back(empty_bucket(index, out.empty() ? nullptr : &out.back()));
      }
    }
  }
  [[nodiscard]] Bucket evaluate(std::int64_t index, BucketAccumulator& bucket) const {
    Bucket made{start_of(index), bucket.count(), {}};
    made.values.reserve(query_->functions.size());
    for (const auto& function : query_->functions) {
      made.values.push_back(bucket.value_of(function));
    }
    return made;
  }
  [[nodiscard]] Bucket empty_bucket(std::int64_t index, const Bucket* before) const {
    Bucket made{start_of(index), 0, {}};
    if (query_->fill == Fill::previous && before != nullptr) {
      made.values = before->values;
    } else if (query_->fill == Fill::zero) {
      made.values.resize(query_->functions.size(), 0.0);
    } else {
      made.values.resize(query_->functions.size());
    }
    for (std::size_t i = 0; i < made.values.size(); ++i) {
      if (query_->functions[i].kind == Function::Kind::count) {
        made.values[i] = 0;
      }
    }
    return made;
  }

  const AggregateQuery* query_;
  bool keep_values_;
  std::map<Tags, Buckets> groups_;
  std::uint64_t bucket_count_ = 0;
  Buckets* group_ = nullptr;
  BucketAccumulator* bucket_ = nullptr;  // null: the next point looks its bucket up
  std::int64_t index_ = 0;
  std::optional<Point> previous_;
};

}  // namespace detail
}  // namespace strata::store
