// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The memtable slot: where writes live until they are flushed.
///
/// `M::template type<Comparator>` is the memtable of a family; `M::Options` are its knobs.
///
/// | expression                      | promise                                               |
/// |---------------------------------|-------------------------------------------------------|
/// | `M::name`                       | shown in stats                                        |
/// | `T(options)`                    | empty; never moves                                    |
/// | `t.insert(key, trailer, value)` | copies; (key, trailer) is new; many threads may insert|
/// | `t.find(key, sequence)`         | `optional<Found>`: the newest version <= `sequence`   |
/// | `t.memory_bytes()`              | taken so far, from any thread                         |
/// | `t.entry_count()`               | inserted so far, from any thread                      |
/// | `t.aim(key, aim)`               | optional: the first half of an insert, which asks for |
/// |                                 | memory; nobody inserts meanwhile                      |
/// | `t.insert(aim, key, trailer,    | its second half, with any inserts in between; `aim`,  |
/// |   value)`                       | a `T::Aim`, is of `key`; no version of it is newer    |
/// | `T::Cursor(t)`                  | stands nowhere                                        |
/// | `c.seek_to_first/last()`        | the least and the greatest entry                      |
/// | `c.seek(key, sequence)`         | the first entry at or behind (key, `sequence`)        |
/// | `c.seek_for_prev(key)`          | the last entry whose key is <= `key`                  |
/// | `c.next() c.prev() c.valid()`   | keys ascending, of one key the newest first           |
/// | `c.key() c.trailer() c.value()` | views that live as long as the memtable               |
///
/// Readers (`find`, cursors) never wait for writers. They see every entry whose insertion returned
/// before they were called, or before the cursor was made; later ones may be seen or not.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/policy.hpp>

namespace strata {

namespace memtable {

/// What `find` found. The view lives as long as the memtable.
struct Found {
  Trailer trailer;
  std::string_view value;
};

namespace detail {

template <class T>
concept Table = std::constructible_from<typename T::Cursor, const T&> &&
    requires(T table, const T constant, std::string_view bytes, Trailer trailer,
             typename T::Cursor cursor) {
  table.insert(bytes, trailer, bytes);
  { constant.find(bytes, Sequence{}) } -> std::same_as<std::optional<Found>>;
  { constant.memory_bytes() } -> std::same_as<std::size_t>;
  { constant.entry_count() } -> std::same_as<std::uint64_t>;
  cursor.seek_to_first();
  cursor.seek_to_last();
  cursor.seek(bytes, Sequence{});
  cursor.seek_for_prev(bytes);
  cursor.next();
  cursor.prev();
  { cursor.valid() } -> std::same_as<bool>;
  { cursor.key() } -> std::same_as<std::string_view>;
  { cursor.trailer() } -> std::same_as<Trailer>;
  { cursor.value() } -> std::same_as<std::string_view>;
};

}  // namespace detail

/// A memtable whose inserts have two halves.
template <class T>
concept Aiming = std::default_initializable<typename T::Aim> &&
    requires(T table, const T constant, std::string_view bytes, Trailer trailer,
             typename T::Aim aim) {
  constant.aim(bytes, aim);
  table.insert(aim, bytes, trailer, bytes);
};

/// `T::Aim`; empty where `T` does not aim.
template <class T>
struct aim_of {
  struct type {};
};
template <Aiming T>
struct aim_of<T> {
  using type = typename T::Aim;
};

}  // namespace memtable

template <class M>
concept MemtablePolicy = std::same_as<typename M::policy_slot, memtable_slot> && requires {
  { M::name } -> std::convertible_to<std::string_view>;
  typename M::Options;
  requires memtable::detail::Table<typename M::template type<comparator::Bytewise>>;
  requires std::constructible_from < typename M::template type<comparator::Bytewise>,
  const typename M::Options& > ;
};

}  // namespace strata
