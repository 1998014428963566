// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What of a simulated disk survives a loss of power.
///
/// Content, size and names persist independently of each other and in any order, as on a file
/// system that orders nothing (see Pillai et al., "All File Systems Are Not Created Equal",
/// OSDI 2014): each unsynced 512-byte sector, each size, each operation on a directory. A rename
/// is one operation, as in every journal. Each image draws its own rate of persistence, so that
/// "nearly all" and "nearly nothing" are met as often as "half".
///
/// Files are only appended to, so what is unsynced is one range:
///
///     0               clean_through         end               current.size
///     | as in durable | unsynced sectors    | preallocated zeros |

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/hash.hpp>
#include <strata/io/detail/name_tree.hpp>
#include <strata/io/detail/paged_bytes.hpp>

namespace strata::io {

/// How much of what was not synced survives.
struct CrashChoice {
  enum class Kind : std::uint8_t {
    drop_all_unsynced,
    keep_all,
    random
  };
  Kind kind = Kind::drop_all_unsynced;
  std::uint64_t seed = 0;

  /// The harshest loss of power.
  [[nodiscard]] static CrashChoice drop_all_unsynced() { return {}; }
  /// The death of the process: the kernel keeps everything.
  [[nodiscard]] static CrashChoice keep_all() { return {Kind::keep_all, 0}; }
  /// A loss of power; the same seed gives the same disk.
  [[nodiscard]] static CrashChoice random(std::uint64_t seed) { return {Kind::random, seed}; }
};

namespace detail {

inline constexpr std::uint64_t sector_bytes = 512;

struct SimulatedFile {
  PagedBytes current;               ///< what a reader sees
  PagedBytes durable;               ///< what the disk holds for certain
  std::uint64_t clean_through = 0;  ///< below it, writing back is not pending
  std::uint64_t end = 0;            ///< of what was written
  int handles = 0;
  bool is_locked = false;

  void write(std::uint64_t offset, std::string_view bytes) {
    current.write(offset, bytes);
    clean_through = clean_through < offset ? clean_through : offset;
    end = end > offset + bytes.size() ? end : offset + bytes.size();
  }
  void truncate(std::uint64_t size) {
    current.resize(size);
    end = end < size ? end : size;
    clean_through = clean_through < size ? clean_through : size;
  }
  void sync() {
    durable.resize(current.size_bytes());
    std::string bytes(static_cast<std::size_t>(end - clean_through), '\0');
    current.read(clean_through, bytes.data(), bytes.size());
    durable.write(clean_through, bytes);
    clean_through = end;
  }
  /// The kernel gave up on the unsynced range: it is clean now, and not on the disk.
  void forget_unsynced(bool keep_visible) {
    if (!keep_visible) {
      current.write(clean_through,
                    std::string(static_cast<std::size_t>(end - clean_through), '\0'));
    }
    durable.resize(current.size_bytes());
    clean_through = end;
  }
};

using SimulatedTree = NameTree<SimulatedFile>;

/// The names that the disk holds for certain, by directory.
using DurableNames = std::map<SimulatedTree::DirectoryPointer, SimulatedTree::Entries>;

/// Of what a reader sees: names, sizes, contents.
[[nodiscard]] inline std::uint64_t fingerprint(const SimulatedTree::Directory& directory) {
  std::uint64_t hash = directory.entries.size();
  for (const auto& [name, node] : directory.entries) {
    hash = hash64(name, hash);
    if (node.directory) {
      hash = hash64("/", hash + fingerprint(*node.directory));
      continue;
    }
    std::string bytes(static_cast<std::size_t>(node.file->current.size_bytes()), '\0');
    node.file->current.read(0, bytes.data(), bytes.size());
    hash = hash64(bytes, hash);
  }
  return hash;
}

/// Numbers from a seed (xorshift64*, S. Vigna).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) noexcept : state_((seed + 1) * 0x9e3779b97f4a7c15 | 1) {}
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return (state_ * 0x2545f4914f6cdd1d >> 32) % bound;
  }
  [[nodiscard]] bool chance(std::uint64_t of_sixteen) noexcept { return below(16) < of_sixteen; }

 private:
  std::uint64_t state_;
};

