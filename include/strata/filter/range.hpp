// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A filter that says "no key lies between these two", for ranges of any length, with the same
/// error for all: a learned map from keys to slots that keeps their order, of which the occupied
/// ones are stored (SNARF: Vaidya, Chatterjee, Knorr, Mitzenmacher, Idreos, Kraska, 2022), made for
/// byte strings.
///
/// Sorted keys are cut into buckets of up to 128. Between the first key of a bucket and that of the
/// next, what follows their common prefix is a number (filter/range_digits.hpp), and the slot of a
/// key is its share of the way. Each bucket has the same number of slots, so many are dense where
/// keys are. A range without a key passes if one of the slots at its ends holds a key that lies
/// just outside: with s slots a key, one in s where keys lie evenly in their bucket. Whoever asks
/// next to keys on purpose passes.
///
/// The bytes: filter/range_layout.hpp. The tail tells a cut, a grown or a foreign filter from a
/// sound one: those answer "maybe". It can not tell a flipped bit: whoever stores a filter covers
/// it with a checksum.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/policy.hpp>
#include <strata/filter/concept.hpp>
#include <strata/filter/range_codes.hpp>
#include <strata/filter/range_layout.hpp>

namespace strata::filter {

struct Range {
  using policy_slot = filter_slot;
  struct Options {
    /// Memory and file bytes against wasted reads, separators included: 10 let some 1 to 3 % of the
    /// ranges through that hold no key. Taken between 1 and 22; few keys take more.
    double bits_per_key = 10;
  };
  static constexpr std::string_view name = "range";
  static constexpr std::uint32_t format_version = 1;

  class Builder;

  [[nodiscard]] static bool may_contain(std::string_view filter, std::string_view key) noexcept {
    const auto layout = detail::RangeLayout::of(filter);
    if (!layout || layout->empty()) {
      return !layout;
    }
    const auto place = layout->find(key, false);
    return place && !layout->is_end(*place) && layout->has_any(*place, *place);
  }

  /// Whether a key at or after `first` and before `last` may be there.
  [[nodiscard]] static bool may_contain_range(std::string_view filter, std::string_view first,
                                              std::string_view last) noexcept {
    const auto layout = detail::RangeLayout::of(filter);
    if (!layout || layout->empty() || first >= last) {
      return !layout;
    }
    const auto to = layout->find(last, true);
    if (!to) {
      return false;
    }
    const auto from = layout->find(first, false).value_or(detail::RangePlace{0, 0});
    return !layout->is_end(from) && layout->has_any(from, *to);
  }
};

/// Takes the bytes of the keys and 24 bytes a key.
class Range::Builder {
 public:
  Builder() : Builder(Options{}) {}
  explicit Builder(const Options& options) : options_(options) {}

  void add(std::string_view key) {
    bytes_.append(key);
    ends_.push_back(bytes_.size());
  }

  void finish(std::string& out) {
    sort_unique();
    const std::size_t start = out.size();
    if (!keys_.empty()) {
      cut_buckets();
      write_separators(out);
      write_codes(out, start);
    }
    put_fixed(out, static_cast<std::uint32_t>(text_bytes_));
    put_fixed(out, static_cast<std::uint32_t>(buckets_));
    put_fixed(out, static_cast<std::uint16_t>(prefix_bytes_));
    out.push_back(static_cast<char>(codes_.numbers));
    out.push_back(static_cast<char>(codes_.low_bits));
    out.push_back(static_cast<char>(codes_.high_words));
    put_fixed(out, detail::RangeLayout::mark << 8 | static_cast<std::uint32_t>(positions_));
  }

 private:
  void sort_unique() {
    keys_.reserve(ends_.size());
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
      keys_.push_back(std::string_view(bytes_).substr(begin, end - begin));
      begin = end;
    }
    if (!std::is_sorted(keys_.begin(), keys_.end())) {
      std::sort(keys_.begin(), keys_.end());
    }
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  }

