// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The shape of a database as the manifest describes it: plain data, changed by edits alone.
///
/// `apply` checks every edit first, in release builds too, and changes nothing if it is wrong: a
/// deleted file must be there (so two jobs can not consume the same input: RocksDB 6.11), an added
/// number must be new, and from level 1 down no two files may share a key (RocksDB 11.1, LevelDB
/// #320).
///
/// Levels: 0 newest first, may overlap; deeper ones by key. The order of keys is a family's
/// `compare`, which is not stored; without one, deeper levels keep the order in which files came,
/// and overlap is not checked: who knows the comparator sorts and checks.
///
/// Threads: one at a time.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/version/edit.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::version {

using Level = std::vector<FileMetadata>;

struct FamilyState {
  std::uint32_t id = 0;
  std::string name{};
  std::string fingerprint{};
  std::vector<Level> levels = std::vector<Level>(level_count);
  /// Exactly those that some table refers to, or fewer: one that was lost is missing.
  std::vector<ValueFileMetadata> value_files{};
  Sequence flushed_through = 0;
  Compare compare = nullptr;  ///< not stored
};

/// A value file lives while some table refers to it: there is no other way for one to go.
inline void forget_unused_values(FamilyState& family) {
  std::erase_if(family.value_files, [&](const ValueFileMetadata& file) {
    return std::none_of(family.levels.begin(), family.levels.end(), [&](const Level& level) {
      return std::any_of(level.begin(), level.end(), [&](const FileMetadata& table) {
        return table::share_of(table.values, file.number) != 0;
      });
    });
  });
}

/// Whether all of `a` lies before all of `b`.
[[nodiscard]] inline bool lies_before(const FileMetadata& a, const FileMetadata& b,
                                      Compare compare) {
  const int order = compare(a.largest, b.smallest);
  return order < 0 || (order == 0 && a.largest_exclusive);
}

/// The order in which readers look through level 0: the first file that has a key has the newest.
[[nodiscard]] inline bool is_newer(const FileMetadata& a, const FileMetadata& b) {
  return a.largest_sequence != b.largest_sequence ? a.largest_sequence > b.largest_sequence
                                                  : a.number > b.number;
}

namespace detail {

[[nodiscard]] inline tl::unexpected<Error> wrong_edit(const FamilyState& family,
                                                      std::uint64_t number, std::string_view what) {
  return fail(ErrorCode::corruption, "family '", family.name, "', table ", std::to_string(number),
              ": ", what, "; the edit was refused");
}

[[nodiscard]] inline bool holds(const Level& level, std::uint64_t number) {
  return std::any_of(level.begin(), level.end(),
                     [number](const FileMetadata& file) { return file.number == number; });
}

/// What `level` will hold after the edit, sorted by key; by pointers, as keys may be long.
[[nodiscard]] inline Result<void> check_overlap(const FamilyState& family, const FamilyEdit& edit,
                                                unsigned level) {
  std::vector<const FileMetadata*> files;
  for (const AddedFile& file : edit.added) {
    if (file.level == level) {
      files.push_back(&file.metadata);
    }
  }
  if (files.empty()) {
    return {};
  }
  for (const FileMetadata& file : family.levels[level]) {
    const bool is_deleted =
        std::any_of(edit.deleted.begin(), edit.deleted.end(), [&](const DeletedFile& deleted) {
          return deleted.level == level && deleted.number == file.number;
        });
    if (!is_deleted) {
      files.push_back(&file);
    }
  }
  std::sort(files.begin(), files.end(), [&](const FileMetadata* a, const FileMetadata* b) {
    return family.compare(a->smallest, b->smallest) < 0;
  });
  for (std::size_t i = 1; i < files.size(); ++i) {
    if (!lies_before(*files[i - 1], *files[i], family.compare)) {
      return wrong_edit(family, files[i]->number,
                        "overlaps table " + std::to_string(files[i - 1]->number) + " on level " +
                            std::to_string(level));
    }
  }
  return {};
}

[[nodiscard]] inline Result<void> check_files(const FamilyState& family, const FamilyEdit& edit) {
  for (std::size_t i = 0; i < edit.deleted.size(); ++i) {
    const DeletedFile& file = edit.deleted[i];
    const bool is_twice =
        std::find(edit.deleted.begin(), edit.deleted.begin() + static_cast<std::ptrdiff_t>(i),
                  file) != edit.deleted.begin() + static_cast<std::ptrdiff_t>(i);
    if (file.level >= level_count || is_twice || !holds(family.levels[file.level], file.number)) {
      return wrong_edit(family, file.number,
                        "is consumed, but is not on level " + std::to_string(file.level));
    }
  }
  for (const AddedFile& file : edit.added) {
    const FileMetadata& metadata = file.metadata;
    if (file.level >= level_count) {
      return wrong_edit(family, metadata.number, "is added to a level that does not exist");
    }
    if (family.compare != nullptr && family.compare(metadata.smallest, metadata.largest) > 0) {
      return wrong_edit(family, metadata.number, "ends before it begins");
    }
  }
  for (unsigned level = 1; family.compare != nullptr && level < level_count; ++level) {
    if (auto disjoint = check_overlap(family, edit, level); !disjoint) {
      return disjoint;
    }
  }
  return {};
}

inline void add_file(FamilyState& family, const AddedFile& file) {
  Level& level = family.levels[file.level];
  auto at = level.end();
  if (file.level == 0) {
    at = std::find_if(level.begin(), level.end(),
                      [&](const FileMetadata& f) { return is_newer(file.metadata, f); });
  } else if (family.compare != nullptr) {
    at = std::find_if(level.begin(), level.end(), [&](const FileMetadata& f) {
      return family.compare(file.metadata.smallest, f.smallest) < 0;
    });
  }
  level.insert(at, file.metadata);
}

}  // namespace detail

