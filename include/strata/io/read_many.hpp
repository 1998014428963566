// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Many reads of one file at once: what a `RandomFile` may offer beyond its concept.
///
///     io::ReadRequest requests[] = {{0, first, 4096}, {81920, second, 4096}};
///     auto done = io::read_many(file, requests);     // requests[i].done says how many bytes came
///
/// A file that has `read_many` itself (`io/uring.hpp`) hands all of them to the device together;
/// any other one reads them one after the other. Lookups of many keys and read-ahead are what it
/// is for. Threads: as `RandomFile::read`.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <strata/core/error.hpp>

namespace strata::io {

struct ReadRequest {
  std::uint64_t offset = 0;
  char* to = nullptr;
  std::size_t size = 0;
  std::size_t done = 0;  ///< less than `size` only where the file ends
};

template <class File>
concept BatchReadable = requires(const File& file, std::span<ReadRequest> requests) {
  { file.read_many(requests) } -> std::same_as<Result<void>>;
};

/// The first error ends it; what the requests hold then is unspecified.
template <class File>
[[nodiscard]] Result<void> read_many(const File& file, std::span<ReadRequest> requests) {
  if constexpr (BatchReadable<File>) {
    return file.read_many(requests);
  } else {
    for (ReadRequest& request : requests) {
      auto read = file.read(request.offset, request.to, request.size);
      if (!read) {
        return propagate(std::move(read));
      }
      request.done = *read;
    }
    return {};
  }
}

}  // namespace strata::io
