// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Memory that is the machine's own before somebody measures.

#include <sys/mman.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace report {

/// Virtual machines give free memory back to their host, here after a second or two, and wait ten
/// microseconds for each page that they then touch, milliseconds for a large one. Whoever comes
/// first must not pay for that: large pages, as smaller ones are not given back. It takes some
/// 50 ms, or what the host needs.
inline void touch_memory(std::size_t bytes) {
  void* const pages =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    std::fputs("no memory to touch\n", stderr);
    std::exit(1);
  }
  (void)::madvise(pages, bytes, MADV_HUGEPAGE);
  for (std::size_t at = 0; at < bytes; at += 4096) {
    static_cast<volatile char*>(pages)[at] = 1;
  }
  ::munmap(pages, bytes);
}

}  // namespace report