struct State {
  std::uint64_t database_id = 0;
  std::string fingerprint{};  ///< of the composition; opaque here
  std::uint64_t next_file_number = 1;
  Sequence last_sequence = 0;
  std::uint64_t first_log_segment = 0;
  std::uint32_t next_family_id = 0;  ///< of families made at run time; 0: none was
  std::vector<FamilyState> families{};
  /// A later version wrote the manifest, in a way that this one can read but must not change.
  bool must_not_be_changed = false;

  [[nodiscard]] FamilyState* find_family(std::uint32_t id) {
    return const_cast<FamilyState*>(std::as_const(*this).find_family(id));
  }
  /// Null: there is none.
  [[nodiscard]] const FamilyState* find_family(std::uint32_t id) const {
    for (const FamilyState& family : families) {
      if (family.id == id) {
        return &family;
      }
    }
    return nullptr;
  }

  /// All or nothing. Numbers and sequences never go back. Errors: `corruption`.
  [[nodiscard]] Result<void> apply(const VersionEdit& edit) {
    if (auto right = check(edit); !right) {
      return right;
    }
    database_id = edit.database_id.value_or(database_id);
    fingerprint = edit.fingerprint.value_or(std::move(fingerprint));
    next_file_number = std::max(next_file_number, edit.next_file_number.value_or(0));
    last_sequence = std::max(last_sequence, edit.last_sequence.value_or(0));
    first_log_segment = std::max(first_log_segment, edit.first_log_segment.value_or(0));
    next_family_id = std::max(next_family_id, edit.next_family_id.value_or(0));
    for (const FamilyEdit& family : edit.families) {
      apply_to_family(family);
    }
    return {};
  }

  /// Whether `apply` would take the edit.
  [[nodiscard]] Result<void> check(const VersionEdit& edit) const {
    for (const FamilyEdit& family_edit : edit.families) {
      const auto same_family = [&](const FamilyEdit& other) {
        return other.family == family_edit.family;
      };
      const FamilyState* const family = find_family(family_edit.family);
      if (std::count_if(edit.families.begin(), edit.families.end(), same_family) != 1 ||
          (family != nullptr) == family_edit.created.has_value()) {
        return fail(ErrorCode::corruption, "family number ", std::to_string(family_edit.family),
                    family != nullptr ? " is made or changed twice" : " does not exist",
                    "; the edit was refused");
      }
      auto files = family != nullptr ? detail::check_files(*family, family_edit)
                                     : detail::check_files(new_family(family_edit), family_edit);
      if (!files) {
        return files;
      }
    }
    return check_numbers(edit);
  }

