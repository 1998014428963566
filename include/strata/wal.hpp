// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The write-ahead log: policies, and reading it back.

#include <strata/wal/concept.hpp>
#include <strata/wal/group_commit.hpp>
#include <strata/wal/log_appender.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/none.hpp>
#include <strata/wal/options.hpp>
#include <strata/wal/record.hpp>
#include <strata/wal/record_reader.hpp>
#include <strata/wal/replay.hpp>
#include <strata/wal/segment_name.hpp>
#include <strata/wal/segments.hpp>
#include <strata/wal/writer.hpp>
