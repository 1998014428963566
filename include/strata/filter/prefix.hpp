// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Any filter over the prefixes of keys as well: a scan within a prefix that no key has reads
/// nothing (RocksDB's prefix Bloom filters).
///
///     LsmTree<filter::Prefix<filter::Ribbon, prefix::Delimited<'/'>>>
///
/// `Extractor` says what the prefix of a key is; see filter/prefix_extractor.hpp. A range is asked
/// for by its prefix if all strings of it start with that of its first bound; other ranges may
/// hold keys, as far as this filter knows.
///
/// Keys are added too, unless `whole_keys` is off: then a look-up asks for the prefix of its key.
/// Keys without a prefix are always added. Prefixes and keys lie in one filter of `F`, so a key
/// that is some other's prefix passes.
///
///     offset  size   content
///     0       n      the bytes of F
///     n       1      1: with whole keys, 0: without
///     n + 1   3      "PFX"
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
#include <strata/filter/prefix_extractor.hpp>

namespace strata::filter {

namespace name_part {
inline constexpr std::string_view prefix = "prefix(";
}

template <class F, class Extractor = prefix::None>
struct Prefix {
  static_assert(FilterPolicy<F>,
                "strata: filter::Prefix wraps a FilterPolicy; see strata/filter/concept.hpp");
  static_assert(PrefixExtractor<Extractor>,
                "strata: filter::Prefix needs a prefix extractor: filter::Prefix<F, "
                "prefix::Fixed<8>>, or one of your own; see strata/filter/prefix_extractor.hpp");
};

template <FilterPolicy F, PrefixExtractor Extractor>
struct Prefix<F, Extractor> {
  using policy_slot = filter_slot;
  struct Options {
    /// False: only prefixes, for families that are scanned within prefixes and little else.
    bool whole_keys = true;
    /// Of the filter that holds prefixes and keys.
    options_of_t<F> filter{};
  };
  static constexpr std::string_view name =
      joined_name<name_part::prefix, name_of<Extractor>, name_part::comma, name_of<F>,
                  name_part::close>;
  /// Changes with F's.
  static constexpr std::uint32_t format_version = F::format_version << 8 | 1;

  /// Takes what F's builder takes for up to twice the keys.
  class Builder {
   public:
    Builder() : Builder(Options{}) {}
    explicit Builder(const Options& options)
        : whole_keys_(options.whole_keys), filter_(make_builder<F>(options.filter)) {}

    void add(std::string_view key) {
      const std::optional<std::string_view> prefix = Extractor::extract(key);
      if (prefix && last_ != prefix) {
        filter_.add(*prefix);
        last_.emplace(*prefix);
      }
      if (whole_keys_ || !prefix) {
        filter_.add(key);
      }
    }
    void finish(std::string& out) {
      filter_.finish(out);
      put_fixed(out, mark << 8 | (whole_keys_ ? 1U : 0U));
    }

   private:
    bool whole_keys_;
    typename F::Builder filter_;
    std::optional<std::string> last_;  ///< the prefix added last: keys come in order mostly
  };

  /// A key and its prefix, each hashed once for all tables, where F hashes.
  class Probe {
   public:
    explicit Probe(std::string_view key) noexcept : whole_(key) {
      if (const std::optional<std::string_view> prefix = Extractor::extract(key)) {
        prefix_.emplace(*prefix);
      }
    }
    [[nodiscard]] bool may_be_in(std::string_view filter) const noexcept {
      const std::optional<Content> content = parse(filter);
      if (!content) {
        return true;
      }
      return content->whole_keys || !prefix_ ? whole_.may_be_in(content->bytes)
                                             : prefix_->may_be_in(content->bytes);
    }

   private:
    filter::Probe<F> whole_;
    std::optional<filter::Probe<F>> prefix_;
  };

  [[nodiscard]] static bool may_contain(std::string_view filter, std::string_view key) noexcept {
    return Probe(key).may_be_in(filter);
  }

  /// Whether a key at or after `first` and before `last` may be there.
  [[nodiscard]] static bool may_contain_range(std::string_view filter, std::string_view first,
                                              std::string_view last) noexcept {
    const std::optional<std::string_view> common = Extractor::extract(first);
    if (!common || !all_start_with(*common, last)) {
      return true;
    }
    const std::optional<Content> content = parse(filter);
    return !content || F::may_contain(content->bytes, *common);
  }

 private:
  static constexpr std::size_t tail_bytes = 4;
  static constexpr std::uint32_t mark = 'P' | 'F' << 8 | 'X' << 16;

  struct Content {
    std::string_view bytes;
    bool whole_keys;
  };

  [[nodiscard]] static std::optional<Content> parse(std::string_view filter) noexcept {
    if (filter.size() < tail_bytes) {
      return std::nullopt;
    }
    filter.remove_suffix(tail_bytes);
    const auto tail = load_fixed<std::uint32_t>(filter.data() + filter.size());
    if (tail >> 8 != mark || (tail & 0xff) > 1) {
      return std::nullopt;
    }
    return Content{filter, (tail & 0xff) == 1};
  }

  /// Whether every string before `last`, from one on that starts with `prefix`, does so too: up to
  /// the prefix's successor.
  [[nodiscard]] static bool all_start_with(std::string_view prefix,
                                           std::string_view last) noexcept {
    if (last.starts_with(prefix)) {
      return true;
    }
    const std::size_t at = last.size() - 1;
    return !last.empty() && at < prefix.size() && last.starts_with(prefix.substr(0, at)) &&
           static_cast<unsigned char>(prefix[at]) + 1 == static_cast<unsigned char>(last[at]) &&
           prefix.find_first_not_of('\xff', at + 1) == std::string_view::npos;
  }
};

}  // namespace strata::filter