  /// The edit that makes this state out of an empty one.
  [[nodiscard]] VersionEdit to_edit() const {
    VersionEdit edit;
    edit.database_id = database_id;
    edit.fingerprint = fingerprint;
    edit.next_file_number = next_file_number;
    edit.last_sequence = last_sequence;
    edit.first_log_segment = first_log_segment;
    if (next_family_id != 0) {
      edit.next_family_id = next_family_id;
    }
    for (const FamilyState& family : families) {
      FamilyEdit family_edit;
      family_edit.family = family.id;
      family_edit.created = FamilyDescriptor{family.name, family.fingerprint, family.compare};
      family_edit.flushed_through = family.flushed_through;
      family_edit.added_values = family.value_files;
      for (unsigned level = 0; level < family.levels.size(); ++level) {
        for (const FileMetadata& file : family.levels[level]) {
          family_edit.added.push_back({level, file});
        }
      }
      edit.families.push_back(std::move(family_edit));
    }
    return edit;
  }

 private:
  /// A number names one file of the database. An edit may move a file: delete and add it.
  [[nodiscard]] Result<void> check_numbers(const VersionEdit& edit) const {
    std::vector<std::uint64_t> taken;
    for (const FamilyState& family : families) {
      for (const Level& level : family.levels) {
        for (const FileMetadata& file : level) {
          taken.push_back(file.number);
        }
      }
      for (const ValueFileMetadata& file : family.value_files) {
        taken.push_back(file.number);
      }
    }
    std::vector<std::uint64_t> freed;
    for (const FamilyEdit& family : edit.families) {
      for (const DeletedFile& file : family.deleted) {
        freed.push_back(file.number);
      }
    }
    std::sort(freed.begin(), freed.end());
    std::erase_if(taken, [&](std::uint64_t number) {
      return std::binary_search(freed.begin(), freed.end(), number);
    });
    for (const FamilyEdit& family : edit.families) {
      for (const AddedFile& file : family.added) {
        taken.push_back(file.metadata.number);
      }
      for (const ValueFileMetadata& file : family.added_values) {
        taken.push_back(file.number);
      }
    }
    std::sort(taken.begin(), taken.end());
    const auto twice = std::adjacent_find(taken.begin(), taken.end());
    if (twice != taken.end()) {
      return fail(ErrorCode::corruption, "file number ", std::to_string(*twice),
                  " is used twice; the edit was refused");
    }
    return {};
  }

  [[nodiscard]] static FamilyState new_family(const FamilyEdit& edit) {
    FamilyState family;
    family.id = edit.family;
    family.name = edit.created->name;
    family.fingerprint = edit.created->fingerprint;
    family.compare = edit.created->compare;
    return family;
  }
  void apply_to_family(const FamilyEdit& edit) {
    if (edit.created) {
      families.push_back(new_family(edit));
    }
    const auto at = std::find_if(families.begin(), families.end(), [&](const FamilyState& family) {
      return family.id == edit.family;
    });
    if (edit.dropped) {
      families.erase(at);
      return;
    }
    for (const DeletedFile& file : edit.deleted) {
      std::erase_if(at->levels[file.level],
                    [&](const FileMetadata& f) { return f.number == file.number; });
    }
    for (const AddedFile& file : edit.added) {
      detail::add_file(*at, file);
      next_file_number = std::max(next_file_number, file.metadata.number + 1);
    }
    for (const ValueFileMetadata& file : edit.added_values) {
      at->value_files.push_back(file);
      next_file_number = std::max(next_file_number, file.number + 1);
    }
    forget_unused_values(*at);
    at->flushed_through = std::max(at->flushed_through, edit.flushed_through.value_or(0));
  }
};

}  // namespace strata::version
