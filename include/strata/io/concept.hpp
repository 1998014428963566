// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The file system slot: everything strata asks of storage.
///
/// A file system is a cheap, copyable handle; copies see the same files. Paths are plain strings
/// with '/' between names. Every call returns a `Result`; `not_found`, `already_exists`,
/// `disk_full` and `locked` are told apart, anything else is `io`.
///
/// | expression                      | result           | promise                                 |
/// |---------------------------------|------------------|-----------------------------------------|
/// | `fs.create(path)`               | `WritableFile`   | a new file; `already_exists` if one is  |
/// | `fs.create_log(path, capacity)` | `LogFile`        | a new preallocated file for a log       |
/// | `fs.open(path)`                 | `RandomFile`     | an existing file, for reading           |
/// | `fs.rename(from, to)`           | `void`           | atomic; replaces `to`                   |
/// | `fs.link(from, to)`             | `void`           | a second name for the same bytes        |
/// | `fs.remove(path)`               | `void`           | open files stay readable                |
/// | `fs.exists(path)`               | `bool`           | of files and directories                |
/// | `fs.file_size(path)`            | `uint64_t`       | bytes                                   |
/// | `fs.list(directory)`            | `vector<string>` | names, sorted                           |
/// | `fs.create_directory(path)`     | `void`           | `already_exists` if there is one        |
/// | `fs.remove_directory(path)`     | `void`           | of an empty directory                   |
/// | `fs.sync_directory(path)`       | `void`           | names created, renamed and removed so   |
/// |                                 |                  | far are durable                         |
/// | `fs.lock(path)`                 | `Lock`           | exclusive while the object lives, among |
/// |                                 |                  | processes and handles                   |
/// | `fs.free_bytes(path)`           | `uint64_t`       | room left                               |
///
/// `WritableFile`: `append(bytes)` may buffer, `sync()` makes content and size durable, `close()`
/// reports what is left, `size_bytes()`. `LogFile`: when `append(header, payload)` returns, the
/// bytes are in the kernel's hands and survive the death of the process; `sync()` makes them
/// durable; bytes beyond the end read as zero until `close()` cuts them off. It may offer work that
/// others can take off it: while `wants_ahead()`, `take_ahead().prepare()` makes space for further
/// appends, in any thread, at any time, also when the file is gone. `RandomFile`:
/// `read(offset, to, size)` reads fully unless the file ends, from any thread; `size_bytes()`.
///
/// A failed `sync` must not be tried again: the kernel may have dropped the pages (Rebello et al.,
/// "Can applications recover from fsync failures?", ATC 2020).

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>

namespace strata {

template <class Fs>
concept FileSystemPolicy = std::same_as<typename Fs::policy_slot, file_system_slot> &&
    std::copyable<Fs> && std::default_initializable<Fs> &&
    requires(Fs fs, const std::string& path, typename Fs::WritableFile writable,
             typename Fs::LogFile log, const typename Fs::RandomFile random, std::string_view bytes,
             char* to) {
  { Fs::name } -> std::convertible_to<std::string_view>;
  { fs.create(path) } -> std::same_as<Result<typename Fs::WritableFile>>;
  { fs.create_log(path, std::uint64_t{}) } -> std::same_as<Result<typename Fs::LogFile>>;
  { fs.open(path) } -> std::same_as<Result<typename Fs::RandomFile>>;
  { fs.rename(path, path) } -> std::same_as<Result<void>>;
  { fs.link(path, path) } -> std::same_as<Result<void>>;
  { fs.remove(path) } -> std::same_as<Result<void>>;
  { fs.exists(path) } -> std::same_as<Result<bool>>;
  { fs.file_size(path) } -> std::same_as<Result<std::uint64_t>>;
  { fs.list(path) } -> std::same_as<Result<std::vector<std::string>>>;
  { fs.create_directory(path) } -> std::same_as<Result<void>>;
  { fs.remove_directory(path) } -> std::same_as<Result<void>>;
  { fs.sync_directory(path) } -> std::same_as<Result<void>>;
  { fs.lock(path) } -> std::same_as<Result<typename Fs::Lock>>;
  { fs.free_bytes(path) } -> std::same_as<Result<std::uint64_t>>;
  { writable.append(bytes) } -> std::same_as<Result<void>>;
  { writable.flush() } -> std::same_as<Result<void>>;
  { writable.sync() } -> std::same_as<Result<void>>;
  { writable.close() } -> std::same_as<Result<void>>;
  { writable.size_bytes() } -> std::same_as<std::uint64_t>;
  { log.append(bytes, bytes) } -> std::same_as<Result<void>>;
  { log.sync() } -> std::same_as<Result<void>>;
  { log.close() } -> std::same_as<Result<void>>;
  { log.size_bytes() } -> std::same_as<std::uint64_t>;
  { log.capacity_bytes() } -> std::same_as<std::uint64_t>;
  { random.read(std::uint64_t{}, to, std::size_t{}) } -> std::same_as<Result<std::size_t>>;
  { random.size_bytes() } -> std::same_as<std::uint64_t>;
};

}  // namespace strata
