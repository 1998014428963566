// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the tests of tables share: entries in table order, as a `std::map` that every answer is
/// compared with, and key sets that are hard on prefixes and heads.

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/entry.hpp>

namespace table_test {

using namespace strata;

struct Version {
  std::string key;
  Trailer trailer;
  friend bool operator==(const Version&, const Version&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const Version& version) {
  return out << version.key << "@" << version.trailer.packed();
}

/// Key ascending, newest version first.
struct TableOrder {
  bool operator()(const Version& a, const Version& b) const {
    const int order = a.key.compare(b.key);
    return order < 0 || (order == 0 && a.trailer > b.trailer);
  }
};
using Entries = std::map<Version, std::string, TableOrder>;

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t bound) {
  return random() % bound;
}

/// Bytes of a small alphabet that has both ends of the byte order in it.
inline std::string random_bytes(Random& random, std::size_t bytes_most) {
  static constexpr char alphabet[] = {'\0', '\1', 'a', 'b', '\x7f', '\x80', '\xfe', '\xff'};
  std::string bytes(below(random, bytes_most + 1), '\0');
  for (char& byte : bytes) {
    byte = alphabet[below(random, sizeof alphabet)];
  }
  return bytes;
}

/// One entry for each key, with a value of its own.
inline Entries entries_of(const std::set<std::string>& keys, Sequence sequence = 1) {
  Entries entries;
  for (const std::string& key : keys) {
    const std::string value = "value " + std::to_string(entries.size());
    entries[{key, Trailer(sequence++, EntryKind::put)}] = value;
  }
  return entries;
}

/// Up to `count` keys behind a common prefix, some with several versions, some erased.
inline Entries random_entries(Random& random, std::size_t count) {
  const std::string prefix = random_bytes(random, 12);
  const std::size_t key_bytes = 1 + below(random, 24);
  const std::size_t versions = 1 + below(random, 3);
  Entries entries;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string key = prefix + random_bytes(random, key_bytes);
    for (std::size_t v = below(random, versions) + 1; v > 0; --v) {
      const Trailer trailer(random() % 1000 + 1,
                            below(random, 4) == 0 ? EntryKind::erase : EntryKind::put);
      entries[{key, trailer}] = random_bytes(random, 20);
    }
  }
  return entries;
}

/// Every key, and what lies closely around it.
inline std::set<std::string> probes_around(const Entries& entries) {
  std::set<std::string> probes{"", std::string(1, '\0'), std::string(40, '\xff')};
  for (const auto& [version, value] : entries) {
    const std::string& key = version.key;
    probes.insert(key);
    probes.insert(key + '\0');
    probes.insert(key + '\xff');
    for (std::size_t length = 0; length < key.size(); ++length) {
      std::string probe = key.substr(0, length + 1);
      ++probe.back();
      probes.insert(probe);
      probe.back() = static_cast<char>(probe.back() - 2);
      probes.insert(probe);
      probes.insert(key.substr(0, length));
    }
  }
  return probes;
}

}  // namespace table_test
