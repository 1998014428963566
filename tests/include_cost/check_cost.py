# SPDX-License-Identifier: BSL-1.0
"""What a header costs to include, in preprocessed lines: a measure that no machine changes.

Lines of `-E -P`, that is without line markers and blank lines. For comparison, libstdc++ 12 alone:
<string> 19k, <atomic> 24k, <memory> 35k, <thread> 35k, <filesystem> 41k; tl/expected.hpp 31k;
xsimd 80k; one range-v3 view 64k.
"""

import concurrent.futures
import fnmatch
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "architecture"))
import source_tree  # noqa: E402  (its folder has just been named)

# The first pattern that fits a header decides. Each figure is a ceiling, not a goal.
BUDGETS = [
    ("strata/fwd.hpp", 1_000),
    ("strata/version.hpp", 1_000),
    ("strata/testing/*", None),
    # Result<T> is tl::expected, 31k by itself, and Error owns a string: whoever reports errors
    # pays for both, so these rooms can not keep to the 27k of their floor.
    ("strata/core/error.hpp", 38_000),
    ("strata/core/epoch.hpp", 46_000),  # waits for readers where memory runs out: <thread>
    ("strata/core/range_erase.hpp", 38_000),
    ("strata/core/arena.hpp", 44_000),  # owns its chunks: <memory>, and a <vector> of them
    ("strata/core/large_pages.hpp", 43_000),  # the same, and a lock
    ("strata/core/*", 27_000),
    ("strata/*_simd.hpp", 110_000),
    # A policy's room. Result<T> and <memory> are 51k together, <algorithm> and <optional> 5k more.
    ("strata/io/rate_limit*", 64_000),  # locks too
    ("strata/io/uring.hpp", 68_000),  # the ring's own header, and locks
    ("strata/io/*encrypted*", 70_000),  # key rings: locks, and maps
    ("strata/io/key_ring.hpp", 70_000),
    ("strata/io/*simulated*", 66_000),  # fingerprints of disks: xxhash
    ("strata/io/detail/crash_image.hpp", 66_000),
    ("strata/io/*", 62_000),  # pages of a log that two threads make ready: a lock
    ("strata/compression/*", 60_000),
    ("strata/filter/*", 60_000),
    ("strata/cache/adaptive_score.hpp", 70_000),  # weights: <cmath>
    ("strata/cache/*disk*", 70_000),  # files
    ("strata/cache/*", 64_000),  # locks too
    ("strata/memtable/art*", 80_000),  # its nodes are searched by xsimd
    ("strata/memtable/*", 62_000),  # keys are hashed
    ("strata/wal/*", 60_000),
    ("strata/observe/*", 60_000),
    ("strata/table/index_learned.hpp", 72_000),  # <cmath>: its slopes are scaled exactly
    ("strata/table/*", 69_000),  # the reader and its cursor; blocks from slabs: locks
    ("strata/version/*", 60_000),
    ("strata/compaction/*", 60_000),
    ("strata/strata.hpp", 155_000),  # five stores, and the engine with all it can do
    ("strata/*", 145_000),
]


def budget_of(name):
    return next(limit for pattern, limit in BUDGETS if fnmatch.fnmatchcase(name, pattern))


def measure(command, name):
    """Preprocessed lines of a file that includes nothing but `name`; None where it can not be."""
    result = subprocess.run(command + ["-E", "-P", "-x", "c++", "-"], text=True,
                            input=f"#include <{name}>\n", capture_output=True, check=False)
    return result.stdout.count("\n") if result.returncode == 0 else None


def violations(measured, budget=budget_of):
    """(name, lines) pairs -> what is over its budget."""
    for name, lines in measured:
        limit = budget(name)
        if lines is None:
            yield f"{name}: can not be preprocessed"
        elif limit is not None and lines > limit:
            yield f"{name}: {lines} preprocessed lines, budget {limit}"


def main():
    """Arguments: the root of the tree, the compiler, its flags."""
    root, *command = sys.argv[1:]
    names = [header.name for header in source_tree.headers(root)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        lines = list(pool.map(lambda name: measure(command, name), names))
    measured = list(zip(names, lines))
    for name, count in sorted(measured, key=lambda pair: -(pair[1] or 0)):
        print(f"{count or 'fails':>8} of {budget_of(name) or 'any':>8}  {name}")
    # The check itself must be able to fail.
    assert list(violations([("strata/fwd.hpp", 1_001)])), "a header over its budget went unseen"
    over = list(violations(measured))
    print(*over, sep="\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
