// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `verify`: reads every table with its values, and the log, and checks all of it.
///
/// The database is not opened: one damaged table would end that, and the rest is to be read all
/// the same. Tables are read past any cache, each with the reader of its family.

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/lsm/describe.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/tree_set.hpp>
#include <strata/lsm/tree_types.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/wal/options.hpp>

#include "../command.hpp"
#include "../progress.hpp"
#include "../session.hpp"
#include "stats.hpp"
#include "value_verifier.hpp"

namespace strata::tool {

struct VerifyReport {
  std::uint64_t tables = 0;
  std::uint64_t table_bytes = 0;
  std::uint64_t value_files = 0;
  std::uint64_t value_bytes = 0;
  std::uint64_t log_records = 0;
  std::uint64_t log_bytes = 0;
  /// After the last whole record: what a crash left of writes that were never acknowledged.
  std::uint64_t torn_bytes = 0;
  std::vector<std::string> findings;  ///< a sentence each; names file and offset
};

/// Verifies a directory as one of engine `E`.
template <class E>
class Verifier {
  using Composition = typename composition_of<E>::type;
  using Core = typename E::Core;
  using Db = typename Composition::Database;
  using FileSystem = typename Db::FileSystem;
  using BlockCache = typename lsm::DatabaseTypes<Db>::BlockCache;

 public:
  Verifier(const std::string& path, const version::State& state, Progress& progress)
      : path_(path), state_(state), progress_(progress) {}

  /// Errors: of the file system, and `incompatible_format`. Damage is a finding.
  [[nodiscard]] Result<VerifyReport> run() {
    BlockCache cache(options_of_t<typename Db::Cache>{});
    Result<void> done;
    for (const version::FamilyState& family : state_.families) {
      done = done ? verify_family(family, cache) : done;
    }
    done = done ? verify_log() : done;
    return done ? Result<VerifyReport>(std::move(report_)) : propagate(std::move(done));
  }

 private:
  /// With the reader of that family's policies.
  [[nodiscard]] Result<void> verify_family(const version::FamilyState& family, BlockCache& cache) {
    Result<void> done;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((done = family.id == I ? verify_tables<typename Core::template TreeAt<I>>(family, cache)
                              : done),
       ...);
    }
    (std::make_index_sequence<Core::family_count>());
    if constexpr (Core::has_dynamic) {
      if (family.id >= lsm::first_dynamic_family) {
        done = verify_tables<typename Core::DynamicTree>(family, cache);
      }
    }
    return done;
  }

  template <class Tree>
  [[nodiscard]] Result<void> verify_tables(const version::FamilyState& family, BlockCache& cache) {
    using Values = typename Tree::Values;
    if constexpr (Values::separates) {
      const auto note_it = [this](Result<void> outcome) { return note(std::move(outcome)); };
      ValueVerifier<Values, FileSystem, decltype(note_it)> values(fs_, path_, note_it);
      auto opened = values.open(family);
      for (const version::ValueFileMetadata& file : family.value_files) {
        ++report_.value_files;
        report_.value_bytes += file.size_bytes;
      }
      const auto check = [&](auto&&... table) { return values.check(table...); };
      return opened ? verify_tables<Tree>(family, cache, check) : opened;
    } else {
      return verify_tables<Tree>(family, cache, [](auto&&...) { return Result<void>(); });
    }
  }
  template <class Tree, class CheckValues>
  [[nodiscard]] Result<void> verify_tables(const version::FamilyState& family, BlockCache& cache,
                                           const CheckValues& check_values) {
    Result<void> done;
    for (const version::Level& level : family.levels) {
      for (const version::FileMetadata& table : level) {
        done = done ? verify_table<typename Tree::Types::Reader>(table, cache, check_values) : done;
      }
    }
    return done;
  }

  template <class Reader, class CheckValues>
  [[nodiscard]] Result<void> verify_table(const version::FileMetadata& table, BlockCache& cache,
                                          const CheckValues& check_values) {
    const std::string file = lsm::table_path(path_, table.number);
    auto reader =
        Reader::open(fs_, file, {table.number, table.stored_number, table.global_sequence}, cache);
    auto whole = reader ? (*reader)->verify() : Result<void>(propagate(reader));
    if (whole && (*reader)->properties().info.entries != table.entries) {
      whole = fail(ErrorCode::corruption, file, ": has ",
                   std::to_string((*reader)->properties().info.entries),
                   " entries, but the manifest says ", std::to_string(table.entries));
    }
    ++report_.tables;
    report_.table_bytes += table.size_bytes;
    progress_.advance(table.size_bytes);
    whole = note(std::move(whole));
    if (whole && reader) {
      whole = check_values(**reader, file, table);
    }
    for (const table::ValueShare& share : table.values) {
      progress_.advance(share.bytes);
    }
    return whole;
  }

