// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace strata {

/// What an acknowledged write survives.
///
/// | durability | after kill -9      | after power loss                                        |
/// |------------|--------------------|---------------------------------------------------------|
/// | `synced`   | all acknowledged   | all acknowledged                                        |
/// | `buffered` | all acknowledged   | a prefix of commit order, at least to the last `sync()` |
/// | `unlogged` | the flushed prefix | the flushed prefix                                      |
///
/// Whatever the mode, a batch is whole or absent, and what is recovered is a prefix of commit
/// order. Modes may be mixed: an unlogged batch that is lost leaves a gap of its own in that
/// prefix, and takes nothing that was logged with it. Held by tests/crash/power_loss_test.cpp and
/// tests/crash/kill_test.cpp.
enum class Durability : std::uint8_t {
  synced,
  buffered,
  unlogged
};

}  // namespace strata
