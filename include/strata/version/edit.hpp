// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A change of the database's shape: tables come and go, log segments become unneeded, families
/// are made and dropped. The manifest is a log of edits; a snapshot of the whole state is one more.
///
/// Encoding: fields of {tag varint, length varint, bytes}, in any order, nested for families and
/// files. An *odd* tag that this version does not know may be skipped; an *even* one must be
/// understood, so a database that uses it is refused as `newer_format`. Every length is bounded
/// by the bytes that remain. Round trip: tests/version/edit_test.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::version {

inline constexpr unsigned level_count = 7;

struct AddedFile {
  unsigned level = 0;
  FileMetadata metadata{};
  friend bool operator==(const AddedFile&, const AddedFile&) = default;
};

struct DeletedFile {
  unsigned level = 0;
  std::uint64_t number = 0;
  friend bool operator==(const DeletedFile&, const DeletedFile&) = default;
};

/// Three-way comparison of user keys.
using Compare = int (*)(std::string_view, std::string_view) noexcept;

struct FamilyDescriptor {
  std::string name{};
  std::string fingerprint{};  ///< of the policies that shape its bytes; opaque here
  Compare compare = nullptr;  ///< not stored
  friend bool operator==(const FamilyDescriptor&, const FamilyDescriptor&) = default;
};

struct FamilyEdit {
  std::uint32_t family = 0;
  std::optional<FamilyDescriptor> created{};
  bool dropped = false;
  std::vector<DeletedFile> deleted{};
  std::vector<AddedFile> added{};
  std::vector<ValueFileMetadata> added_values{};  ///< they go when no table refers to them
  /// Everything of this family up to here is in tables.
  std::optional<Sequence> flushed_through{};
  friend bool operator==(const FamilyEdit&, const FamilyEdit&) = default;
};

struct VersionEdit {
  std::optional<std::uint64_t> database_id{};
  std::optional<std::string> fingerprint{};  ///< of the composition; opaque here
  std::optional<std::uint64_t> next_file_number{};
  std::optional<Sequence> last_sequence{};
  std::optional<std::uint64_t> first_log_segment{};
  std::optional<std::uint32_t> next_family_id{};  ///< of families made at run time
  std::vector<FamilyEdit> families{};
  friend bool operator==(const VersionEdit&, const VersionEdit&) = default;
};

