// SPDX-License-Identifier: BSL-1.0
#include <strata/table/block_memory.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using strata::table::BlockBytes;
using strata::table::BlockMemory;

namespace {

/// A piece, and the byte that all of it was set to.
struct Written {
  BlockBytes bytes;
  std::size_t size = 0;
  char mark = 0;

  [[nodiscard]] bool is_untouched() const {
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): it does not see the deleter
    return std::all_of(bytes.get(), bytes.get() + size, [&](char byte) { return byte == mark; });
  }
};

Written written(BlockMemory& memory, std::size_t size, char mark) {
  Written piece{memory.allocate(size), size, mark};
  std::memset(piece.bytes.get(), mark, size);
  return piece;
}

/// So many of the class of `size` from the heap that the next piece is of a slab.
std::vector<BlockBytes> heap_filled(BlockMemory& memory, std::size_t size) {
  std::vector<BlockBytes> pieces;
  const std::size_t before = memory.bytes_out();
  while (memory.bytes_out() - before < BlockMemory::heap_bytes_most) {
    pieces.push_back(memory.allocate(size));
  }
  return pieces;
}

}  // namespace

TEST_CASE("few blocks take no slab") {
  BlockMemory memory;
  std::vector<Written> pieces;
  for (int i = 0; i < 100; ++i) {
    pieces.push_back(written(memory, 4096, static_cast<char>(i)));
  }
  CHECK(memory.slabs() == 0);
  CHECK(memory.bytes_out() == 100 * 4096);
  pieces.clear();
  CHECK(memory.bytes_out() == 0);
}

TEST_CASE("many blocks of about a size share slabs, which go with their last block") {
  BlockMemory memory;
  const std::vector<BlockBytes> before = heap_filled(memory, 4200);
  const std::size_t taken = memory.bytes_out();
  std::vector<Written> pieces;
  for (std::size_t i = 0; i < 2000; ++i) {
    pieces.push_back(written(memory, 4100 + i % 200, static_cast<char>(i)));
  }
  CHECK(memory.slabs() == 5);  // 481 or more of at most 4352 bytes in each, of one class
  CHECK(memory.bytes_out() - taken <= 2000 * 4352);
  for (const Written& piece : pieces) {
    CHECK(piece.is_untouched());
  }
  pieces.clear();
  CHECK(memory.slabs() == 0);
  CHECK(memory.bytes_out() == taken);
}

TEST_CASE("sizes that are rare take no slab, whatever the others take") {
  BlockMemory memory;
  const std::vector<BlockBytes> before = heap_filled(memory, 4200);
  const BlockBytes common = memory.allocate(4200);
  REQUIRE(memory.slabs() == 1);
  std::vector<Written> rare;
  for (std::size_t size = 600; size < 4000; size += 100) {
    rare.push_back(written(memory, size, 'r'));
  }
  CHECK(memory.slabs() == 1);
}

TEST_CASE("every size gets its bytes, and no class wastes more than a sixteenth") {
  BlockMemory memory;
  const std::size_t step = GENERATE(0U, 1U, 2U);  // at the ends of classes, and in them
  for (std::size_t size = 513 + step * 7; size <= BlockMemory::slab_bytes_most;
       size += step == 0 ? 97 : 1000 + step) {
    const std::vector<BlockBytes> before = heap_filled(memory, size);
    const std::size_t taken = memory.bytes_out();
    const Written first = written(memory, size, 'a');
    const std::size_t each = memory.bytes_out() - taken;
    const Written second = written(memory, size, 'b');
    CAPTURE(size);
    REQUIRE(first.is_untouched());
    REQUIRE(each >= size);
    REQUIRE(each <= size + size / 16 + 1);
  }
  CHECK(memory.slabs() == 0);
}

TEST_CASE("a slab is filled again before another one is made") {
  BlockMemory memory;
  const std::vector<BlockBytes> before = heap_filled(memory, 4000);
  std::vector<Written> pieces;
  while (memory.slabs() < 2) {
    pieces.push_back(written(memory, 4000, 'x'));
  }
  const std::size_t in_one_slab = pieces.size() - 1;
  CHECK(in_one_slab * 4000 > (std::size_t{2} << 20) * 9 / 10);
  for (std::size_t i = 0; i < in_one_slab; i += 2) {
    pieces[i] = written(memory, 1, 'y');
  }
  for (std::size_t i = 0; i < in_one_slab; i += 2) {
    pieces[i] = written(memory, 4000, 'z');
    REQUIRE(memory.slabs() == 2);
  }
  CHECK(
      std::all_of(pieces.begin(), pieces.end(), [](const Written& p) { return p.is_untouched(); }));
}

TEST_CASE("bytes of the heap become a block's, and go back to it") {
  BlockBytes bytes = std::make_unique<char[]>(100);
  bytes[99] = 'x';
  const BlockBytes moved = std::move(bytes);
  CHECK(moved[99] == 'x');
}

TEST_CASE("pieces taken and given back at random never overlap") {
  const auto seed = GENERATE(range(1U, 5U));
  CAPTURE(seed);
  std::mt19937 random(seed);
  BlockMemory memory;
  const std::vector<BlockBytes> before = heap_filled(memory, 1000);
  const std::vector<BlockBytes> others = heap_filled(memory, 1010);
  std::vector<Written> pieces;
  for (std::size_t step = 0; step < 20'000; ++step) {
    if (pieces.empty() || random() % 100 < 52) {
      pieces.push_back(written(memory, 900 + random() % 200, static_cast<char>(random())));
    } else {
      std::swap(pieces[random() % pieces.size()], pieces.back());
      REQUIRE(pieces.back().is_untouched());
      pieces.pop_back();
    }
  }
  CHECK(memory.slabs() > 0);
  for (const Written& piece : pieces) {
    REQUIRE(piece.is_untouched());
  }
}

TEST_CASE("a piece that one thread took may be given back by another") {
  BlockMemory memory;
  const std::vector<BlockBytes> before = heap_filled(memory, 1000);
  const std::size_t taken = memory.bytes_out();
  std::vector<std::vector<Written>> pieces(4);
  const auto in_threads = [&](auto work) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      threads.emplace_back([&work, i] { work(i); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  };
  in_threads([&](std::size_t own) {
    for (std::size_t i = 0; i < 2000; ++i) {
      pieces[own].push_back(written(memory, 1000, static_cast<char>(own)));
    }
  });
  std::vector<int> whole(pieces.size());
  in_threads([&](std::size_t own) {
    std::vector<Written>& others = pieces[(own + 1) % pieces.size()];
    whole[own] = static_cast<int>(std::count_if(
        others.begin(), others.end(), [](const Written& piece) { return piece.is_untouched(); }));
    others.clear();
  });
  CHECK(whole == std::vector<int>(4, 2000));
  CHECK(memory.slabs() == 0);
  CHECK(memory.bytes_out() == taken);
}
