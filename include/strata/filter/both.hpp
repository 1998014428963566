// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Two filters over the same keys: one that is good at keys, one that is good at ranges.
///
///     LsmTree<filter::Both<filter::BlockedBloom, filter::Range>>
///
/// A look-up asks `Point`, a scan asks `Ranges`; each has its own bits.
///
///     offset  size   content
///     0       p      the bytes of Point
///     p       r      the bytes of Ranges
///     p + r   8      p, little-endian
///     + 8     4      "BOTH"
///
/// Bytes that do not end in such a tail say "maybe".

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <strata/core/coding.hpp>
#include <strata/core/policy.hpp>
#include <strata/filter/composed_name.hpp>
#include <strata/filter/concept.hpp>

namespace strata::filter {

namespace name_part {
inline constexpr std::string_view both = "both(";
}

template <FilterPolicy Point, RangeFilterPolicy Ranges>
struct Both {
  using policy_slot = filter_slot;
  struct Options {
    options_of_t<Point> point{};
    options_of_t<Ranges> ranges{};
  };
  static constexpr std::string_view name =
      joined_name<name_part::both, name_of<Point>, name_part::comma, name_of<Ranges>,
                  name_part::close>;
  /// Changes with either's.
  static constexpr std::uint32_t format_version =
      Point::format_version << 20 | Ranges::format_version << 4 | 1;

  /// Takes what the two builders take.
  class Builder {
   public:
    Builder() : Builder(Options{}) {}
    explicit Builder(const Options& options)
        : point_(make_builder<Point>(options.point)),
          ranges_(make_builder<Ranges>(options.ranges)) {}

    void add(std::string_view key) {
      point_.add(key);
      ranges_.add(key);
    }
    void finish(std::string& out) {
      const std::size_t start = out.size();
      point_.finish(out);
      const std::uint64_t point_bytes = out.size() - start;
      ranges_.finish(out);
      put_fixed(out, point_bytes);
      put_fixed(out, mark);
    }

   private:
    typename Point::Builder point_;
    typename Ranges::Builder ranges_;
  };

  class Probe {
   public:
    explicit Probe(std::string_view key) noexcept : point_(key) {}
    [[nodiscard]] bool may_be_in(std::string_view filter) const noexcept {
      const std::optional<Content> content = parse(filter);
      return !content || point_.may_be_in(content->point);
    }

   private:
    filter::Probe<Point> point_;
  };

  [[nodiscard]] static bool may_contain(std::string_view filter, std::string_view key) noexcept {
    return Probe(key).may_be_in(filter);
  }
  /// Whether a key at or after `first` and before `last` may be there.
  [[nodiscard]] static bool may_contain_range(std::string_view filter, std::string_view first,
                                              std::string_view last) noexcept {
    const std::optional<Content> content = parse(filter);
    return !content || Ranges::may_contain_range(content->ranges, first, last);
  }

 private:
  static constexpr std::size_t tail_bytes = 12;
  static constexpr std::uint32_t mark = 'B' | 'O' << 8 | 'T' << 16 | 'H' << 24;

  struct Content {
    std::string_view point;
    std::string_view ranges;
  };

  [[nodiscard]] static std::optional<Content> parse(std::string_view filter) noexcept {
    if (filter.size() < tail_bytes) {
      return std::nullopt;
    }
    filter.remove_suffix(tail_bytes);
    const char* const tail = filter.data() + filter.size();
    const auto point_bytes = load_fixed<std::uint64_t>(tail);
    if (load_fixed<std::uint32_t>(tail + 8) != mark || point_bytes > filter.size()) {
      return std::nullopt;
    }
    return Content{filter.substr(0, point_bytes), filter.substr(point_bytes)};
  }
};

}  // namespace strata::filter
