// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/concept.hpp>

#include <catch2/catch.hpp>
#include <strata/testing/filter_conformance.hpp>
#include <vector>

namespace {

/// As a user would write one: no options, no hash. Remembers the first byte of each key.
struct FirstByte {
  using policy_slot = strata::filter_slot;
  static constexpr std::string_view name = "first_byte";
  static constexpr std::uint32_t format_version = 1;
  class Builder {
   public:
    void add(std::string_view key) { bytes_.push_back(key.empty() ? '\0' : key[0]); }
    void finish(std::string& out) {
      out.append(bytes_);
      out.append("!end");
    }

   private:
    std::string bytes_;
  };
  static bool may_contain(std::string_view filter, std::string_view key) noexcept {
    return !filter.ends_with("!end") ||
           filter.substr(0, filter.size() - 4).find(key.empty() ? '\0' : key[0]) !=
               std::string_view::npos;
  }
};

/// Forgets one key in a thousand.
struct Forgetful : FirstByte {
  static bool may_contain(std::string_view filter, std::string_view key) noexcept {
    return FirstByte::may_contain(filter, key) && key.size() != 17;
  }
};

/// Believes in a filter that was cut.
struct Trusting : FirstByte {
  static bool may_contain(std::string_view filter, std::string_view key) noexcept {
    return filter.empty() || filter.find(key.empty() ? '\0' : key[0]) != std::string_view::npos;
  }
};

/// Knows of ranges, up to their last bound.
struct FirstByteRange : FirstByte {
  static bool may_contain_range(std::string_view filter, std::string_view first,
                                std::string_view last) noexcept {
    if (!filter.ends_with("!end") || first.empty() || last.empty()) {
      return true;
    }
    filter.remove_suffix(4);
    for (const char c : filter) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= static_cast<unsigned char>(first[0]) &&
          byte <= static_cast<unsigned char>(last[0])) {
        return true;
      }
    }
    return false;
  }
};

/// Takes the first bound for excluded.
struct OpenRange : FirstByteRange {
  static bool may_contain_range(std::string_view filter, std::string_view first,
                                std::string_view last) noexcept {
    return filter.empty() || !filter.ends_with("!end") ||
           (last.size() > 1 && last == std::string(first) + '\0'
                ? false
                : FirstByteRange::may_contain_range(filter, first, last));
  }
};

using strata::testing::filter_conformance;
using strata::testing::Sentences;

}  // namespace

TEST_CASE("A filter without hash or options passes the kit, and a probe works on it") {
  static_assert(!strata::HashedFilterPolicy<FirstByte>);
  CHECK(filter_conformance<FirstByte>().violations == Sentences{});
  const std::string filter = strata::testing::detail::filter_of<FirstByte>({"abc"}, {});
  CHECK(strata::filter::Probe<FirstByte>("axe").may_be_in(filter));
  CHECK_FALSE(strata::filter::Probe<FirstByte>("bet").may_be_in(filter));
}

TEST_CASE("A filter that knows of ranges passes the kit") {
  static_assert(!strata::RangeFilterPolicy<FirstByte>);
  static_assert(strata::RangeFilterPolicy<FirstByteRange>);
  CHECK(filter_conformance<FirstByteRange>().violations == Sentences{});
}

TEST_CASE("The kit names what a broken filter breaks") {
  CHECK(filter_conformance<Forgetful>().violations.front() == "no false negative");
  CHECK(filter_conformance<Trusting>().violations == Sentences{"a filter cut short says maybe"});
  CHECK(filter_conformance<FirstByte>({}, 0.5).violations == Sentences{"few absent keys pass"});
  CHECK(filter_conformance<OpenRange>().violations ==
        Sentences{"no range with a key is ruled out"});
}