  /// Takes what all keys share off them.
  void cut_buckets() {
    constexpr std::size_t prefix_bytes_max = UINT16_MAX;
    prefix_bytes_ = std::min(common_prefix(keys_.front(), keys_.back()), prefix_bytes_max);
    prefix_ = keys_.front().substr(0, prefix_bytes_);
    for (std::string_view& key : keys_) {
      key.remove_prefix(prefix_bytes_);
    }
    constexpr std::size_t most = detail::RangeCodes::numbers_max;
    buckets_ = (keys_.size() + most - 1) / most;
  }
  /// The first key of bucket `i`. Buckets differ by one key at most.
  [[nodiscard]] std::size_t first_of(std::size_t i) const noexcept {
    return keys_.size() * i / buckets_;
  }
  [[nodiscard]] std::string_view separator(std::size_t i) const noexcept {
    if (i == 0 || i == buckets_) {
      return (i == 0 ? keys_.front() : keys_.back()).substr(0, detail::RangeLayout::outer_bytes);
    }
    const std::size_t at = first_of(i);
    return keys_[at].substr(0, common_prefix(keys_[at - 1], keys_[at]) + 1);
  }
  /// The bytes that the keys of bucket `i` have behind what they share, position by position.
  [[nodiscard]] std::string digits_of(std::size_t i) const {
    const std::size_t shared = common_prefix(separator(i), separator(i + 1));
    std::string digits;
    double numbers = 1;
    for (std::size_t position = shared; numbers < numbers_enough; ++position) {
      std::uint8_t low = 255;
      std::uint8_t high = 0;
      for (std::size_t at = first_of(i); at <= first_of(i + 1) && at < keys_.size(); ++at) {
        if (position < keys_[at].size()) {
          low = std::min(low, static_cast<std::uint8_t>(keys_[at][position]));
          high = std::max(high, static_cast<std::uint8_t>(keys_[at][position]));
        }
      }
      if (low > high || digits.size() == 2 * detail::RangeDigits::positions_max) {
        break;  // all have ended
      }
      if (high - low >= 128) {  // other keys have the rest of the bytes
        low = 0;
        high = 255;
      }
      digits.push_back(static_cast<char>(low));
      digits.push_back(static_cast<char>(high));
      numbers *= high - low + 2;
    }
    return digits;
  }
  [[nodiscard]] std::string all_digits() {
    std::vector<std::string> digits;
    for (std::size_t i = 0; i < buckets_; ++i) {
      digits.push_back(digits_of(i));
      positions_ = std::max(positions_, digits.back().size() / 2);
    }
    std::string all;
    for (std::string& some : digits) {
      while (some.size() < 2 * positions_) {
        some += std::string_view("\xff\0", 2);  // no key is so long
      }
      all += some;
    }
    return all;
  }

  void write_separators(std::string& out) {
    const std::size_t start = out.size();
    out.append(prefix_);
    std::string offsets;
    for (std::size_t i = 0; i <= buckets_; ++i) {
      put_fixed(offsets, static_cast<std::uint32_t>(out.size() - start - prefix_bytes_));
      out.append(separator(i));
    }
    text_bytes_ = out.size() - start;
    put_fixed(offsets, static_cast<std::uint32_t>(text_bytes_ - prefix_bytes_));
    out.append(offsets);
  }

  /// In the bits that the separators leave.
  void write_codes(std::string& out, std::size_t start) {
    const std::string digits = all_digits();
    out.append(digits);
    const double wanted = options_.bits_per_key;
    const double per_key = wanted > 1 ? std::min(wanted, 22.0) : 1;
    const double spent = static_cast<double>(out.size() - start) * 8;
    const double left = static_cast<double>(keys_.size()) * per_key - spent;
    const auto words =
        static_cast<std::uint64_t>(std::max(left, 0.0) / 64 / static_cast<double>(buckets_));
    const std::size_t most = (keys_.size() + buckets_ - 1) / buckets_;
    codes_ = detail::RangeCodes::fit(static_cast<std::uint32_t>(most), words);
    const std::size_t begin = out.size();
    out.resize(begin + buckets_ * codes_.bytes());
    std::vector<std::uint64_t> slots;
    for (std::size_t i = 0; i < buckets_; ++i) {
      const detail::RangeBucket bucket{separator(i),
                                       separator(i + 1),
                                       {digits.data() + 2 * positions_ * i, positions_},
                                       codes_.slots()};
      slots.clear();
      for (std::size_t at = first_of(i); at < first_of(i + 1); ++at) {
        slots.push_back(bucket.slot_of(keys_[at], false));
      }
      codes_.write(slots, out.data() + begin + i * codes_.bytes());
    }
  }

  /// Slots are told apart by fewer.
  static constexpr double numbers_enough = 1e12;

  Options options_;
  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::vector<std::string_view> keys_;  ///< sorted, each once; without the prefix
  std::string_view prefix_;
  std::size_t prefix_bytes_ = 0;
  std::size_t text_bytes_ = 0;
  std::size_t buckets_ = 0;
  std::size_t positions_ = 0;
  detail::RangeCodes codes_;
};

static_assert(RangeFilterPolicy<Range>);

}  // namespace strata::filter
