// SPDX-License-Identifier: BSL-1.0
//
// libFuzzer's entry: one target is linked with this.
#include <cstddef>
#include <cstdint>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Target::first()->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