namespace detail {

// Stored: numbers are never reused. Odd: an older version may skip the field.
enum class EditTag : std::uint8_t {
  database_id = 2,
  fingerprint = 4,
  next_file_number = 6,
  last_sequence = 8,
  first_log_segment = 10,
  family = 12,
  next_family_id = 14,
};
enum class FamilyTag : std::uint8_t {
  id = 2,
  name = 4,
  fingerprint = 6,
  dropped = 8,
  deleted = 10,
  added = 12,
  flushed_through = 14,
  added_values = 16,
};
enum class FileTag : std::uint8_t {
  level = 2,
  number = 4,
  size_bytes = 6,
  smallest = 8,
  largest = 10,
  largest_exclusive = 12,
  smallest_sequence = 14,
  largest_sequence = 16,
  entries = 17,
  global_sequence = 18,
  tombstones = 19,
  stored_number = 20,
  range_erases = 21,
  values = 22,
  raw_bytes = 23,
  oldest_seconds = 25,
  newest_seconds = 27,
};

template <class Tag>
void put_field(std::string& out, Tag tag, std::string_view bytes) {
  put_varint(out, static_cast<std::uint64_t>(tag));
  put_string(out, bytes);
}
template <class Tag>
void put_field(std::string& out, Tag tag, std::uint64_t value) {
  std::string bytes;
  put_varint(bytes, value);
  put_field(out, tag, std::string_view(bytes));
}

[[nodiscard]] inline tl::unexpected<Error> malformed() {
  return fail(ErrorCode::corruption, "the edit is not one, although its checksum is right");
}

/// Calls `take(tag, bytes) -> Result<bool>` for each field; false: the tag is not known.
template <class Take>
[[nodiscard]] Result<void> for_each_field(std::string_view bytes, Take take) {
  Decoder decoder(bytes);
  while (!decoder.done()) {
    std::uint64_t tag = 0;
    std::string_view field;
    if (!decoder.take_varint(tag) || !decoder.take_string(field)) {
      return malformed();
    }
    Result<bool> known = take(tag, field);
    if (!known) {
      return propagate(std::move(known));
    }
    if (!*known && tag % 2 == 0) {
      return fail(ErrorCode::newer_format, "an edit has a field of kind ", std::to_string(tag),
                  ", which a later version made; open the database with that one");
    }
  }
  return {};
}

template <class Integer>
[[nodiscard]] Result<bool> take_number(std::string_view field, Integer& value) {
  Decoder decoder(field);
  std::uint64_t number = 0;
  if (!decoder.take_varint(number) || !decoder.done() ||
      number > std::uint64_t{static_cast<Integer>(~Integer{})}) {
    return malformed();
  }
  value = static_cast<Integer>(number);
  return true;
}
template <class Integer>
[[nodiscard]] Result<bool> take_number(std::string_view field, std::optional<Integer>& value) {
  return take_number(field, value.emplace());
}
[[nodiscard]] inline Result<bool> take_flag(std::string_view field, bool& flag) {
  std::uint32_t number = 0;
  auto taken = take_number(field, number);
  flag = number != 0;
  return taken;
}

inline void encode_file(std::string& out, const AddedFile& file) {
  const FileMetadata& metadata = file.metadata;
  put_field(out, FileTag::level, file.level);
  put_field(out, FileTag::number, metadata.number);
  put_field(out, FileTag::size_bytes, metadata.size_bytes);
  put_field(out, FileTag::smallest, std::string_view(metadata.smallest));
  put_field(out, FileTag::largest, std::string_view(metadata.largest));
  if (metadata.largest_exclusive) {
    put_field(out, FileTag::largest_exclusive, 1);
  }
  put_field(out, FileTag::smallest_sequence, metadata.smallest_sequence);
  put_field(out, FileTag::largest_sequence, metadata.largest_sequence);
  put_field(out, FileTag::entries, metadata.entries);
  put_field(out, FileTag::tombstones, metadata.tombstones);
  put_field(out, FileTag::range_erases, metadata.range_erases);
  put_field(out, FileTag::raw_bytes, metadata.raw_bytes);
  if (metadata.global_sequence != 0) {
    put_field(out, FileTag::global_sequence, metadata.global_sequence);
  }
  if (metadata.stored_number != 0) {
    put_field(out, FileTag::stored_number, metadata.stored_number);
  }
  if (!metadata.values.empty()) {
    put_field(out, FileTag::values, std::string_view(table::encode_shares(metadata.values)));
  }
  put_field(out, FileTag::oldest_seconds, metadata.oldest_seconds);
  put_field(out, FileTag::newest_seconds, metadata.newest_seconds);
}

[[nodiscard]] inline Result<void> decode_file(std::string_view bytes, AddedFile& file) {
  FileMetadata& metadata = file.metadata;
  auto decoded =
      for_each_field(bytes, [&](std::uint64_t tag, std::string_view field) -> Result<bool> {
        switch (static_cast<FileTag>(tag < 256 ? tag : 0)) {
          case FileTag::level: return take_number(field, file.level);
          case FileTag::number: return take_number(field, metadata.number);
          case FileTag::size_bytes: return take_number(field, metadata.size_bytes);
          case FileTag::smallest: metadata.smallest = field; return true;
          case FileTag::largest: metadata.largest = field; return true;
          case FileTag::largest_exclusive: return take_flag(field, metadata.largest_exclusive);
          case FileTag::smallest_sequence: return take_number(field, metadata.smallest_sequence);
          case FileTag::largest_sequence: return take_number(field, metadata.largest_sequence);
          case FileTag::entries: return take_number(field, metadata.entries);
          case FileTag::tombstones: return take_number(field, metadata.tombstones);
          case FileTag::range_erases: return take_number(field, metadata.range_erases);
          case FileTag::raw_bytes: return take_number(field, metadata.raw_bytes);
          case FileTag::values:
            if (!table::decode_shares(field, metadata.values)) {
              return malformed();
            }
            return true;
          case FileTag::global_sequence: return take_number(field, metadata.global_sequence);
          case FileTag::stored_number: return take_number(field, metadata.stored_number);
          case FileTag::oldest_seconds: return take_number(field, metadata.oldest_seconds);
          case FileTag::newest_seconds: return take_number(field, metadata.newest_seconds);
        }
        return false;
      });
  if (decoded && file.level >= level_count) {
    return malformed();
  }
  return decoded;
}

inline void encode_family(std::string& out, const FamilyEdit& family) {
  put_field(out, FamilyTag::id, family.family);
  if (family.created) {
    put_field(out, FamilyTag::name, std::string_view(family.created->name));
    put_field(out, FamilyTag::fingerprint, std::string_view(family.created->fingerprint));
  }
  if (family.dropped) {
    put_field(out, FamilyTag::dropped, 1);
  }
  std::string nested;
  for (const DeletedFile& file : family.deleted) {
    nested.clear();
    put_varint(nested, file.level);
    put_varint(nested, file.number);
    put_field(out, FamilyTag::deleted, std::string_view(nested));
  }
  for (const AddedFile& file : family.added) {
    nested.clear();
    encode_file(nested, file);
    put_field(out, FamilyTag::added, std::string_view(nested));
  }
  for (const ValueFileMetadata& file : family.added_values) {
    nested.clear();
    put_varint(nested, file.number);
    put_varint(nested, file.size_bytes);
    put_field(out, FamilyTag::added_values, std::string_view(nested));
  }
  if (family.flushed_through) {
    put_field(out, FamilyTag::flushed_through, *family.flushed_through);
  }
}

[[nodiscard]] inline Result<bool> decode_deleted(std::string_view field, FamilyEdit& family) {
  Decoder decoder(field);
  std::uint64_t level = 0;
  std::uint64_t number = 0;
  if (!decoder.take_varint(level) || !decoder.take_varint(number) || !decoder.done() ||
      level >= level_count) {
    return malformed();
  }
  family.deleted.push_back({static_cast<unsigned>(level), number});
  return true;
}

[[nodiscard]] inline Result<bool> decode_added_values(std::string_view field, FamilyEdit& family) {
  Decoder decoder(field);
  auto& file = family.added_values.emplace_back();
  if (!decoder.take_varint(file.number) || !decoder.take_varint(file.size_bytes) ||
      !decoder.done()) {
    return malformed();
  }
  return true;
}

[[nodiscard]] inline Result<void> decode_family(std::string_view bytes, FamilyEdit& family) {
  const auto descriptor = [&]() -> FamilyDescriptor& {
    return family.created ? *family.created : family.created.emplace();
  };
  return for_each_field(bytes, [&](std::uint64_t tag, std::string_view field) -> Result<bool> {
    switch (static_cast<FamilyTag>(tag < 256 ? tag : 0)) {
      case FamilyTag::id: return take_number(field, family.family);
      case FamilyTag::name: descriptor().name = field; return true;
      case FamilyTag::fingerprint: descriptor().fingerprint = field; return true;
      case FamilyTag::dropped: return take_flag(field, family.dropped);
      case FamilyTag::deleted: return decode_deleted(field, family);
      case FamilyTag::added_values: return decode_added_values(field, family);
      case FamilyTag::added: {
        auto decoded = decode_file(field, family.added.emplace_back());
        return decoded ? Result<bool>(true) : Result<bool>(propagate(std::move(decoded)));
      }
      case FamilyTag::flushed_through: return take_number(field, family.flushed_through);
    }
    return false;
  });
}

}  // namespace detail

