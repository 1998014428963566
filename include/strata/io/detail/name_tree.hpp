// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Directories in memory, with the rules and the refusals of POSIX.
///
/// Every change is a list of assignments "in this directory, this name now means that"; it is
/// carried out at once and handed back, so that a simulation can decide later which of them
/// reached the disk. Relative paths start at the root. Not thread-safe: the owner locks.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>

namespace strata::io::detail {

template <class File>
class NameTree {
 public:
  struct Directory;
  /// One of the two, or nothing.
  struct Node {
    std::shared_ptr<File> file;
    std::shared_ptr<Directory> directory;
    [[nodiscard]] explicit operator bool() const noexcept { return file || directory; }
    friend bool operator==(const Node&, const Node&) = default;
  };
  using Entries = std::map<std::string, Node, std::less<>>;
  struct Directory {
    Entries entries;
  };
  using DirectoryPointer = std::shared_ptr<Directory>;

  struct Change {
    DirectoryPointer directory;
    std::string name;
    Node node;  ///< nothing: the name is removed
  };
  using Changes = std::vector<Change>;

  static void assign(Entries& entries, const Change& change) {
    if (change.node) {
      entries.insert_or_assign(change.name, change.node);
    } else {
      entries.erase(change.name);
    }
  }

  NameTree() : root_(std::make_shared<Directory>()) {}
  explicit NameTree(DirectoryPointer root) : root_(std::move(root)) {}

  [[nodiscard]] const DirectoryPointer& root() const noexcept { return root_; }

  /// What `path` names; nothing where it names nothing.
  [[nodiscard]] Node find(std::string_view path) const {
    std::vector<DirectoryPointer> way{root_};
    Node node{nullptr, root_};
    while (!path.empty()) {
      const std::string_view part = take_name(path);
      if (!node.directory) {
        return {};
      }
      if (part.empty() || part == ".") {
        continue;
      }
      if (part == "..") {
        if (way.size() > 1) {
          way.pop_back();
        }
        node = {nullptr, way.back()};
        continue;
      }
      const auto entry = node.directory->entries.find(part);
      if (entry == node.directory->entries.end()) {
        return {};
      }
      node = entry->second;
      if (node.directory) {
        way.push_back(node.directory);
      }
    }
    return node;
  }
  [[nodiscard]] Result<std::shared_ptr<File>> find_file(std::string_view call,
                                                        std::string_view path) const {
    const Node node = find(path);
    if (!node) {
      return missing(call, path);
    }
    if (!node.file) {
      return fail(ErrorCode::io, path, ": ", call, " failed: it is a directory");
    }
    return node.file;
  }
  [[nodiscard]] Result<DirectoryPointer> find_directory(std::string_view call,
                                                        std::string_view path) const {
    const Node node = find(path);
    if (!node) {
      return missing(call, path);
    }
    if (!node.directory) {
      return fail(ErrorCode::io, path, ": ", call, " failed: it is not a directory");
    }
    return node.directory;
  }

  [[nodiscard]] Result<Changes> add(std::string_view call, std::string_view path, Node node) {
    auto place = place_of(call, path);
    if (!place) {
      return propagate(std::move(place));
    }
    if (place->directory->entries.contains(place->name)) {
      return fail(ErrorCode::already_exists, path, ": ", call, " failed: it exists already");
    }
    place->node = std::move(node);
    return carry_out({std::move(*place)});
  }

  [[nodiscard]] Result<Changes> link(std::string_view from, std::string_view to) {
    auto file = find_file("link", from);
    if (!file) {
      return propagate(std::move(file));
    }
    return add("link", to, {std::move(*file), nullptr});
  }

  [[nodiscard]] Result<Changes> remove(std::string_view path) {
    if (auto file = find_file("unlink", path); !file) {
      return propagate(std::move(file));
    }
    auto place = place_of("unlink", path);
    if (!place) {
      return propagate(std::move(place));
    }
    return carry_out({std::move(*place)});
  }

  [[nodiscard]] Result<Changes> remove_directory(std::string_view path) {
    auto directory = find_directory("rmdir", path);
    if (!directory) {
      return propagate(std::move(directory));
    }
    if (!(*directory)->entries.empty()) {
      return fail(ErrorCode::io, path, ": rmdir failed: the directory is not empty");
    }
    auto place = place_of("rmdir", path);
    if (!place) {
      return propagate(std::move(place));
    }
    return carry_out({std::move(*place)});
  }

  [[nodiscard]] Result<Changes> rename(std::string_view from, std::string_view to) {
    auto source = place_of("rename", from);
    auto target = place_of("rename", to);
    if (!source || !target) {
      return propagate(std::move(source ? target : source));
    }
    const Node moved = find(from);
    if (!moved) {
      return missing("rename", from);
    }
    const Node replaced = find(to);
    if (replaced == moved) {
      return Changes{};  // two names of one file, or one name twice: nothing to do, says POSIX
    }
    const bool fits = moved.file
                          ? !replaced.directory
                          : !replaced.file && (!replaced || replaced.directory->entries.empty());
    if (!fits || (moved.directory && contains(*moved.directory, *target->directory))) {
      return fail(ErrorCode::io, from, ": rename failed: ", to, " can not be replaced by it");
    }
    target->node = moved;
    return carry_out({std::move(*source), std::move(*target)});
  }

 private:
  [[nodiscard]] static std::string_view take_name(std::string_view& path) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    return part;
  }
  [[nodiscard]] static tl::unexpected<Error> missing(std::string_view call, std::string_view path) {
    return fail(ErrorCode::not_found, path, ": ", call, " failed: no such file or directory");
  }

  /// The directory and the last name of `path`; the name itself need not exist.
  [[nodiscard]] Result<Change> place_of(std::string_view call, std::string_view path) const {
    std::string_view rest = path;
    while (!rest.empty() && rest.back() == '/') {
      rest.remove_suffix(1);
    }
    const std::size_t slash = rest.rfind('/');
    const std::size_t name_at = slash == std::string_view::npos ? 0 : slash + 1;
    const std::string_view name = rest.substr(name_at);
    if (name.empty() || name == "." || name == "..") {
      return fail(ErrorCode::io, path, ": ", call, " failed: the path does not end in a name");
    }
    auto directory = find_directory(call, rest.substr(0, name_at));
    if (!directory) {
      return tl::unexpected<Error>(directory.error().within(path));
    }
    return Change{std::move(*directory), std::string(name), {}};
  }

  [[nodiscard]] static bool contains(const Directory& tree, const Directory& searched) {
    if (&tree == &searched) {
      return true;
    }
    for (const auto& [name, node] : tree.entries) {
      if (node.directory && contains(*node.directory, searched)) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] static Changes carry_out(Changes changes) {
    for (const Change& change : changes) {
      assign(change.directory->entries, change);
    }
    return changes;
  }

  DirectoryPointer root_;
};

}  // namespace strata::io::detail
