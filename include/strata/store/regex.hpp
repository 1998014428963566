// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Regular expressions in linear time: no pattern makes a search slower than
/// length of the text x size of the pattern.
///
/// The pattern becomes a program for a machine that is in many places of it at once (Thompson 1968;
/// Pike's virtual machine without captures, as only "does it match" is asked). Texts are UTF-8; one
/// character is one step. Understood:
///
///     x . [a-z] [^a-z] \d \w \s \D \W \S \n \r \t \f \v \xHH \x{HHHH}     one character
///     xy  x|y  (x)  (?:x)  x* x+ x? x{m} x{m,} x{m,n}, also with ? behind    composition
///     ^ $ \A \z \b \B                                                        places
///     flags: i (ASCII letters), m (^ and $ at each line), s (. is newline too); (?ims) in front
///
/// Back references and look-around are refused: they have no linear algorithm.
/// Threads: a compiled expression may be shared.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/regex_characters.hpp>
#include <strata/store/regex_parser.hpp>

namespace strata::store {

class Regex {
 public:
  /// Errors: `invalid_argument` for a pattern that is no expression, is not supported, or becomes a
  /// program of more than 10,000 steps.
  [[nodiscard]] static Result<Regex> compile(std::string_view pattern,
                                             std::string_view flags = "") {
    detail::RegexParser parser(pattern);
    auto parsed = parser.parse(flags);
    if (!parsed) {
      return propagate(std::move(parsed));
    }
    Regex made;
    made.flags_ = parsed->flags;
    made.classes_ = std::move(parsed->classes);
    made.prefix_ = literal_prefix_of(*parsed);
    made.starts_at_text_ = !made.flags_.multi_line && starts_with_caret(*parsed);
    if (!made.emit(*parsed, parsed->root) || !made.append({Op::match, 0, 0})) {
      return fail(ErrorCode::invalid_argument, "the regular expression '", pattern,
                  "' is too large: its repetitions take more than 10000 steps");
    }
    return made;
  }

  /// Whether the expression matches somewhere in `text`.
  [[nodiscard]] bool search(std::string_view text) const {
    if (starts_at_text_ && !text.starts_with(prefix_)) {
      return false;
    }
    return run(text, starts_at_text_, false);
  }
  /// Whether it matches all of `text`.
  [[nodiscard]] bool full_match(std::string_view text) const { return run(text, true, true); }

  /// What every match starts with where the expression starts with ^; else "".
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }

 private:
  enum class Op : std::uint8_t {
    character,
    any,
    any_but_newline,
    one_of,
    split,  // go on at a and at b
    jump,
    line_start,
    line_end,
    text_start,
    text_end,
    word_edge,
    no_word_edge,
    match
  };
  struct Step {
    Op op;
    std::uint32_t a;
    std::uint32_t b;
  };
  using Node = detail::RegexNode;
  using Kind = detail::RegexNode::Kind;

  static constexpr std::size_t steps_max = 10000;
  static constexpr char32_t no_character = 0xffffffff;

  [[nodiscard]] bool append(Step step) {
    steps_.push_back(step);
    return steps_.size() <= steps_max;
  }
  [[nodiscard]] std::uint32_t here() const noexcept {
    return static_cast<std::uint32_t>(steps_.size());
  }

