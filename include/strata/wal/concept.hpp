// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The wal slot: what happens to a batch between the writer's hands and the memtable.
///
/// | expression                | result                 | promise                               |
/// |---------------------------|------------------------|---------------------------------------|
/// | `W::name`                 | `string_view`          | shown in stats                        |
/// | `W::keeps_log`            | `bool`                 | false: `sync` is `unsupported`        |
/// | `W::Options`              | a struct               | has a member `durability`             |
/// | `W::writer<Fs, Checksum>` | a log                  | see below                             |
/// | `W::replay<Fs, Checksum>` | `Result<ReplayReport>` | writes nothing                        |
///
/// `replay(fs, directory, options, replay_options, visit)` calls `visit(first_sequence, count,
/// payload) -> Result<void>` in order. What it visits is a prefix of what was appended, and holds
/// at least all that was synced.
///
/// A log is moved, not copied; its owner sees to it that one thread at a time calls it.
///
/// | expression                | result            | promise                                    |
/// |---------------------------|-------------------|--------------------------------------------|
/// | `L::create(fs, dir, options, start)` | `Result<L>` | begins after `start.last_sequence`    |
/// | `l.append(first, count, bytes, crc)` | `Result<void>` | survives the death of the process  |
/// | `l.sync()`                | `Result<void>`    | all appended is durable                    |
/// | `l.close()`               | `Result<void>`    | syncs; later calls fail with `closed`      |
/// | `l.last_sequence()`       | `Sequence`        | of appends                                 |
/// | `l.durable_sequence()`    | `Sequence`        | of syncs                                   |
/// | `l.segments()`            | `vector<Segment>` | oldest first; the last may still grow      |
/// | `l.bytes()`               | `uint64_t`        | in all segments                            |
/// | `l.remove_through(s)`     | `Result<void>`    | forgets segments that end at or below `s`  |
/// | `l.take_through(s)`       | see wal/writer.hpp| optional: the same, but files go when it   |
/// |                           |                   | is told to `remove()`, by any thread       |
/// | `l.rotate()`              | `Result<void>`    | optional: what comes goes to a new segment |
/// | `l.offer_ahead(offer)`    |                   | optional: may call `offer(ahead)`, where   |
/// |                           |                   | `ahead.prepare()`, in any thread or never, |
/// |                           |                   | saves appends some work                    |
///
/// A failed `append` is as if it had not been called. A failed `sync` is final: what was not synced
/// before may or may not survive, and every later call fails. `remove_through` keeps the current
/// segment.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/core/durability.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/wal/options.hpp>

namespace strata {

/// What the engine calls on a log.
template <class L, class Fs, class LogOptions>
concept WalWriter = std::movable<L> &&
    requires(L log, const L& view, Fs fs, std::string directory, LogOptions options,
             wal::Start start, Sequence sequence, std::string_view payload) {
  { L::create(fs, directory, options, start) } -> std::same_as<Result<L>>;
  { log.append(sequence, std::uint32_t{}, payload, std::uint32_t{}) } -> std::same_as<Result<void>>;
  { log.sync() } -> std::same_as<Result<void>>;
  { log.close() } -> std::same_as<Result<void>>;
  { log.remove_through(sequence) } -> std::same_as<Result<void>>;
  { view.last_sequence() } -> std::same_as<Sequence>;
  { view.durable_sequence() } -> std::same_as<Sequence>;
  { view.segments() } -> std::convertible_to<const std::vector<wal::Segment>&>;
  { view.bytes() } -> std::same_as<std::uint64_t>;
};

/// Everything that can be asked of a policy before the file system is known.
template <class W>
concept WalPolicy = std::same_as<typename W::policy_slot, wal_slot> &&
    std::default_initializable<typename W::Options> && requires(typename W::Options options) {
  { W::name } -> std::convertible_to<std::string_view>;
  { W::keeps_log } -> std::convertible_to<bool>;
  { options.durability } -> std::convertible_to<Durability>;
};

/// A policy on a file system.
template <class W, class Fs, class Checksum = checksum::Crc32c>
concept WalPolicyOn = WalPolicy<W> && WalWriter < typename W::template writer<Fs, Checksum>,
        Fs,
typename W::Options > &&requires(Fs& fs, const std::string& directory,
                                 const typename W::Options& options,
                                 const wal::ReplayOptions& replay,
                                 Result<void> (*visit)(Sequence, std::uint32_t, std::string_view)) {
  {
    W::template replay<Fs, Checksum>(fs, directory, options, replay, visit)
    } -> std::same_as<Result<wal::ReplayReport>>;
};

}  // namespace strata
