// SPDX-License-Identifier: BSL-1.0
//
// Regular expressions of users: compiled or refused, and what is compiled answers in linear time.
//
//     input   flags sized, pattern sized, text as it is
#include <string>
#include <string_view>
#include <vector>

#include <strata/store/regex.hpp>

#include "fuzz.hpp"

namespace {

using strata::store::Regex;

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const std::string_view flags = in.string();
  const std::string_view pattern = in.string();
  const std::string_view text = in.rest().substr(0, 256);
  const auto regex = Regex::compile(pattern, flags);
  if (!regex) {
    return;
  }
  const bool found = regex->search(text);
  const bool whole = regex->full_match(text);
  fuzz::require(!whole || found);
  if (found && !regex->prefix().empty()) {
    fuzz::require(text.starts_with(regex->prefix()));
  }
  // A pattern in a group means what it means by itself; flags in front are no part of a group.
  if (!pattern.starts_with("(?")) {
    const auto grouped = Regex::compile("(?:" + std::string(pattern) + ")", flags);
    fuzz::require(!grouped || grouped->search(text) == found);
  }
}

std::vector<fuzz::Seed> seeds() {
  const auto seed = [](const std::string& flags, const std::string& pattern,
                       const std::string& text) {
    return fuzz::sized(flags) + fuzz::sized(pattern) + text;
  };
  return {{"literal", seed("", "^abc", "abcdef")},
          {"classes", seed("i", R"([a-z_\d][^\W\-]+\s*)", "Hello world 12")},
          {"repeats", seed("", "(a|b)*c{2,5}d{3,}e{4}?", "ababccdddeeee")},
          {"places", seed("ms", R"(^\bfoo\B.$|\Abar\z)", "foox\nbar")},
          {"unicode", seed("", R"(\x{1F600}|é+|[à-ü])", "été")},
          {"flags_in_front", seed("", "(?im)^X", "a\nx")},
          {"nested", seed("", "((((a*)*)*)*)*b", std::string(60, 'a'))},
          {"alternatives", seed("", "(|a||b|)+$", "abab")},
          {"refused", seed("", R"((a)\1(?=b))", "aa")}};
}

const fuzz::Target target("regex", run, seeds);

}  // namespace
