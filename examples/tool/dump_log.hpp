// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Dumps a file of records: a log segment, whose records are batches, or a manifest, whose records
/// are edits. Where a record is damaged, the dump goes on at the next one that this file wrote.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/io/posix.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/version/edit.hpp>
#include <strata/version/manifest_reader.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/record_reader.hpp>

#include "dump_out.hpp"

namespace strata::tool {

class LogDump {
  using Checksum = checksum::Crc32c;
  using Reader = wal::RecordReader<io::Posix::RandomFile, Checksum>;

 public:
  LogDump(io::Posix::RandomFile file, const std::string& path, DumpOut& out)
      : file_(std::move(file)), path_(path), out_(out) {}

  [[nodiscard]] Result<void> run(const wal::Magic& magic) {
    auto identity = header(magic);
    if (!identity) {
      return propagate(std::move(identity));
    }
    if (!*identity) {
      return {};
    }
    is_manifest_ = std::string_view(magic.text) == version::manifest_magic.text;
    Reader reader(std::move(file_), **identity, wal::log_header_bytes);
    return records(reader);
  }

 private:
  /// Which file of which database this is, even if the header is damaged elsewhere: the records
  /// confirm it. None: the file is too short.
  [[nodiscard]] Result<std::optional<wal::FileIdentity>> header(const wal::Magic& magic) {
    std::string bytes(wal::log_header_bytes, '\0');
    auto read = file_.read(0, bytes.data(), bytes.size());
    if (!read) {
      return propagate(std::move(read));
    }
    bytes.resize(*read);
    auto header = wal::decode_log_header<Checksum>(bytes, magic, path_);
    if (header) {
      out_.line("header", 0,
                {{"kind", magic.text},
                 {"database_id", header->file.database_id},
                 {"file_id", header->file.file_id},
                 {"predecessor_id", header->predecessor_id},
                 {"last_sequence", header->last_sequence},
                 {"durable_sequence", header->durable_sequence},
                 {"file_bytes", file_.size_bytes()}});
      return std::optional(header->file);
    }
    if (header.error().code() == ErrorCode::newer_format) {
      return propagate(std::move(header));
    }
    out_.damage(0, "the file's header is damaged");
    if (bytes.size() < wal::log_header_bytes) {
      return std::optional<wal::FileIdentity>();
    }
    return std::optional(wal::FileIdentity{load_fixed<std::uint64_t>(bytes.data() + 24),
                                           load_fixed<std::uint64_t>(bytes.data() + 32)});
  }

  [[nodiscard]] Result<void> records(Reader& reader) {
    for (;;) {
      auto found = reader.read();
      if (!found) {
        return propagate(std::move(found));
      }
      const std::uint64_t offset = reader.offset();
      if (*found == wal::Found::record) {
        record(reader);
        if (!reader.advance()) {
          out_.damage(reader.offset(), reader.what());
        }
        continue;
      }
      if (*found == wal::Found::damage) {
        out_.damage(offset, reader.what());
      }
      auto next = reader.find(offset + (*found == wal::Found::damage ? wal::record_alignment : 0),
                              [](const wal::RecordHeader&) { return true; });
      if (!next) {
        return propagate(std::move(next));
      }
      if (!*next) {
        return {};
      }
      if (*found == wal::Found::end) {
        out_.damage(offset, "a record is missing");
      }
      reader.seek(**next);
    }
  }

  void record(const Reader& reader) {
    const wal::RecordHeader& header = reader.header();
    if (header.is_mark()) {
      out_.line("mark", reader.offset(),
                {{"next_sequence", header.first_sequence},
                 {"durable_sequence", header.durable_sequence}});
      return;
    }
    out_.line(is_manifest_ ? "edit" : "record", reader.offset(),
              {{"first_sequence", header.first_sequence},
               {"count", header.count},
               {"durable_sequence", header.durable_sequence},
               {"payload_bytes", header.payload_bytes}});
    if (!out_.shows_entries()) {
      return;
    }
    is_manifest_ ? edit(reader) : batch(reader);
  }

  void batch(const Reader& reader) {
    BatchReader operations(reader.payload());
    BatchOperation operation;
    for (Sequence sequence = reader.header().first_sequence; operations.next(operation);
         ++sequence) {
      const auto kind = static_cast<std::uint8_t>(operation.kind);
      boost::json::object fields = {
          {"sequence", sequence}, {"family", operation.family.value}, {"kind", kind_name(kind)}};
      out_.put(fields, "key", operation.key);
      if (operation.kind == EntryKind::erase_range) {
        out_.put(fields, "last", operation.value);
      } else if (operation.kind != EntryKind::erase) {
        out_.put(fields, "value", operation.value);
      }
      out_.line("  operation", reader.offset(), std::move(fields));
    }
    if (operations.damaged()) {
      out_.damage(reader.offset(), "the payload is no batch, although its checksum is right");
    }
  }

  void edit(const Reader& reader) {
    auto edit = version::decode_edit(reader.payload());
    if (!edit) {
      out_.damage(reader.offset(), edit.error().message());
      return;
    }
    boost::json::object fields;
    const auto put = [&fields](std::string_view name, const auto& value) {
      if (value) {
        fields[name] = *value;
      }
    };
    put("database_id", edit->database_id);
    put("fingerprint", edit->fingerprint);
    put("next_file_number", edit->next_file_number);
    put("last_sequence", edit->last_sequence);
    put("first_log_segment", edit->first_log_segment);
    put("next_family_id", edit->next_family_id);
    if (!fields.empty()) {
      out_.line("  database", reader.offset(), std::move(fields));
    }
    for (const version::FamilyEdit& family : edit->families) {
      family_edit(reader.offset(), family);
    }
  }

  void family_edit(std::uint64_t offset, const version::FamilyEdit& family) const {
    boost::json::object fields = {{"id", family.family}};
    if (family.created) {
      fields["name"] = family.created->name;
      fields["fingerprint"] = family.created->fingerprint;
    }
    if (family.dropped) {
      fields["dropped"] = true;
    }
    if (family.flushed_through) {
      fields["flushed_through"] = *family.flushed_through;
    }
    out_.line("  family", offset, std::move(fields));
    for (const version::DeletedFile& table : family.deleted) {
      out_.line("    deleted", offset, {{"level", table.level}, {"table", table.number}});
    }
    for (const version::AddedFile& file : family.added) {
      const version::FileMetadata& table = file.metadata;
      boost::json::object added = {{"level", file.level},
                                   {"table", table.number},
                                   {"bytes", table.size_bytes},
                                   {"entries", table.entries},
                                   {"tombstones", table.tombstones},
                                   {"range_erases", table.range_erases},
                                   {"smallest_sequence", table.smallest_sequence},
                                   {"largest_sequence", table.largest_sequence}};
      out_.put(added, "smallest", table.smallest);
      out_.put(added, "largest", table.largest);
      out_.line("    added", offset, std::move(added));
    }
  }

  io::Posix::RandomFile file_;
  const std::string& path_;
  DumpOut& out_;
  bool is_manifest_ = false;
};

}  // namespace strata::tool