  [[nodiscard]] bool emit(const detail::ParsedRegex& parsed, std::uint32_t index) {
    const Node& node = parsed.nodes[index];
    switch (node.kind) {
      case Kind::empty: return true;
      case Kind::character: return append({Op::character, fold(node.character), 0});
      case Kind::any: return append({flags_.dot_all ? Op::any : Op::any_but_newline, 0, 0});
      case Kind::one_of: return append({Op::one_of, node.class_index, 0});
      case Kind::line_start:
        return append({flags_.multi_line ? Op::line_start : Op::text_start, 0, 0});
      case Kind::line_end: return append({Op::line_end, 0, 0});
      case Kind::text_start: return append({Op::text_start, 0, 0});
      case Kind::text_end: return append({Op::text_end, 0, 0});
      case Kind::word_edge: return append({Op::word_edge, 0, 0});
      case Kind::no_word_edge: return append({Op::no_word_edge, 0, 0});
      case Kind::sequence:
        return std::all_of(node.children.begin(), node.children.end(),
                           [&](std::uint32_t child) { return emit(parsed, child); });
      case Kind::choice: return emit_choice(parsed, node);
      case Kind::repeat: return emit_repeat(parsed, node);
    }
    return false;
  }
  [[nodiscard]] bool emit_choice(const detail::ParsedRegex& parsed, const Node& node) {
    std::vector<std::uint32_t> exits;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const bool last = i + 1 == node.children.size();
      const std::uint32_t split = here();
      if ((!last && !append({Op::split, split + 1, 0})) || !emit(parsed, node.children[i])) {
        return false;
      }
      if (!last) {
        exits.push_back(here());
        if (!append({Op::jump, 0, 0})) {
          return false;
        }
        steps_[split].b = here();
      }
    }
    for (const auto exit : exits) {
      steps_[exit].a = here();
    }
    return true;
  }
  [[nodiscard]] bool emit_repeat(const detail::ParsedRegex& parsed, const Node& node) {
    const std::uint32_t child = node.children.front();
    for (std::uint32_t i = 0; i < node.least; ++i) {
      if (!emit(parsed, child)) {
        return false;
      }
    }
    if (node.most == Node::unbounded) {
      const std::uint32_t split = here();
      if (!append({Op::split, split + 1, 0}) || !emit(parsed, child) ||
          !append({Op::jump, split, 0})) {
        return false;
      }
      steps_[split].b = here();
      return true;
    }
    std::vector<std::uint32_t> exits;
    for (std::uint32_t i = node.least; i < node.most; ++i) {
      exits.push_back(here());
      if (!append({Op::split, here() + 1, 0}) || !emit(parsed, child)) {
        return false;
      }
    }
    for (const auto exit : exits) {
      steps_[exit].b = here();
    }
    return true;
  }

  [[nodiscard]] char32_t fold(char32_t c) const noexcept {
    return flags_.ignore_case && c >= U'A' && c <= U'Z' ? c + 32 : c;
  }

  /// The steps that the machine is at, each once.
  struct Places {
    std::vector<std::uint32_t> order;
    std::vector<bool> present;
    explicit Places(std::size_t size) : present(size) { order.reserve(size); }
    void clear() {
      for (const auto step : order) {
        present[step] = false;
      }
      order.clear();
    }
  };
  /// Where in the text the machine is: the characters on both sides.
  struct Spot {
    char32_t before;
    char32_t after;
    bool last_newline_ahead;  // nothing but one newline follows
  };

  [[nodiscard]] bool holds(Op place, const Spot& spot) const noexcept {
    const auto is_word = [](char32_t c) {
      return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9') ||
             c == U'_';
    };
    switch (place) {
      case Op::text_start: return spot.before == no_character;
      case Op::text_end: return spot.after == no_character;
      case Op::line_start: return spot.before == no_character || spot.before == U'\n';
      case Op::line_end:
        return spot.after == no_character ||
               (flags_.multi_line ? spot.after == U'\n' : spot.last_newline_ahead);
      case Op::word_edge: return is_word(spot.before) != is_word(spot.after);
      default: return is_word(spot.before) == is_word(spot.after);
    }
  }

  /// Adds `start` and all that is reached from it without a character; true: a match is.
  [[nodiscard]] bool reach(std::uint32_t start, const Spot& spot, Places& places,
                           std::vector<std::uint32_t>& todo) const {
    bool matched = false;
    todo.push_back(start);
    while (!todo.empty()) {
      const std::uint32_t at = todo.back();
      todo.pop_back();
      if (places.present[at]) {
        continue;
      }
      places.present[at] = true;
      places.order.push_back(at);
      const Step& step = steps_[at];
      switch (step.op) {
        case Op::jump: todo.push_back(step.a); break;
        case Op::split:
          todo.push_back(step.a);
          todo.push_back(step.b);
          break;
        case Op::match: matched = true; break;
        case Op::character:
        case Op::any:
        case Op::any_but_newline:
        case Op::one_of: break;
        default:
          if (holds(step.op, spot)) {
            todo.push_back(at + 1);
          }
      }
    }
    return matched;
  }

  [[nodiscard]] bool accepts(const Step& step, char32_t c) const {
    switch (step.op) {
      case Op::character: return fold(c) == step.a;
      case Op::any: return true;
      case Op::any_but_newline: return c != U'\n';
      case Op::one_of: return classes_[step.a].contains(c, flags_.ignore_case);
      default: return false;
    }
  }

  [[nodiscard]] bool run(std::string_view text, bool only_at_start, bool only_at_end) const {
    Places now(steps_.size());
    Places next(steps_.size());
    std::vector<std::uint32_t> todo;
    char32_t before = no_character;
    for (bool first = true;; first = false) {
      std::string_view rest = text;
      const char32_t c = text.empty() ? no_character : detail::take_character(rest);
      const Spot spot{before, c, text == "\n"};
      bool matched = false;
      now.clear();
      for (const auto at : next.order) {
        if (accepts(steps_[at], before)) {
          matched = reach(at + 1, spot, now, todo) || matched;
        }
      }
      if (first || !only_at_start) {
        matched = reach(0, spot, now, todo) || matched;
      }
      if (matched && (!only_at_end || text.empty())) {
        return true;
      }
      if (text.empty() || (now.order.empty() && only_at_start)) {
        return false;
      }
      before = c;
      text = rest;
      std::swap(now, next);
    }
  }

  /// The pattern's parts one after another, where it is a plain sequence.
  [[nodiscard]] static std::vector<const Node*> parts_of(const detail::ParsedRegex& parsed) {
    std::vector<const Node*> parts;
    const Node& root = parsed.nodes[parsed.root];
    if (root.kind == Kind::sequence) {
      for (const auto child : root.children) {
        parts.push_back(&parsed.nodes[child]);
      }
    } else {
      parts.push_back(&root);
    }
    return parts;
  }
  [[nodiscard]] static bool starts_with_caret(const detail::ParsedRegex& parsed) {
    const auto parts = parts_of(parsed);
    return !parts.empty() &&
           (parts[0]->kind == Kind::line_start || parts[0]->kind == Kind::text_start);
  }
  [[nodiscard]] static std::string literal_prefix_of(const detail::ParsedRegex& parsed) {
    std::string prefix;
    if (parsed.flags.ignore_case || parsed.flags.multi_line || !starts_with_caret(parsed)) {
      return prefix;
    }
    const auto parts = parts_of(parsed);
    for (std::size_t i = 1; i < parts.size() && parts[i]->kind == Kind::character; ++i) {
      detail::put_character(prefix, parts[i]->character);
    }
    return prefix;
  }

  std::vector<Step> steps_;
  std::vector<detail::CharacterClass> classes_;
  std::string prefix_;
  detail::RegexFlags flags_;
  bool starts_at_text_ = false;
};

}  // namespace strata::store
