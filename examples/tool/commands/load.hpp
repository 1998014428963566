// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `load`: entries from a file of JSON lines or of keys, tabs and values, as `export` writes them.
///
/// What comes in ascending order goes straight into tables, a chunk at a time; other chunks are
/// written as batches. Either way a later line of a key wins over an earlier one.

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/durability.hpp>
#include <strata/lsm/write_batch.hpp>

#include "../command.hpp"
#include "../progress.hpp"
#include "../session.hpp"

namespace strata::tool {

using Entries = std::vector<std::pair<std::string, std::string>>;

/// Parses one line of an export.
[[nodiscard]] inline Result<std::pair<std::string, std::string>> parse_entry(
    std::string_view line) {
  Result<std::string> key;
  Result<std::string> value;
  if (line.starts_with('{')) {
    boost::json::error_code error;
    const boost::json::value parsed = boost::json::parse(line, error);
    if (error || !parsed.is_object()) {
      return fail(ErrorCode::invalid_argument, "the line is no JSON object");
    }
    key = take_json_bytes(parsed.get_object(), "key");
    value = take_json_bytes(parsed.get_object(), "value");
  } else {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) {
      return fail(ErrorCode::invalid_argument,
                  "the line has no tab between key and value, and is no JSON object");
    }
    key = unescape(line.substr(0, tab));
    value = unescape(line.substr(tab + 1));
  }
  if (!key || !value) {
    return propagate(key ? value : key);
  }
  return std::pair(std::move(*key), std::move(*value));
}

/// The lines of a file, or of standard input for `-`.
class LineFile {
 public:
  [[nodiscard]] static Result<LineFile> open(const std::string& path) {
    std::FILE* const file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
    if (file == nullptr) {
      return fail(ErrorCode::io, path, ": can not be opened for reading");
    }
    return LineFile(file);
  }

  /// 0: not known.
  [[nodiscard]] std::uint64_t size_bytes() const {
    struct stat status {};
    const bool is_file = fstat(fileno(file_.get()), &status) == 0 && S_ISREG(status.st_mode);
    return is_file ? static_cast<std::uint64_t>(status.st_size) : 0;
  }
  /// False: there is none; `failed()` says whether that is the end.
  [[nodiscard]] bool next(std::string_view& line) {
    char* buffer = line_.release();
    const ssize_t read = getline(&buffer, &capacity_, file_.get());
    line_.reset(buffer);
    if (read <= 0) {
      return false;
    }
    line = {buffer, static_cast<std::size_t>(read)};
    ++number_;
    return true;
  }
  [[nodiscard]] bool failed() const { return std::ferror(file_.get()) != 0; }
  [[nodiscard]] std::uint64_t number() const { return number_; }

 private:
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }  // what getline allocates
  };
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit LineFile(std::FILE* file) : file_(file) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::unique_ptr<char, Free> line_;
  std::size_t capacity_ = 0;
  std::uint64_t number_ = 0;
};

template <class Session>
struct Load : Command {
  static constexpr const char* name = "load";
  static constexpr const char* help = "Write the entries of a file of JSON lines or of TSV";

  std::string file;
  bool create = false;

  void describe(CLI::App& app) {
    describe_path(app);
    app.add_option("file", file, "The file; - is standard input")->required();
    describe_family(app);
    app.add_flag("--create", create, "Make the database where there is none");
    describe_composition(app);
    describe_progress(app);
  }

  [[nodiscard]] Result<Exit> run() {
    auto lines = LineFile::open(file);
    if (!lines) {
      return propagate(std::move(lines));
    }
    auto session = Session::open(path, create ? Access::create : Access::write, composition);
    if (!session) {
      return propagate(std::move(session));
    }
    auto done = session->with_family(family, [&](auto& handle) -> Result<void> {
      Progress progress("load", Unit::bytes, lines->size_bytes(), wants_progress());
      return load(handle, *session, *lines, progress);
    });
    done = done ? session->with_engine([](auto& engine) { return engine.sync(); }) : done;
    done = done ? session->close() : done;
    if (!done) {
      return propagate(std::move(done));
    }
    print_line(json ? boost::json::serialize(
                          boost::json::value{{"entries", written_}, {"sorted", sorted_}})
                    : counted(written_, "line") + " loaded, " + std::to_string(sorted_) +
                          " of them in order, straight into tables");
    return Exit::ok;
  }

 private:
  static constexpr std::size_t chunk_bytes = 64_MiB;

  template <class Handle>
  [[nodiscard]] Result<void> load(Handle& handle, Session& session, LineFile& lines,
                                  Progress& progress) {
    Entries chunk;
    std::size_t bytes = 0;
    std::string_view line;
    while (lines.next(line)) {
      progress.advance(line.size());
      line.remove_suffix(line.ends_with('\n') ? 1 : 0);
      if (line.empty()) {
        continue;
      }
      auto entry = parse_entry(line);
      if (!entry) {
        return tl::unexpected<Error>(
            entry.error().within(file + ": line " + std::to_string(lines.number())));
      }
      bytes += entry->first.size() + entry->second.size();
      chunk.push_back(std::move(*entry));
      if (bytes >= chunk_bytes) {
        if (auto done = write(handle, session, chunk); !done) {
          return done;
        }
        chunk.clear();
        bytes = 0;
      }
    }
    if (lines.failed()) {
      return fail(ErrorCode::io, file, ": can not be read to its end");
    }
    return chunk.empty() ? Result<void>() : write(handle, session, chunk);
  }

  template <class Handle>
  [[nodiscard]] Result<void> write(Handle& handle, Session& session, const Entries& chunk) {
    using Comparator = typename Handle::Tree::Comparator;
    const auto descends = [](const auto& a, const auto& b) {
      return Comparator::compare(a.first, b.first) >= 0;
    };
    const bool is_sorted = std::adjacent_find(chunk.begin(), chunk.end(), descends) == chunk.end();
    auto done = is_sorted ? handle.bulk_load(chunk) : write_batches(handle.id(), session, chunk);
    written_ += done ? chunk.size() : 0;
    sorted_ += done && is_sorted ? chunk.size() : 0;
    return done;
  }

  [[nodiscard]] static Result<void> write_batches(FamilyId id, Session& session,
                                                  const Entries& chunk) {
    constexpr std::size_t batch_bytes = 256_KiB;
    WriteBatch batch;
    const auto commit = [&] {
      auto done = session.with_engine([&batch](auto& engine) {
        return engine.write(batch, {.durability = Durability::buffered});
      });
      batch.clear();
      return done;
    };
    for (const auto& [key, value] : chunk) {
      batch.put(id, key, value);
      if (batch.bytes().size() >= batch_bytes) {
        if (auto done = commit(); !done) {
          return done;
        }
      }
    }
    return batch.empty() ? Result<void>() : commit();
  }

  std::uint64_t written_ = 0;
  std::uint64_t sorted_ = 0;
};

}  // namespace strata::tool
