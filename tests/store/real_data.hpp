// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Real data sets, in the directory that the environment variable STRATA_DATA names. A test that
/// needs one and does not find it warns, so that a run without data can not pass for one with it.

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace real_data {

/// The content of a file below STRATA_DATA; none, after a warning, where the variable is not set.
inline std::optional<std::string> read(const std::string& path) {
  const char* directory = std::getenv("STRATA_DATA");
  if (directory == nullptr) {
    WARN("SKIPPED: " << path << " is not read, as STRATA_DATA is not set");
    return std::nullopt;
  }
  std::ifstream file(std::string(directory) + "/" + path, std::ios::binary);
  INFO("STRATA_DATA=" << directory << ", file " << path);
  REQUIRE(file.good());
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

inline std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> split;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    split.push_back(line);
  }
  return split;
}

/// The fields of a line of CSV; quotes around a field are taken off.
inline std::vector<std::string> csv_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back().push_back(c);
    }
  }
  return fields;
}

}  // namespace real_data
