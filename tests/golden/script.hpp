// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the golden databases were written by, and how one is read and judged.
///
/// A script is a list of steps; the same list gives what the database must hold. A database of any
/// composition is described by a `Setup`:
///
///     using Db = ...;
///     static Db::Options options(io::Memory fs);    or a Result of them
///     static void prepare(Db& db);                  optional: after each open that may write
///     static Script script();
///     static void each_family(Db& db, visit)        visit(number of the family, its handle)

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/lsm/repair.hpp>
#include <strata/lsm_tree.hpp>

#include "golden.hpp"

namespace golden {

struct Step {
  enum Kind {
    put,
    erase,
    erase_range,
    flush,
    compact
  };
  Kind kind = put;
  std::string key = {};
  std::string value = {};  ///< of `erase_range`: the key after the last
  unsigned family = 0;
};
using Script = std::vector<Step>;
using Content = std::map<std::string, std::string>;
/// Of each family.
using State = std::map<unsigned, Content>;

/// "key/07"
inline std::string key_of(int number) {
  char text[16];
  std::snprintf(text, sizeof text, "key/%02d", number);
  return text;
}
inline std::string value_of(int number, std::string_view tag) {
  return "value " + std::to_string(number * 7919) + " " + std::string(tag);
}

inline constexpr int key_count = 48;

/// Two levels: one that was compacted, and one with overwritten and erased keys above it.
inline Script two_levels(unsigned family = 0) {
  Script script;
  for (int i = 0; i < key_count; ++i) {
    script.push_back({Step::put, key_of(i), value_of(i, "old"), family});
  }
  script.push_back({Step::flush, "", "", family});
  script.push_back({Step::compact, "", "", family});
  for (int i = 0; i < key_count; i += 5) {
    script.push_back({Step::put, key_of(i), value_of(i, "new"), family});
  }
  for (int i = 3; i < key_count; i += 7) {
    script.push_back({Step::erase, key_of(i), "", family});
  }
  script.push_back({Step::flush, "", "", family});
  return script;
}

inline void apply(const Step& step, State& state) {
  Content& content = state[step.family];
  switch (step.kind) {
    case Step::put: content[step.key] = step.value; break;
    case Step::erase: content.erase(step.key); break;
    case Step::erase_range:
      content.erase(content.lower_bound(step.key), content.lower_bound(step.value));
      break;
    default: break;
  }
}

/// What the script leaves, newest first; older ones where the last writes were not flushed.
inline std::vector<State> states_after(const Script& script) {
  std::vector<State> states(1);
  for (const Step& step : script) {
    if (step.kind == Step::flush) {
      states.erase(states.begin(), states.end() - 1);
    } else {
      State next = states.back();
      apply(step, next);
      states.push_back(std::move(next));
    }
  }
  std::reverse(states.begin(), states.end());
  return states;
}

/// Answers of one family; what is not in here was not answered.
struct Answers {
  std::map<std::string, std::optional<std::string>> gets;
  std::vector<std::pair<std::string, std::string>> forward;
  std::vector<std::pair<std::string, std::string>> backward;
  bool all_forward = false;
  bool all_backward = false;
};

inline std::string difference(const Answers& answers, const Content& content) {
  for (const auto& [key, value] : answers.gets) {
    const auto expected = content.find(key);
    if (value != (expected == content.end() ? std::nullopt : std::optional(expected->second))) {
      return "get(" + key + ") gives " + value.value_or("nothing");
    }
  }
  const auto scan_differs = [](const auto& scanned, bool all, auto first, auto last) {
    for (const auto& entry : scanned) {
      if (first == last || first->first != entry.first || first->second != entry.second) {
        return true;
      }
      ++first;
    }
    return all && first != last;
  };
  if (scan_differs(answers.forward, answers.all_forward, content.begin(), content.end())) {
    return "a scan differs";
  }
  if (scan_differs(answers.backward, answers.all_backward, content.rbegin(), content.rend())) {
    return "a scan backwards differs";
  }
  return "";
}

template <class Family>
Answers ask(Family& family, const Script& script, std::vector<Error>& errors) {
  Answers answers;
  const auto get = [&](const std::string& key) {
    if (answers.gets.contains(key)) {
      return;
    }
    if (auto found = family.get(key)) {
      answers.gets[key] = std::move(*found);
    } else {
      errors.push_back(found.error());
    }
  };
  for (const Step& step : script) {
    if (!step.key.empty()) {
      get(step.key);
      get(step.key + "?");
    }
  }
  const auto scan = [&](bool forward, auto& entries) {
    auto cursor = family.cursor();
    for (forward ? cursor.seek_to_first() : cursor.seek_to_last(); cursor.valid();
         forward ? cursor.next() : cursor.prev()) {
      std::string key(cursor.key());
      std::string value(cursor.value());
      if (!cursor.valid()) {
        break;  // the value could not be read
      }
      entries.emplace_back(std::move(key), std::move(value));
    }
    if (!cursor.status()) {
      errors.push_back(cursor.status().error());
    }
    return cursor.status().has_value();
  };
  answers.all_forward = scan(true, answers.forward);
  answers.all_backward = scan(false, answers.backward);
  return answers;
}

template <class Setup>
[[nodiscard]] Result<typename Setup::Db> open(const io::Memory& fs, bool read_only) {
  Result<typename Setup::Db::Options> options = Setup::options(fs);
  if (!options) {
    return propagate(std::move(options));
  }
  options->read_only = read_only;
  auto db = Setup::Db::open("/db", *options);
  if constexpr (requires { Setup::prepare(*db); }) {
    if (db && !read_only) {
      Setup::prepare(*db);
    }
  }
  return db;
}
template <class Setup>
[[nodiscard]] Result<void> repair(io::Memory fs) {
  Result<typename Setup::Db::Options> options = Setup::options(fs);
  if (!options) {
    return propagate(std::move(options));
  }
  auto done = Setup::Db::repair("/db", *options);
  return done ? Result<void>() : propagate(std::move(done));
}

template <class Setup>
void read(typename Setup::Db& db, const Script& script, const std::vector<State>& states,
          Verdict& verdict) {
  if (auto verified = db.verify(); !verified) {
    verdict.errors.push_back(verified.error());
  }
  std::map<unsigned, Answers> answers;
  Setup::each_family(db, [&](unsigned number, auto& family) {
    answers[number] = ask(family, script, verdict.errors);
  });
  std::string differs;
  for (std::size_t age = 0; age < states.size(); ++age) {
    std::string now;
    for (const auto& [number, content] : states[age]) {
      const auto given = answers.find(number);
      if (given == answers.end()) {
        now = "family " + std::to_string(number) + " is missing";
      }
      if (now.empty()) {
        now = difference(given->second, content);
      }
    }
    if (now.empty()) {
      verdict.older = age > 0;
      return;
    }
    differs = differs.empty() ? now : differs;
  }
  verdict.difference = differs;
}

template <class Setup>
Verdict check(io::Memory fs, Access access) {
  Verdict verdict;
  Script script = Setup::script();
  std::vector<State> states = states_after(script);
  {
    auto db = open<Setup>(fs, access == Access::read_only);
    if (!db) {
      verdict.errors.push_back(db.error());
      return verdict;
    }
    read<Setup>(*db, script, states, verdict);
    if (access != Access::change) {
      return verdict;
    }
    states = {states.front()};
    Setup::each_family(*db, [&](unsigned number, auto& family) {
      for (const Step& step :
           {Step{Step::put, "key/20", "changed", number}, Step{Step::put, "zzz", "more", number},
            Step{Step::erase, "key/21", "", number}}) {
        auto done =
            step.kind == Step::put ? family.put(step.key, step.value) : family.erase(step.key);
        if (!done) {
          verdict.errors.push_back(done.error());
        }
        apply(step, states.front());
        script.push_back(step);
      }
      if (auto compacted = family.compact(); !compacted) {
        verdict.errors.push_back(compacted.error());
      }
    });
    read<Setup>(*db, script, states, verdict);
    if (auto closed = db->close(); !closed) {
      verdict.errors.push_back(closed.error());
    }
  }
  auto db = open<Setup>(fs, false);
  if (!db) {
    verdict.errors.push_back(db.error());
    return verdict;
  }
  read<Setup>(*db, script, states, verdict);
  return verdict;
}

template <class Setup>
void write(io::Memory fs) {
  auto db = open<Setup>(fs, false).value();
  for (const Step& step : Setup::script()) {
    if (step.kind == Step::flush) {
      must(db.flush());
      continue;
    }
    Setup::each_family(db, [&](unsigned number, auto& family) {
      if (number != step.family) {
        return;
      }
      switch (step.kind) {
        case Step::put: must(family.put(step.key, step.value)); break;
        case Step::erase: must(family.erase(step.key)); break;
        case Step::erase_range: must(family.erase_range(step.key, step.value)); break;
        default: must(family.compact()); break;
      }
    });
  }
  if constexpr (requires { Setup::finish(db, fs); }) {
    Setup::finish(db, fs);
  }
  must(db.close());
}

template <class Setup>
Golden golden_of(std::string_view name) {
  return {name, &write<Setup>, &check<Setup>,
          [](io::Memory fs, bool read_only) {
            auto db = open<Setup>(fs, read_only);
            return db ? Result<void>() : propagate(std::move(db));
          },
          &repair<Setup>};
}

/// A database of one unnamed family. `Tune` changes its options.
template <class Tune, class... Policies>
struct TreeSetup {
  using Db = LsmTree<io::Memory, executor::Inline, clock::Frozen, Policies...>;

  static typename Db::Options options(const io::Memory& fs) {
    typename Db::Options options;
    options.file_system = fs;
    options.wal.segment_bytes = 8'000;
    options.table_format.block_bytes = 256;
    Tune::tune(options);
    return options;
  }
  static Script script() {
    if constexpr (requires { Tune::script(); }) {
      return Tune::script();
    } else {
      return two_levels();
    }
  }
  template <class Visit>
  static void each_family(Db& db, Visit&& visit) {
    visit(0U, db);
  }
};

/// Nothing special.
struct Plain {
  static void tune(auto&) {}
};

}  // namespace golden
