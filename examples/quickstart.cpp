// SPDX-License-Identifier: BSL-1.0
// A durable, ordered key-value store in a directory.
#include <iostream>
#include <strata/lsm/scan.hpp>
#include <strata/lsm_tree.hpp>

int main() {
  auto opened = strata::LsmTree<>::open("quickstart.db");
  if (!opened) {
    std::cerr << to_string(opened.error()) << '\n';  // says what to do
    return 1;
  }
  strata::LsmTree<> db = std::move(*opened);
  bool stored = true;
  for (const char* city : {"Athens", "Berlin", "Bern", "Cairo"}) {
    stored = stored && db.put(city, "a city", {.durability = strata::Durability::synced});
  }
  auto cities = db.scan("B", "C");  // ordered; as of now
  for (const auto [city, value] : cities) {
    std::cout << city << " is " << value << '\n';
  }
  return stored && cities.status() && db.close() ? 0 : 1;
}
