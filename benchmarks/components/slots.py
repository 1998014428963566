# SPDX-License-Identifier: BSL-1.0
"""What is measured and drawn: a chart for each slot, a panel for each figure, a bar for each model.

A panel names the program (bench_<program>), the benchmark in it, with {model} where the key of a
model stands, and how a figure comes out of that benchmark's result.
"""

import dataclasses
from typing import Callable, Optional, Tuple

NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclasses.dataclass(frozen=True)
class Model:
    key: str
    title: str
    reference: bool = False  # made by others
    optional: bool = False  # needs a library or a kernel that may be missing


@dataclasses.dataclass(frozen=True)
class Panel:
    key: str
    title: str
    unit: str
    better: str  # "less" or "more"
    program: str
    benchmark: str
    figure: Callable[[dict, str], float]  # from a result and the key of a model
    models: Optional[Tuple[str, ...]] = None  # None: all of the slot
    decimals: int = 4  # that are known, at most

    def has(self, model):
        return self.models is None or model.key in self.models

    def benchmark_of(self, model):
        return self.benchmark.replace("{model}", model.key)


@dataclasses.dataclass(frozen=True)
class Slot:
    key: str
    title: str
    work: str
    models: Tuple[Model, ...]
    panels: Tuple[Panel, ...]
    columns: int = 3


def reference(key, title, optional=True):
    return Model(key, title, reference=True, optional=optional)


def ns_per_item(result, _):
    return 1e9 / result["items_per_second"]


def cpu_ns(result, _):
    return result["cpu_time"] * NANOSECONDS[result["time_unit"]]


def real_ns(result, _):
    return result["real_time"] * NANOSECONDS[result["time_unit"]]


def megabytes_per_second(result, _):
    return result["bytes_per_second"] / 1e6


def counter(name, scale=1.0):
    return lambda result, model: result[name.replace("{model}", model)] * scale


def memtables():
    def panel(key, title, unit, name, figure=ns_per_item):
        return Panel(key, title, unit, "less", "memtable", name + "/{model}/process_time", figure)

    return Slot(
        "memtables", "Memtables",
        "400 000 entries, 16-byte keys, 100-byte values, one thread; CPU time",
        (Model("art", "Art"), Model("btree", "BTree"), Model("hash_index", "HashIndex"),
         Model("partitioned_btree", "Partitioned<BTree>"),
         Model("partitioned_skip_list", "Partitioned<SkipList>"), Model("skip_list", "SkipList"),
         Model("vector", "Vector"), reference("std_map", "std::map, locked", optional=False),
         reference("absl_btree_map", "absl::btree_map, locked")),
        (panel("insert_random", "Insert, random order", "ns per insert", "insert_random"),
         panel("insert_ascending", "Insert, ascending order", "ns per insert", "insert_ascending"),
         panel("find", "Find, random order", "ns per find", "find_random"),
         panel("scan", "Scan, sorted before", "ns per entry", "scan"),
         panel("fill_and_scan", "Fill at random, then scan", "ns per entry",
               "fill_and_scan_random"),
         panel("memory", "Memory, with key and value", "bytes per entry",
               "fill_and_scan_random", counter("bytes/entry"))))


def filters():
    def panel(key, title, unit, name, figure=ns_per_item):
        return Panel(key, title, unit, "less", "filter", name, figure)

    return Slot(
        "filters", "Filters",
        "ten bits a key asked for; 10 000 keys fit the first caches, 5 000 000 do not; CPU time",
        (Model("bloom", "Bloom"), Model("blocked_bloom", "BlockedBloom"),
         Model("binary_fuse", "BinaryFuse"), Model("ribbon", "Ribbon"),
         reference("leveldb_bloom", "LevelDB Bloom")),
        (panel("bits", "Size, 5 000 000 keys", "bits per key", "build/{model}/5000000",
               counter("bits/key")),
         panel("passed", "Absent keys that pass", "percent", "miss/{model}/5000000",
               counter("passed")),
         panel("build", "Build, 5 000 000 keys", "ns per key", "build/{model}/5000000"),
         panel("hit_small", "Present key, 10 000", "ns per probe", "hit/{model}/10000"),
         panel("miss_small", "Absent key, 10 000", "ns per probe", "miss/{model}/10000"),
         panel("miss_large", "Absent key, 5 000 000", "ns per probe", "miss/{model}/5000000")))


