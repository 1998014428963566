// SPDX-License-Identifier: BSL-1.0
#include <strata/store/regex.hpp>

#include <regex.h>

#include <catch2/catch.hpp>

#include <random>
#include <string>

using strata::ErrorCode;
using strata::store::Regex;

namespace {

/// The C library's regular expressions: another implementation to compare with.
class PosixRegex {
 public:
  explicit PosixRegex(const std::string& pattern) {
    REQUIRE(::regcomp(&compiled_, pattern.c_str(), REG_EXTENDED | REG_NOSUB) == 0);
  }
  PosixRegex(const PosixRegex&) = delete;
  PosixRegex& operator=(const PosixRegex&) = delete;
  ~PosixRegex() { ::regfree(&compiled_); }
  [[nodiscard]] bool found(const std::string& text) const {
    return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_{};
};

bool found(std::string_view pattern, std::string_view text, std::string_view flags = "") {
  const auto regex = Regex::compile(pattern, flags);
  INFO(pattern);
  REQUIRE(regex);
  return regex->search(text);
}

}  // namespace

TEST_CASE("a regular expression finds what it describes") {
  CHECK(found("", ""));
  CHECK(found("b", "abc"));
  CHECK_FALSE(found("^b", "abc"));
  CHECK(found("^[A-C]", "Brazil"));
  CHECK_FALSE(found("^[A-C]", "Denmark"));
  CHECK(found("^(a|bc)+$", "abcbca"));
  CHECK_FALSE(found("^(a|bc)+$", "abcb"));
  CHECK(found("x{2,3}y", "axxy"));
  CHECK_FALSE(found("^x{2,3}y", "xxxxy"));
  CHECK(found("a{2}", "baab"));
  CHECK(found("a{,2}", "a{,2}"));
  CHECK(found("\\d+-\\w*\\s", "x 12-a_9\t"));
  CHECK(found("[^\\d]", "12a"));
  CHECK_FALSE(found("[^\\d]", "12"));
  CHECK(found("[]a]", "]"));
  CHECK(found("[a-]", "-"));
  CHECK(found("\\.", "a.b"));
  CHECK_FALSE(found("\\.", "ab"));
  CHECK(found("\\bcat\\b", "a cat!"));
  CHECK_FALSE(found("\\bcat\\b", "concat"));
  CHECK(found("\\Bcat", "concat"));
  CHECK(found("a.c",
              "a\xc3\xa9"
              "c"));
  CHECK(found("^.$", "\xc3\xa9"));
  CHECK(found("[\xc3\xa0-\xc3\xbf]", "\xc3\xa9"));
  CHECK(found("\\x41\\x{e9}", "A\xc3\xa9"));
  CHECK(found("^.$", "\xff"));
  CHECK(found("a*?b", "aaab"));
  CHECK(found("(?:a(?:b|c))?d", "acd"));
  CHECK(found("(|a)b", "b"));
}

TEST_CASE("flags change case, lines and the dot") {
  CHECK(found("ABC", "xabcx", "i"));
  CHECK(found("(?i)ABC", "xabcx"));
  CHECK(found("[a-c]", "B", "i"));
  CHECK_FALSE(found("[^a-c]", "B", "i"));
  CHECK(found("^b$", "a\nb\nc", "m"));
  CHECK_FALSE(found("^b$", "a\nb\nc"));
  CHECK(found("c$", "a\nc\n"));
  CHECK_FALSE(found("c\\z", "a\nc\n"));
  CHECK_FALSE(found("a.b", "a\nb"));
  CHECK(found("a.b", "a\nb", "s"));
  CHECK_FALSE(Regex::compile("a", "g"));
}

TEST_CASE("full_match wants all of the text") {
  const auto regex = *Regex::compile("a|ab|c.*");
  CHECK(regex.full_match("a"));
  CHECK(regex.full_match("ab"));
  CHECK_FALSE(regex.full_match("abx"));
  CHECK_FALSE(regex.full_match("xa"));
  CHECK(regex.full_match("cde"));
}

TEST_CASE("an anchored expression knows what its matches start with") {
  CHECK(Regex::compile("^abc")->prefix() == "abc");
  CHECK(Regex::compile("^ab[c]")->prefix() == "ab");
  CHECK(Regex::compile("^abc*")->prefix() == "ab");
  CHECK(Regex::compile("^a|b")->prefix() == "");
  CHECK(Regex::compile("^a", "i")->prefix() == "");
  CHECK(Regex::compile("abc")->prefix() == "");
  CHECK(Regex::compile("^a\\.\xc3\xa9")->prefix() == "a.\xc3\xa9");
}

TEST_CASE("what can not be matched in linear time, or is no expression, is refused with a reason") {
  for (const char* pattern :
       {"(a", "a)", "[a", "a\\", "*a", "(?=a)", "(?!a)", "(?<n>a)", "\\1", "\\p{L}", "[[:alpha:]]",
        "a{3,2}", "a{1001}", "[z-a]", "\\xg1", "a**", "(((a{100}){100}){100})"}) {
    const auto regex = Regex::compile(pattern);
    INFO(pattern);
    REQUIRE_FALSE(regex);
    CHECK(regex.error().code() == ErrorCode::invalid_argument);
  }
  CHECK_FALSE(Regex::compile(std::string(1000, '(') + std::string(1000, ')')));
}

TEST_CASE("patterns that make backtracking engines exponential stay fast") {
  CHECK_FALSE(found("^(a+)+$", std::string(20000, 'a') + "b"));
  CHECK_FALSE(found("(a|a)*(a|a)*(a|a)*c", std::string(5000, 'a')));
  CHECK(found("(?:(?:)*)*b", "ab"));
}

TEST_CASE("random expressions agree with those of POSIX") {
  const std::uint32_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto pick = [&](auto n) { return random() % static_cast<unsigned>(n); };
  const auto make = [&](auto&& self, int depth) -> std::string {
    const std::string atoms[] = {"a", "b", ".", "[ab]", "[^a]", "\\w"};
    std::string out;
    for (auto n = 1 + pick(3); n-- > 0;) {
      std::string part =
          depth > 0 && pick(3) == 0 ? "(" + self(self, depth - 1) + ")" : atoms[pick(6)];
      const char* const ends[] = {"", "", "", "*", "+", "?", "{1,2}"};
      out += part + ends[pick(7)];
    }
    return pick(4) == 0 && depth > 0 ? out + "|" + self(self, depth - 1) : out;
  };
  for (int i = 0; i < 400; ++i) {
    std::string pattern = make(make, 2);
    pattern = (pick(4) == 0 ? "^" : "") + pattern + (pick(4) == 0 ? "$" : "");
    const PosixRegex part(pattern);
    const PosixRegex whole("^(" + pattern + ")$");
    const auto ours = Regex::compile(pattern);
    REQUIRE(ours);
    for (int j = 0; j < 20; ++j) {
      std::string text(pick(7), 'a');
      for (auto& c : text) {
        c = "abc"[pick(3)];
      }
      CAPTURE(pattern, text);
      REQUIRE(ours->search(text) == part.found(text));
      REQUIRE(ours->full_match(text) == whole.found(text));
    }
  }
}