class CrashImage {
 public:
  explicit CrashImage(CrashChoice choice) : choice_(choice), dice_(choice.seed) {
    constexpr std::uint64_t rates[] = {1, 4, 8, 12, 15};
    rate_ = rates[dice_.below(5)];
  }

  /// `names`: what is durable; `pending`: operations since, oldest first.
  [[nodiscard]] SimulatedTree survivors(const SimulatedTree& tree, DurableNames names,
                                        const std::vector<SimulatedTree::Changes>& pending) {
    for (const SimulatedTree::Changes& operation : pending) {
      if (survives()) {
        for (const SimulatedTree::Change& change : operation) {
          SimulatedTree::assign(names[change.directory], change);
        }
      }
    }
    return SimulatedTree(survivor(tree.root(), names));
  }

 private:
  [[nodiscard]] bool survives() noexcept {
    return choice_.kind == CrashChoice::Kind::keep_all ||
           (choice_.kind == CrashChoice::Kind::random && dice_.chance(rate_));
  }

  [[nodiscard]] SimulatedTree::DirectoryPointer survivor(
      const SimulatedTree::DirectoryPointer& directory, const DurableNames& names) {
    auto image = std::make_shared<SimulatedTree::Directory>();
    directories_.emplace(directory.get(), image);
    const auto known = names.find(directory);
    if (known == names.end()) {
      return image;
    }
    for (const auto& [name, node] : known->second) {
      if (node.file) {
        image->entries[name].file = survivor(node.file);
      } else if (!directories_.contains(node.directory.get())) {
        // A directory has one name, even where half of its story survived.
        image->entries[name].directory = survivor(node.directory, names);
      }
    }
    return image;
  }

  /// One image for all names of a file.
  [[nodiscard]] std::shared_ptr<SimulatedFile> survivor(
      const std::shared_ptr<SimulatedFile>& file) {
    auto& image = files_[file.get()];
    if (image == nullptr) {
      image = std::make_shared<SimulatedFile>();
      image->durable = content_of(*file);
      image->current = image->durable;
      image->end = image->clean_through = image->durable.size_bytes();
    }
    return image;
  }

  [[nodiscard]] PagedBytes content_of(const SimulatedFile& file) {
    if (choice_.kind == CrashChoice::Kind::keep_all) {
      return file.current;
    }
    PagedBytes content = file.durable;
    if (choice_.kind == CrashChoice::Kind::drop_all_unsynced) {
      return content;
    }
    const std::uint64_t size = size_of(file);
    content.resize(size);
    for (std::uint64_t at = file.clean_through / sector_bytes * sector_bytes;
         at < file.end && at < size; at += sector_bytes) {
      write_sector(file, at, content);
    }
    content.resize(size);
    return content;
  }

  /// The old size, the new one, or one that the file had in between.
  [[nodiscard]] std::uint64_t size_of(const SimulatedFile& file) noexcept {
    const std::uint64_t before = file.durable.size_bytes();
    const std::uint64_t after = file.current.size_bytes();
    if (before == after || survives()) {
      return after;
    }
    const std::uint64_t least = before < after ? before : after;
    const std::uint64_t most = before < after ? after : before;
    return dice_.chance(8) ? before : least + dice_.below(most - least + 1);
  }

  /// New, old, or torn: one end of the new bytes beside the other end of the old ones.
  void write_sector(const SimulatedFile& file, std::uint64_t at, PagedBytes& content) {
    char bytes[sector_bytes];
    const std::size_t size = file.current.read(at, bytes, sector_bytes);
    std::size_t from = 0;
    std::size_t to = size;
    if (!survives()) {
      if (!dice_.chance(2)) {
        return;
      }
      const std::size_t cut = static_cast<std::size_t>(dice_.below(size + 1));
      (dice_.chance(8) ? from : to) = cut;
    }
    content.write(at + from, std::string_view(bytes + from, to - from));
  }

  CrashChoice choice_;
  Dice dice_;
  std::uint64_t rate_ = 0;
  std::map<const SimulatedFile*, std::shared_ptr<SimulatedFile>> files_;
  std::map<const SimulatedTree::Directory*, SimulatedTree::DirectoryPointer> directories_;
};

}  // namespace detail
}  // namespace strata::io