def caches():
    def panel(key, title, unit, name, figure=cpu_ns):
        return Panel(key, title, unit, "less", "cache", name, figure)

    def hit_ratio(key, title, name):
        return Panel(key, title, "percent of requests", "more", "cache", name + "/iterations:1",
                     counter("hit_ratio", 100))

    return Slot(
        "caches", "Caches",
        "Zipf requests (exponent 0.99); times: 50 000 entries, CPU time; hit ratios: 500 000 keys",
        (Model("s3_fifo", "S3Fifo"), Model("sieve", "Sieve"), Model("clock", "Clock"),
         Model("lru", "Lru"), Model("arc", "Arc"), Model("w_tiny_lfu", "WTinyLfu"),
         Model("adaptive_score", "AdaptiveScore"), reference("rocksdb_lru", "RocksDB LRUCache")),
        (panel("hit", "Hit, one thread", "ns per find", "hit/{model}/real_time/threads:1"),
         panel("miss", "Miss, insert and evict", "ns per miss",
               "miss_insert/{model}/real_time/threads:1"),
         panel("overhead", "Overhead in the budget", "bytes per entry",
               "hit/{model}/real_time/threads:1", counter("overhead_bytes/entry")),
         hit_ratio("ratio_1", "Hit ratio, room for 1 %", "hit_ratio_zipf/{model}/10"),
         hit_ratio("ratio_10", "Hit ratio, room for 10 %", "hit_ratio_zipf/{model}/100"),
         hit_ratio("ratio_scan", "Hit ratio, 10 %, with scans", "hit_ratio_zipf_scan/{model}/100")))


def table_indexes():
    def panel(key, title, kind, separators, figure, unit="ns per search"):
        name = f"table_index/keys:{kind}/separators:{separators}/min_time:0.300"
        return Panel(key, title, unit, "less", "table_table_index", name, counter(figure))

    return Slot(
        "table_indexes", "Table indexes",
        "from a key to its block, among separators of 16-byte ids in decimal; elapsed time",
        (Model("binary", "Binary"), Model("eytzinger", "Eytzinger"), Model("learned", "Learned"),
         reference("lower_bound", "std::lower_bound", optional=False)),
        (panel("ids_1000", "1 000 separators", 0, 1_000, "{model}_ns"),
         panel("ids_10000", "10 000 separators", 0, 10_000, "{model}_ns"),
         panel("ids_100000", "100 000 separators", 0, 100_000, "{model}_ns"),
         panel("ids_1000000", "1 000 000 separators", 0, 1_000_000, "{model}_ns"),
         panel("random_100000", "100 000, of random bytes", 1, 100_000, "{model}_ns"),
         dataclasses.replace(
             panel("memory", "Memory, 100 000 separators", 0, 100_000, "{model}_bytes",
                   "bytes per separator"), models=("binary", "eytzinger", "learned"))))


def compression():
    codecs = (Model("lz4", "Lz4"), Model("zstd_fast", "Zstd, level -1", optional=True),
              Model("zstd_3", "Zstd, level 3", optional=True),
              Model("zstd_3_dictionary", "Zstd 3, dictionary", optional=True),
              Model("zstd_9", "Zstd, level 9", optional=True))

    def panel(key, title, unit, name, figure=megabytes_per_second):
        return Panel(key, title, unit, "more", "compression_codecs", name, figure)

    return Slot(
        "compression", "Compression",
        "made-up JSON records in blocks of 4 KiB; megabytes are of raw bytes; CPU time", codecs,
        (panel("ratio", "Raw bytes for each stored one", "ratio", "compress/{model}",
               counter("ratio")),
         panel("compress", "Compress", "MB per second", "compress/{model}"),
         panel("decompress", "Decompress", "MB per second", "decompress/{model}")))


