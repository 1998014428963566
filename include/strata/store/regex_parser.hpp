// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The syntax of store/regex.hpp: a pattern as a tree. Patterns come from users: their nesting,
/// their repetitions and their size are bounded. Threads: none. Tested through patterns:
/// tests/store/regex_test.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/regex_characters.hpp>

namespace strata::store::detail {

struct RegexFlags {
  bool ignore_case = false;
  bool multi_line = false;
  bool dot_all = false;
};

struct RegexNode {
  enum class Kind : std::uint8_t {
    empty,
    character,
    any,
    one_of,
    line_start,
    line_end,
    text_start,
    text_end,
    word_edge,
    no_word_edge,
    sequence,
    choice,
    repeat
  };
  static constexpr std::uint32_t unbounded = UINT32_MAX;

  Kind kind = Kind::empty;
  char32_t character = 0;
  std::uint32_t class_index = 0;
  std::uint32_t least = 0;
  std::uint32_t most = 0;
  std::vector<std::uint32_t> children = {};
};

struct ParsedRegex {
  std::vector<RegexNode> nodes;
  std::vector<CharacterClass> classes;
  RegexFlags flags;
  std::uint32_t root = 0;
};

class RegexParser {
 public:
  explicit RegexParser(std::string_view pattern) noexcept : pattern_(pattern), rest_(pattern) {}

  [[nodiscard]] Result<ParsedRegex> parse(std::string_view flags) {
    const std::size_t close = rest_.starts_with("(?") ? rest_.find(')') : std::string_view::npos;
    if (close != std::string_view::npos &&
        rest_.substr(2, close - 2).find_first_not_of("ims") == std::string_view::npos) {
      set_flags(rest_.substr(2, close - 2));
      rest_.remove_prefix(close + 1);
    }
    set_flags(flags);
    if (pattern_.size() <= pattern_bytes_max) {
      made_.root = choice(0);
      if (!rest_.empty()) {
        refuse("an unmatched ')'");
      }
    } else {
      refuse("it is longer than 4096 bytes");
    }
    if (problem_) {
      return fail(ErrorCode::invalid_argument, "the regular expression '", pattern_.substr(0, 200),
                  "' can not be used: ", *problem_);
    }
    return std::move(made_);
  }

 private:
  using Kind = RegexNode::Kind;
  static constexpr std::size_t pattern_bytes_max = 4096;
  static constexpr int nesting_max = 100;
  static constexpr std::uint32_t repeat_max = 1000;

  void refuse(std::string_view problem) {
    if (!problem_) {
      problem_ = std::string(problem);
    }
    rest_ = {};  // every loop over the rest ends
  }
  void set_flags(std::string_view flags) {
    for (const char flag : flags) {
      switch (flag) {
        case 'i': made_.flags.ignore_case = true; break;
        case 'm': made_.flags.multi_line = true; break;
        case 's': made_.flags.dot_all = true; break;
        default: refuse(std::string("unknown flag '") + flag + "', known are i, m and s");
      }
    }
  }

  std::uint32_t add(RegexNode node) {
    made_.nodes.push_back(std::move(node));
    return static_cast<std::uint32_t>(made_.nodes.size() - 1);
  }
  std::uint32_t add(Kind kind) { return add(RegexNode{.kind = kind}); }
  std::uint32_t add_class(CharacterClass made) {
    made_.classes.push_back(std::move(made));
    return add({.kind = Kind::one_of,
                .class_index = static_cast<std::uint32_t>(made_.classes.size() - 1)});
  }
  std::uint32_t add_character(char32_t c) { return add({.kind = Kind::character, .character = c}); }

  [[nodiscard]] bool take(char expected) noexcept {
    if (rest_.empty() || rest_.front() != expected) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  std::uint32_t choice(int nesting) {
    if (nesting > nesting_max) {
      refuse("groups nest deeper than 100");
      return add(Kind::empty);
    }
    RegexNode node{.kind = Kind::choice};
    do {
      node.children.push_back(sequence(nesting));
    } while (take('|'));
    return node.children.size() == 1 ? node.children.front() : add(std::move(node));
  }
  std::uint32_t sequence(int nesting) {
    RegexNode node{.kind = Kind::sequence};
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      node.children.push_back(repeat(atom(nesting)));
    }
    return node.children.size() == 1 ? node.children.front() : add(std::move(node));
  }