  [[nodiscard]] Result<void> verify_log() {
    Sequence flushed = sequence_max;
    for (const auto& family : state_.families) {
      flushed = std::min(flushed, family.flushed_through);
    }
    auto log = Db::Wal::template replay<FileSystem, typename Db::Checksum>(
        fs_, path_, options_of_t<typename Db::Wal>{},
        wal::ReplayOptions{.database_id = state_.database_id,
                           .first_segment = state_.first_log_segment,
                           .after_sequence = flushed},
        [this](Sequence first, std::uint32_t, std::string_view payload) {
          progress_.advance(payload.size());
          return verify_batch(first, payload);
        });
    if (!log) {
      return note(propagate(std::move(log)));
    }
    report_.log_records = log->records;
    report_.log_bytes = log->payload_bytes;
    report_.torn_bytes = log->dropped_bytes;
    return {};
  }

  [[nodiscard]] Result<void> verify_batch(Sequence first, std::string_view payload) {
    BatchReader reader(payload);
    BatchOperation operation;
    bool is_known = true;
    while (reader.next(operation)) {
      const std::uint32_t id = operation.family.value;
      const bool was_there = id >= lsm::first_dynamic_family && id < state_.next_family_id;
      is_known = is_known && (id < Core::family_count || was_there);
    }
    return !reader.damaged() && is_known
               ? Result<void>()
               : fail(ErrorCode::corruption, path_, ": the batch at sequence ",
                      std::to_string(first), " of the log is none that a writer made");
  }

  /// Damage goes into the report; a missing file is damage here.
  [[nodiscard]] Result<void> note(Result<void> outcome) {
    const bool is_finding = !outcome && (outcome.error().code() == ErrorCode::corruption ||
                                         outcome.error().code() == ErrorCode::not_found);
    if (is_finding) {
      report_.findings.push_back(outcome.error().message());
    }
    return is_finding ? Result<void>() : outcome;
  }

  const std::string& path_;
  const version::State& state_;
  Progress& progress_;
  FileSystem fs_{};
  VerifyReport report_;
};

template <class Session>
struct Verify : Command {
  static constexpr const char* name = "verify";
  static constexpr const char* help =
      "Read every table with its values, and the log, and check all of it; exit code 1 on damage";

  void describe(CLI::App& app) {
    describe_path(app);
    describe_progress(app);
  }

  [[nodiscard]] Result<Exit> run() {
    auto report = verify();
    if (!report) {
      return propagate(std::move(report));
    }
    json ? show_json(*report) : show_text(*report);
    return report->findings.empty() ? Exit::ok : Exit::finding;
  }

 private:
  [[nodiscard]] Result<VerifyReport> verify() {
    auto state = Session::read_state(path);
    if (!state && state.error().code() == ErrorCode::corruption) {
      VerifyReport report;
      report.findings.push_back(state.error().message());
      return report;
    }
    auto log = state ? log_files(path) : propagate(state);
    if (!log) {
      return propagate(std::move(log));
    }
    std::uint64_t bytes = log->bytes;
    for (const auto& one : state->families) {
      for (const auto& level : one.levels) {
        for (const auto& table : level) {
          bytes += table.size_bytes;
          for (const auto& share : table.values) {
            bytes += share.bytes;
          }
        }
      }
    }
    return Session::first_that_fits(path, *state, [&]<class E>(std::type_identity<E>) {
      Progress progress("verify", Unit::bytes, bytes, wants_progress());
      return Verifier<E>(path, *state, progress).run();
    });
  }

  void show_text(const VerifyReport& report) const {
    for (const std::string& finding : report.findings) {
      print_line("damaged: " + finding);
    }
    const std::string values = report.value_files == 0
                                   ? ""
                                   : ", " + counted(report.value_files, "value file") + " of " +
                                         format_bytes(static_cast<double>(report.value_bytes));
    print_line(
        counted(report.tables, "table") + " of " +
        format_bytes(static_cast<double>(report.table_bytes)) + values + " and " +
        counted(report.log_records, "log record") + " of " +
        format_bytes(static_cast<double>(report.log_bytes)) + ": " +
        (report.findings.empty() ? "whole" : counted(report.findings.size(), "damage") + " found"));
    if (report.torn_bytes != 0) {
      print_line("the log ends in " + counted(report.torn_bytes, "byte") +
                 " of a write that was never acknowledged; the next open cuts them");
    }
  }

  static void show_json(const VerifyReport& report) {
    const boost::json::value all = {
        {"whole", report.findings.empty()},
        {"tables", report.tables},
        {"table_bytes", report.table_bytes},
        {"value_files", report.value_files},
        {"value_bytes", report.value_bytes},
        {"log_records", report.log_records},
        {"log_bytes", report.log_bytes},
        {"torn_bytes", report.torn_bytes},
        {"findings", boost::json::array(report.findings.begin(), report.findings.end())}};
    print_line(boost::json::serialize(all));
  }
};

}  // namespace strata::tool
