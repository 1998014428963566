// SPDX-License-Identifier: BSL-1.0
//
// Golden directories in which one file was damaged: no answer is wrong, and the error names the
// file.
#include "damage.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "directories.hpp"

using namespace golden;

TEST_CASE("a flipped bit or a cut file gives the right answers, or an error that names it") {
  DamageReport report;
  const std::size_t damages = damages_per_file(16);
  for (const Golden& one : all()) {
    if (!is_chosen(one.name)) {
      continue;
    }
    const Image image = stored(current_version, one.name);
    const auto check = [&](io::Memory& fs, bool read_only) {
      return one.check(fs, read_only ? Access::read_only : Access::read_write);
    };
    for (const auto& [path, bytes] : image) {
      const std::size_t before = report.violations.size();
      damage_file(image, path, damages, check, report);
      for (std::size_t i = before; i < report.violations.size(); ++i) {
        UNSCOPED_INFO(one.name << report.violations[i]);
      }
      CHECK(report.violations.size() == before);
    }
  }
  WARN(report.files << " files, " << report.flips << " flips, " << report.cuts << " cuts: "
                    << report.detected << " detected (" << report.elsewhere << " by a neighbour), "
                    << report.harmless << " harmless, " << report.older << " logs that end early");
  CHECK(report.detected > report.flips / 2);
}