def compaction():
    titles = ("Leveled", "Paced<Leveled>", "LazyLeveled, T = 4", "LazyLeveled, T = 12",
              "LazyLeveled, T = 20", "SizeTiered", "SizeTiered, 10 runs", "TimeWindow",
              "TimeWindow, expiry", "Fifo", "Fifo, merged by 4", "Manual")

    def panel(key, title, unit, better="less", decimals=2):
        return Panel(key, title, unit, better, "compaction", "{model}", counter(key),
                     decimals=decimals)

    return Slot(
        "compaction", "Compaction",
        "2 000 000 random writes over 500 000 keys, simulated: the same figures on any machine",
        tuple(Model(title, title) for title in titles),
        (panel("write", "Write amplification", "written per byte flushed"),
         panel("present", "Reads of a present key", "tables looked at per get"),
         panel("absent", "Reads of an absent key", "tables looked at per get", decimals=1),
         panel("space", "Space amplification", "bytes stored per live byte"),
         panel("peak", "Space at its peak", "bytes stored per live byte"),
         panel("kept", "Live keys kept at the end", "percent", "more", 0)))


def file_systems():
    def panel(key, title, unit, figure, better="less"):
        return Panel(key, title, unit, better, "io", key + "/{model}", figure)

    return Slot(
        "file_systems", "File systems",
        "under /tmp, elapsed time; all but Direct read from the page cache",
        (Model("posix", "Posix"), Model("uring", "Uring", optional=True),
         Model("direct", "Direct", optional=True), Model("rate_limited", "RateLimited<Posix>"),
         Model("aes_256_gcm", "Encrypted, AES-256-GCM"),
         Model("chacha20_poly1305", "Encrypted, ChaCha20")),
        (panel("log_append", "Append 130 bytes to a log", "ns per append", real_ns),
         panel("write", "Write 16 MiB, one sync", "MB per second",
               lambda result, model: 16 * 2**20 / 1e6 / (real_ns(result, model) / 1e9), "more"),
         panel("read", "Read 4 KiB at random", "µs per read",
               lambda result, model: real_ns(result, model) / 1e3),
         panel("read_many_32", "Read 32 times 4 KiB at once", "µs per read",
               lambda result, model: real_ns(result, model) / 32e3)), columns=2)


def transactions():
    def panel(name, title, unit, models):
        return Panel(name, title, unit, "less", "mvcc", name + "/{model}/real_time/threads:1",
                     cpu_ns, models)

    return Slot(
        "transactions", "Versioned stores",
        "mvcc::Store: 100 000 keys of 16 bytes, values of 100, one thread; CPU time",
        (Model("ordered", "Store<>: Ordered, Optimistic"), Model("hashed", "... with Hashed"),
         Model("oldest_first", "... with OldestFirst"),
         Model("first_committer_wins", "... with FirstCommitterWins"),
         Model("two_phase", "... with TwoPhase"),
         reference("std_map", "std::map, locked", optional=False)),
        (panel("get", "Get", "ns per get", ("ordered", "hashed", "std_map")),
         panel("put", "Put", "ns per put",
               ("ordered", "oldest_first", "hashed", "two_phase", "std_map")),
         panel("scan_100", "Scan of 100 entries", "ns per scan", ("ordered", "std_map")),
         panel("transfer", "Read two keys, write both", "ns per transaction",
               ("ordered", "first_committer_wins", "two_phase"))), columns=2)


SLOTS = (memtables(), filters(), caches(), table_indexes(), compression(), compaction(),
         file_systems(), transactions())