[[nodiscard]] inline std::string encode_edit(const VersionEdit& edit) {
  using detail::EditTag;
  std::string out;
  const auto put = [&out](EditTag tag, const std::optional<std::uint64_t>& value) {
    if (value) {
      detail::put_field(out, tag, *value);
    }
  };
  put(EditTag::database_id, edit.database_id);
  if (edit.fingerprint) {
    detail::put_field(out, EditTag::fingerprint, std::string_view(*edit.fingerprint));
  }
  put(EditTag::next_file_number, edit.next_file_number);
  put(EditTag::last_sequence, edit.last_sequence);
  put(EditTag::first_log_segment, edit.first_log_segment);
  if (edit.next_family_id) {
    detail::put_field(out, EditTag::next_family_id, *edit.next_family_id);
  }
  for (const FamilyEdit& family : edit.families) {
    std::string nested;
    detail::encode_family(nested, family);
    detail::put_field(out, EditTag::family, std::string_view(nested));
  }
  return out;
}

/// Errors: `corruption`, `newer_format`; the caller adds which file.
[[nodiscard]] inline Result<VersionEdit> decode_edit(std::string_view bytes) {
  using detail::EditTag;
  VersionEdit edit;
  auto decoded =
      detail::for_each_field(bytes, [&](std::uint64_t tag, std::string_view field) -> Result<bool> {
        switch (static_cast<EditTag>(tag < 256 ? tag : 0)) {
          case EditTag::database_id: return detail::take_number(field, edit.database_id);
          case EditTag::fingerprint: edit.fingerprint.emplace(field); return true;
          case EditTag::next_file_number: return detail::take_number(field, edit.next_file_number);
          case EditTag::last_sequence: return detail::take_number(field, edit.last_sequence);
          case EditTag::first_log_segment:
            return detail::take_number(field, edit.first_log_segment);
          case EditTag::next_family_id: return detail::take_number(field, edit.next_family_id);
          case EditTag::family: {
            auto family = detail::decode_family(field, edit.families.emplace_back());
            return family ? Result<bool>(true) : Result<bool>(propagate(std::move(family)));
          }
        }
        return false;
      });
  if (!decoded) {
    return propagate(std::move(decoded));
  }
  return edit;
}

}  // namespace strata::version
