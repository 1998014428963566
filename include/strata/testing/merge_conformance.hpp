// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/compaction/merge.hpp, checked on any merge operator: it gives the same
/// value whichever operands were combined before they met the base.

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <strata/compaction/merge.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

template <MergePolicy M>
[[nodiscard]] std::optional<std::string> merge_full(const std::optional<std::string>& base,
                                                    std::string_view operand) {
  const std::string_view view = base ? *base : std::string_view();
  std::string out = "what was here before";
  return M::full("key", base ? &view : nullptr, operand, out) ? std::optional(out) : std::nullopt;
}

template <MergePolicy M>
[[nodiscard]] std::optional<std::string> merge_combine(std::string_view older,
                                                       std::string_view newer) {
  std::string out = "what was here before";
  return M::combine("key", older, newer, out) ? std::optional(out) : std::nullopt;
}

/// `operands` one by one, or with the pairs at `combined` folded first where that is possible.
template <MergePolicy M>
[[nodiscard]] std::optional<std::string> merge_all(std::optional<std::string> value,
                                                   std::vector<std::string> operands,
                                                   std::mt19937_64* combined) {
  while (combined != nullptr && operands.size() > 1 && (*combined)() % 4 != 0) {
    const std::size_t at = (*combined)() % (operands.size() - 1);
    if (auto both = merge_combine<M>(operands[at], operands[at + 1])) {
      operands[at] = std::move(*both);
      operands.erase(operands.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
  }
  for (const std::string& operand : operands) {
    value = merge_full<M>(value, operand);
    if (!value) {
      return value;
    }
  }
  return value;
}

}  // namespace detail

/// `samples`: operands that are well formed. `M::None`, which takes none, gives none.
template <MergePolicy M>
[[nodiscard]] Conformance merge_conformance(const std::vector<std::string>& samples,
                                            std::uint64_t seed = 1) {
  using namespace detail;
  Conformance found;
  std::mt19937_64 random(seed);
  found.expect(!std::string_view(M::name).empty(), "an operator has a name");
  for (int round = 0; round < 300 && !samples.empty(); ++round) {
    const auto some = [&] { return samples[random() % samples.size()]; };
    std::vector<std::string> operands(random() % 6 + 1);
    for (std::string& operand : operands) {
      operand = some();
    }
    std::optional<std::string> base;
    if (round % 3 != 0) {
      base = merge_full<M>(std::nullopt, some());
      found.expect(base.has_value(), "a well formed operand gives a key its first value");
    }
    const auto one_by_one = merge_all<M>(base, operands, nullptr);
    found.expect(one_by_one.has_value(), "well formed operands are taken");
    found.expect(one_by_one == merge_all<M>(base, operands, nullptr),
                 "the same operands give the same value, and replace what was in the output");
    found.expect(one_by_one == merge_all<M>(base, operands, &random),
                 "combined operands give what they give one by one");
  }
  for (int round = 0; round < 300; ++round) {  // for a sanitizer: refused or not, none is harmful
    std::string noise(random() % 20, '\0');
    for (char& byte : noise) {
      byte = static_cast<char>(random());
    }
    const std::string other = samples.empty() ? noise : samples[random() % samples.size()];
    found.expect(merge_full<M>(noise, other) == merge_full<M>(noise, other) &&
                     merge_full<M>(other, noise) == merge_full<M>(other, noise) &&
                     merge_combine<M>(noise, other) == merge_combine<M>(noise, other),
                 "a malformed operand or base is judged the same each time");
  }
  return found;
}

}  // namespace strata::testing
