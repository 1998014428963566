// SPDX-License-Identifier: BSL-1.0
// `strata`: looks into databases of the compositions that most people have.
#include <strata/compression/lz4.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/manager/persistence_manager.hpp>

#include "tool.hpp"

int main(int argc, char** argv) {
  return strata::tool::main<strata::LsmTree<>, strata::LsmTree<strata::compression::Lz4>,
                            strata::LsmTree<strata::compression::Zstd>,
                            strata::PersistenceManager<>::Db,
                            strata::LsmTree<strata::value_separation::ValueLog>>(argc, argv);
}
