// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The version of the library: the one place where it is written (CMake reads it from here).
///
/// Semantic versioning of names and behaviour. Formats on disk carry their own versions and are
/// readable by every later release, whatever this number says.

#define STRATA_VERSION_MAJOR 0
#define STRATA_VERSION_MINOR 1
#define STRATA_VERSION_PATCH 0
