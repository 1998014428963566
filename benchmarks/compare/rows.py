# SPDX-License-Identifier: BSL-1.0
"""The rows of the comparison as they are reported: their order, their goals, their charts.

A goal is the ratio to the best peer that strata is to reach. Names are those of bench_compare.
"""

import dataclasses
from typing import Optional, Tuple

ENGINES = ("strata", "RocksDB", "LevelDB", "LMDB", "WiredTiger")
OURS = "strata"
VALUE_BYTES = 100  # what README and charts show; the tables have all sizes

# What bench_compare reports of each row and round.
METRICS = ("seconds", "p50_us", "p99_us", "p999_us", "most_us", "cpu_seconds", "peak_memory_bytes",
           "disk_bytes", "disk_bytes_written")


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    goal: Optional[float] = None
    lsm_only: bool = False  # the best peer is looked for among LSM trees
    has_latency: bool = True


ROWS = (
    Row("fill sequential", 2),
    Row("fill random", 3),
    Row("fill batched", 3),
    Row("overwrite", 3),
    Row("delete random"),
    Row("fill synced, 1 thread", 1),
    Row("fill synced, 4 threads", 1),
    Row("fill synced, 16 threads", 1),
    Row("read random, fresh", 1.3),
    Row("read random", 1.3),
    Row("read missing", 2),
    Row("read hot", 1.3),
    Row("full scan", 2, has_latency=False),
    Row("seek + 50", 1.3),
    Row("read while writing", 1.5),
    *(Row(f"YCSB {letter}, {threads}", goal)
      for letter, goal in (("A", 2), ("B", 1.3), ("C", 1.3), ("D", 1.3), ("E", 1.2), ("F", 2))
      for threads in ("1 thread", "2 threads")),
    Row("YCSB E after D, 1 thread", 1.2),
    Row("YCSB E after D, 2 threads", 1.2),
    Row("bulk load", 1, has_latency=False),
    Row("open after a crash", 2, lsm_only=True, has_latency=False),
    Row("fill random, data 4 x memory"),
    Row("read random, data 4 x memory"),
    Row("read hot, data 4 x memory"),
    Row("seek + 50, data 4 x memory"),
)


@dataclasses.dataclass(frozen=True)
class Cost:
    """A figure of which less is better; the goal is the most that is allowed, to the best LSM."""
    name: str
    unit: str
    goal: Optional[float] = None


WRITTEN = Cost("bytes written", "B / entry", 1)
DISK = Cost("bytes on disk", "B / entry", 1.1)
MEMORY = Cost("peak memory", "MiB")
WRITING_ROWS = ("fill random", "overwrite", "settle")  # what `bytes written` adds up


@dataclasses.dataclass(frozen=True)
class Panel:
    """A panel of a chart, as chart.py draws it."""
    key: str
    title: str
    unit: str = "thousand / s"
    better: str = "more"
    decimals: int = 1


@dataclasses.dataclass(frozen=True)
class Chart:
    key: str
    title: str
    work: str
    panels: Tuple[Panel, ...]
    columns: int = 4


@dataclasses.dataclass(frozen=True)
class Model:
    key: str
    title: str
    reference: bool


MODELS = tuple(Model(name, name, name != OURS) for name in ENGINES)


def panels_of(*names):
    return tuple(Panel(name, name) for name in names)


CHARTS = (
    Chart("compare_writes", "Writes", "16-byte keys, 100-byte values; synced where it says so",
          panels_of("fill sequential", "fill random", "fill batched", "overwrite",
                    "fill synced, 1 thread", "fill synced, 16 threads", "bulk load",
                    "delete random")),
    Chart("compare_reads", "Reads", "16-byte keys, 100-byte values, data in the cache",
          panels_of("read random, fresh", "read random", "read missing", "read hot", "full scan",
                    "seek + 50", "read while writing", "open after a crash")),
    Chart("compare_ycsb", "YCSB", "the six core workloads with one thread",
          panels_of(*(f"YCSB {letter}, 1 thread" for letter in "ABCDEF")), 3),
    Chart("compare_costs", "Costs", "fill in random order, overwrite, settle; latencies of single "
          "operations",
          (Panel("written", "bytes written", "bytes / entry", "less", 0),
           Panel("disk", "bytes on disk", "bytes / entry", "less", 0),
           Panel("p99 fill random", "fill random, p99", "\u00b5s", "less"),
           Panel("p99 read random", "read random, p99", "\u00b5s", "less"))),
)
