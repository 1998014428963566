// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Finds the series that a selector means.
///
/// Every `equal` matcher with a value is a list of ids in the inverted index, in order; the lists
/// are intersected, and only what is in all of them is looked up and shown to the other matchers.
/// Without such a matcher the metric's part of the catalogue is read. Either way the series come in
/// the order of their names. Memory: the names of the series that match. Tested through the store:
/// tests/store/time_series_test.cpp.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/regex.hpp>
#include <strata/store/time_series_keys.hpp>
#include <strata/store/time_series_types.hpp>

namespace strata::store::detail {

/// A series that is there: `bytes` is its name as `SeriesKeys::name` encodes it.
struct KnownSeries {
  SeriesId id = 0;
  std::string bytes;
  SeriesName name;
};

[[nodiscard]] inline tl::unexpected<Error> damaged_series(std::string_view what) {
  return fail(ErrorCode::corruption, "time series: ", what,
              " can not be read; restore the family from a backup");
}

/// A selector whose expressions are compiled. Requires: the selector outlives it.
class SeriesMatcher {
 public:
  /// Errors: `invalid_argument` names what the selector lacks, or the pattern.
  [[nodiscard]] static Result<SeriesMatcher> compile(const Selector& selector) {
    if (selector.metric.empty()) {
      return fail(ErrorCode::invalid_argument, "the selector has no metric; name one");
    }
    SeriesMatcher made(selector);
    for (const auto& matcher : selector.matchers) {
      if (matcher.tag.empty()) {
        return fail(ErrorCode::invalid_argument, "a matcher of metric '", selector.metric,
                    "' has no tag; name the tag that it is about");
      }
      auto& regex = made.regexes_.emplace_back();
      if (matcher.kind == Matcher::Kind::regex || matcher.kind == Matcher::Kind::not_regex) {
        auto compiled = Regex::compile(matcher.pattern);
        if (!compiled) {
          return tl::unexpected<Error>(
              compiled.error().within("the matcher of tag '" + matcher.tag + "'"));
        }
        regex = std::move(*compiled);
      }
    }
    return made;
  }

  [[nodiscard]] const Selector& selector() const noexcept { return *selector_; }

  [[nodiscard]] bool matches(const Tags& tags) const {
    for (std::size_t i = 0; i < regexes_.size(); ++i) {
      const Matcher& matcher = selector_->matchers[i];
      const auto found = tags.find(matcher.tag);
      const std::string_view value = found == tags.end() ? std::string_view() : found->second;
      const bool positive =
          matcher.kind == Matcher::Kind::equal || matcher.kind == Matcher::Kind::regex;
      const bool hit = regexes_[i] ? regexes_[i]->full_match(value) : value == matcher.pattern;
      if (hit != positive) {
        return false;
      }
    }
    return true;
  }

 private:
  explicit SeriesMatcher(const Selector& selector) : selector_(&selector) {}

  const Selector* selector_;
  std::vector<std::optional<Regex>> regexes_;  // one a matcher
};

/// Requires: `reader` reads one moment.
template <class Reader, class Family>
class SeriesFinder {
 public:
  SeriesFinder(Reader& reader, const Family& family) : reader_(&reader), family_(&family) {}

  [[nodiscard]] Result<std::vector<KnownSeries>> find(const Selector& selector) {
    auto matcher = SeriesMatcher::compile(selector);
    if (!matcher) {
      return propagate(std::move(matcher));
    }
    std::optional<std::vector<SeriesId>> ids;
    for (const auto& condition : selector.matchers) {
      if (condition.kind == Matcher::Kind::equal && !condition.pattern.empty() &&
          !(ids && ids->empty())) {
        if (auto kept = intersect(ids, selector.metric, condition); !kept) {
          return propagate(std::move(kept));
        }
      }
    }
    return ids ? look_up(*ids, *matcher) : read_catalogue(*matcher);
  }

 private:
  /// Keeps of `ids` those that the index has for an `equal` condition; none yet: all that it has.
  [[nodiscard]] Result<void> intersect(std::optional<std::vector<SeriesId>>& ids,
                                       std::string_view metric, const Matcher& condition) {
    std::vector<SeriesId> listed;
    bool good = true;
    std::string value;
    auto scanned =
        reader_->scan(*family_, SeriesKeys::inverted_of(metric, condition.tag, condition.pattern),
                      [&](std::string_view key, std::string_view) {
                        good = SeriesKeys::decode_inverted(key, value, listed.emplace_back());
                        return good;
                      });
    if (!scanned) {
      return scanned;
    }
    if (!good) {
      return damaged_series("an entry of the tag index");
    }
    if (!ids) {
      ids = std::move(listed);
      return {};
    }
    std::vector<SeriesId> both;
    std::set_intersection(ids->begin(), ids->end(), listed.begin(), listed.end(),
                          std::back_inserter(both));
    ids = std::move(both);
    return {};
  }

  [[nodiscard]] Result<std::vector<KnownSeries>> look_up(const std::vector<SeriesId>& ids,
                                                         const SeriesMatcher& matcher) {
    std::vector<KnownSeries> series;
    for (const SeriesId id : ids) {
      auto bytes = reader_->get(*family_, SeriesKeys::reverse(id));
      if (!bytes) {
        return propagate(std::move(bytes));
      }
      KnownSeries found{id, {}, {}};
      if (!*bytes || !SeriesKeys::decode_name(**bytes, found.name)) {
        return damaged_series("the name of series " + std::to_string(id));
      }
      if (matcher.matches(found.name.tags)) {
        found.bytes = std::move(**bytes);
        series.push_back(std::move(found));
      }
    }
    std::sort(series.begin(), series.end(),
              [](const KnownSeries& a, const KnownSeries& b) { return a.bytes < b.bytes; });
    return series;
  }

  [[nodiscard]] Result<std::vector<KnownSeries>> read_catalogue(const SeriesMatcher& matcher) {
    std::vector<KnownSeries> series;
    bool good = true;
    auto scanned = reader_->scan(*family_, SeriesKeys::catalogue_of(matcher.selector().metric),
                                 [&](std::string_view key, std::string_view value) {
                                   KnownSeries found;
                                   const auto bytes = SeriesKeys::name_of_catalogue(key);
                                   good = SeriesKeys::decode_name(bytes, found.name) &&
                                          SeriesKeys::decode_number(value, found.id);
                                   if (good && matcher.matches(found.name.tags)) {
                                     found.bytes = bytes;
                                     series.push_back(std::move(found));
                                   }
                                   return good;
                                 });
    if (!scanned) {
      return propagate(std::move(scanned));
    }
    if (!good) {
      return damaged_series("an entry of the catalogue");
    }
    return series;
  }

  Reader* reader_;
  const Family* family_;
};

}  // namespace strata::store::detail