  std::uint32_t repeat(std::uint32_t child) {
    for (;;) {
      RegexNode node{.kind = Kind::repeat, .least = 0, .most = RegexNode::unbounded};
      if (take('*')) {
      } else if (take('+')) {
        node.least = 1;
      } else if (take('?')) {
        node.most = 1;
      } else if (!counts(node)) {
        return child;
      }
      static_cast<void>(take('?'));  // lazy: the same texts match
      if (!rest_.empty() && (rest_.front() == '*' || rest_.front() == '+')) {
        refuse("a repetition of a repetition; put the inner one in (?: )");
      }
      node.children.push_back(child);
      child = add(std::move(node));
    }
  }
  /// `{m}`, `{m,}` or `{m,n}`; anything else is plain text, as in PCRE.
  [[nodiscard]] bool counts(RegexNode& node) {
    std::string_view ahead = rest_;
    const auto number = [&](std::uint32_t& value) {
      const std::size_t start = ahead.size();
      for (value = 0; !ahead.empty() && ahead[0] >= '0' && ahead[0] <= '9' && value <= repeat_max;
           ahead.remove_prefix(1)) {
        value = value * 10 + static_cast<std::uint32_t>(ahead[0] - '0');
      }
      return ahead.size() < start;
    };
    if (!ahead.starts_with('{')) {
      return false;
    }
    ahead.remove_prefix(1);
    if (!number(node.least)) {
      return false;
    }
    node.most = node.least;
    if (ahead.starts_with(',')) {
      ahead.remove_prefix(1);
      if (!number(node.most)) {
        node.most = RegexNode::unbounded;
      }
    }
    if (node.least > repeat_max || (node.most > repeat_max && node.most != RegexNode::unbounded)) {
      refuse("a repetition of more than 1000");
      return false;
    }
    if (!ahead.starts_with('}')) {
      return false;
    }
    if (node.most < node.least) {
      refuse("a repetition {m,n} with n below m");
    } else {
      rest_ = ahead.substr(1);
    }
    return true;
  }

  std::uint32_t atom(int nesting) {
    const char32_t c = take_character(rest_);
    switch (c) {
      case U'(': return group(nesting);
      case U'[': return bracket();
      case U'.': return add(Kind::any);
      case U'^': return add(Kind::line_start);
      case U'$': return add(Kind::line_end);
      case U'\\': return escape();
      case U'*':
      case U'+':
      case U'?': refuse("a repetition of nothing; write \\ before a plain * + or ?"); break;
      default: break;
    }
    return add_character(c);
  }
  std::uint32_t group(int nesting) {
    if (take('?') && !take(':')) {
      refuse("look-around, named and flagged groups are not supported; (?: ) is");
    }
    const std::uint32_t inside = choice(nesting + 1);
    if (!problem_ && !take(')')) {
      refuse("a group without its ')'");
    }
    return inside;
  }

  std::uint32_t escape() {
    if (rest_.empty()) {
      refuse("a \\ at the end");
      return add(Kind::empty);
    }
    switch (rest_.front()) {
      case 'b': rest_.remove_prefix(1); return add(Kind::word_edge);
      case 'B': rest_.remove_prefix(1); return add(Kind::no_word_edge);
      case 'A': rest_.remove_prefix(1); return add(Kind::text_start);
      case 'z': rest_.remove_prefix(1); return add(Kind::text_end);
      default: break;
    }
    CharacterClass made;
    if (const auto single = escaped(made)) {
      return add_character(*single);
    }
    return add_class(std::move(made));
  }
  /// What follows a \: one character, or ranges added to `into`.
  std::optional<char32_t> escaped(CharacterClass& into) {
    if (rest_.empty()) {
      refuse("a \\ at the end");
      return U'\\';
    }
    const char32_t c = take_character(rest_);
    switch (c) {
      case U'n': return U'\n';
      case U'r': return U'\r';
      case U't': return U'\t';
      case U'f': return U'\f';
      case U'v': return U'\v';
      case U'x': return hexadecimal();
      case U'd':
      case U'D':
      case U'w':
      case U'W':
      case U's':
      case U'S': into.add_named(c); return std::nullopt;
      default: break;
    }
    if ((c >= U'0' && c <= U'9') || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z')) {
      std::string problem = "\\";
      put_character(problem, c);
      refuse(problem + " is not supported");
    }
    return c;
  }
  char32_t hexadecimal() {
    const bool braced = take('{');
    char32_t value = 0;
    std::size_t digits = 0;
    for (; !rest_.empty() && digits < (braced ? 6U : 2U); ++digits, rest_.remove_prefix(1)) {
      const char c = rest_.front();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) {
        break;
      }
      value = value * 16 + static_cast<char32_t>(digit);
    }
    if (digits == 0 || (braced ? !take('}') : digits != 2) || value > 0x10ffff) {
      refuse("\\x takes two hexadecimal digits, or up to six in braces");
    }
    return value;
  }
  std::uint32_t bracket() {
    CharacterClass made;
    made.negated = take('^');
    for (bool first = true; first || rest_.empty() || rest_.front() != ']'; first = false) {
      if (rest_.empty()) {
        refuse("a class without its ']'");
        return add(Kind::empty);
      }
      const auto low = class_character(made);
      std::optional<char32_t> high = low;
      if (low && rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        high = class_character(made);
        if (!high || *high < *low) {
          refuse("a range in [ ] whose end is below its start");
        }
      }
      if (low && high) {
        made.ranges.emplace_back(*low, *high);
      }
      if (problem_) {
        return add(Kind::empty);
      }
    }
    rest_.remove_prefix(1);
    return add_class(std::move(made));
  }
  std::optional<char32_t> class_character(CharacterClass& into) {
    if (rest_.starts_with("[:") || rest_.starts_with("[.") || rest_.starts_with("[=")) {
      refuse("named classes such as [:alpha:] are not supported; write a-zA-Z");
      return std::nullopt;
    }
    const char32_t c = take_character(rest_);
    if (c != U'\\') {
      return c;
    }
    if (take('b')) {
      return U'\b';
    }
    return escaped(into);
  }

  std::string_view pattern_;
  std::string_view rest_;
  ParsedRegex made_;
  std::optional<std::string> problem_;
};

}  // namespace strata::store::detail
