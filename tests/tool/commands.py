# SPDX-License-Identifier: BSL-1.0
"""Every command of `strata`, as a person or a script calls it: output, exit codes, what changes.

    commands.py <the tool> [unittest options]
"""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

TOOL = sys.argv.pop(1)
OK, FINDING, USAGE, ERROR = range(4)


def fingerprint(directory):
    """What lies in a directory: names, sizes, bytes, times."""
    return sorted((path.name, path.stat().st_mtime_ns,
                   hashlib.sha256(path.read_bytes()).hexdigest())
                  for path in pathlib.Path(directory).iterdir())


class Commands(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="strata-tool-"))
        self.addCleanup(shutil.rmtree, self.place)
        self.db = str(self.place / "db")

    def call(self, *arguments, code=OK, given=None):
        done = subprocess.run([TOOL, *map(str, arguments)], input=given, capture_output=True,
                              timeout=300, check=False)
        self.assertEqual(done.returncode, code, done)
        self.said = done.stderr.decode()
        if code >= USAGE:
            self.assertTrue(self.said.startswith("strata: "), self.said)
            self.assertEqual(done.stdout, b"")
        return done.stdout.decode()

    def json(self, *arguments, code=OK):
        return [json.loads(line) for line in
                self.call(*arguments, "--json", code=code).splitlines()]

    def fill(self, count=2000):
        lines = "".join(json.dumps({"key": f"key{i:05}", "value": f"value {i} " + "v" * 80}) + "\n"
                        for i in range(count))
        self.call("load", self.db, "-", "--create", given=lines.encode())

    def files(self, suffix):
        return sorted(pathlib.Path(self.db).glob("*" + suffix))

    def flip(self, path, offset):
        content = bytearray(path.read_bytes())
        content[offset] ^= 0x40
        path.write_bytes(content)

    # One key.

    def test_what_is_put_is_got_and_what_is_erased_is_gone(self):
        self.call("put", self.db, "Athens", "a city", "--create", "--sync")
        self.assertEqual(self.call("get", self.db, "Athens"), "a city\n")
        self.assertEqual(self.call("get", self.db, "Athens", "--raw"), "a city")
        self.assertEqual(self.json("get", self.db, "Athens"),
                         [{"key": "Athens", "found": True, "value": "a city"}])
        self.assertEqual(self.json("erase", self.db, "Athens"), [{"done": True}])
        self.assertEqual(self.call("get", self.db, "Athens", code=FINDING), "")
        self.assertIn("Athens", self.said)
        self.assertEqual(self.json("get", self.db, "Athens", code=FINDING),
                         [{"key": "Athens", "found": False}])

    def test_any_bytes_are_hex_in_and_escapes_out(self):
        self.call("put", self.db, "--hex", "ff00", "0a5c", "--create")
        self.assertEqual(self.call("scan", self.db), "\\xff\\x00\t\\n\\\\\n")
        self.assertEqual(self.call("scan", self.db, "--hex"), "ff00\t0a5c\n")
        self.assertEqual(self.json("scan", self.db), [{"key_hex": "ff00", "value": "\n\\"}])
        self.call("get", self.db, "--hex", "f", code=USAGE)
        self.assertIn("two digits", self.said)

    def test_a_database_is_made_only_when_that_is_asked_for(self):
        self.call("put", self.db, "a", "b", code=ERROR)
        self.assertFalse(os.path.exists(self.db))

    # Many.

    def test_scans_keep_to_their_bounds(self):
        self.fill(100)
        keys = lambda *options: self.call("scan", self.db, "--keys-only", *options).split()
        self.assertEqual(keys("--from", "key00097"), ["key00097", "key00098", "key00099"])
        self.assertEqual(keys("--to", "key00002"), ["key00000", "key00001"])
        self.assertEqual(keys("--prefix", "key0009", "--reverse", "--limit", 2),
                         ["key00099", "key00098"])
        self.assertEqual(self.call("scan", self.db, "--count"), "100\n")
        self.assertEqual(self.json("scan", self.db, "--count", "--prefix", "key0001"),
                         [{"count": 10}])
        self.call("scan", self.db, "--count", "--keys-only", code=USAGE)

    def test_what_is_exported_can_be_loaded(self):
        self.fill(500)
        self.call("put", self.db, "--hex", "00ff0a09", "ff5c")
        for options in ([], ["--tsv"]):
            exported = self.call("export", self.db, *options)
            copy = self.place / f"copy{len(options)}"
            self.assertIn("501 lines loaded, 501 of them in order",
                          self.call("load", copy, "-", "--create", given=exported.encode()))
            self.assertEqual(self.call("export", copy, *options), exported)

    def test_lines_out_of_order_are_loaded_too_and_the_later_one_wins(self):
        self.assertEqual(
            json.loads(self.call("load", self.db, "-", "--create", "--json",
                                 given=b"b\t1\na\t2\n\nb\t3\n")),
            {"entries": 3, "sorted": 0})
        self.assertEqual(self.call("scan", self.db), "a\t2\nb\t3\n")

    def test_a_line_that_is_no_entry_is_named(self):
        file = self.place / "lines"
        for wrong in ("no tab", '{"key":1,"value":"x"}', '{"key":"x"', '{"key":"k"}', "a\t\\q"):
            file.write_text("a\tb\n" + wrong + "\n")
            self.call("load", self.db, file, "--create", code=USAGE)
            self.assertIn("line 2", self.said)
        self.call("load", self.db, self.place / "missing", code=ERROR)

    # The whole.

    def test_stats_count_what_is_there(self):
        self.fill(2000)
        self.call("put", self.db, "one", "more")
        stats, = self.json("stats", self.db)
        family, = stats["families"]
        self.assertEqual(sum(level["entries"] for level in family["levels"]), 2000)
        self.assertEqual(family["memory_entries"], 1)
        self.assertEqual(stats["table_bytes"], sum(f.stat().st_size for f in self.files(".table")))
        self.assertEqual(stats["log"]["bytes"], sum(f.stat().st_size for f in self.files(".log")))
        self.assertEqual(stats["health"]["state"], "healthy")
        self.assertIn("memtable=", stats["composition"])
        text = self.call("stats", self.db)
        for word in ("composition", "fingerprint", "log", "cache", "health", "family 'default'"):
            self.assertIn(word, text)

    def test_compaction_drops_what_was_overwritten(self):
        for _ in range(3):
            self.fill(2000)
        sizes, = self.json("compact", self.db)
        self.assertLess(sizes["bytes_after"], sizes["bytes_before"] / 2)
        self.assertEqual(self.call("scan", self.db, "--count"), "2000\n")

    def test_a_checkpoint_is_a_database_of_its_own(self):
        self.fill(100)
        copy = self.place / "copy"
        self.assertEqual(self.json("checkpoint", self.db, copy), [{"checkpoint": str(copy)}])
        self.call("put", self.db, "later", "x")
        self.assertEqual(self.call("scan", copy, "--count"), "100\n")
        self.call("checkpoint", self.db, copy, code=ERROR)

    def test_destroy_has_to_be_meant(self):
        self.fill(10)
        self.call("destroy", self.db, code=USAGE)
        self.assertIn("--yes", self.said)
        self.assertEqual(self.call("scan", self.db, "--count"), "10\n")
        self.call("destroy", self.db, "--yes")
        self.assertFalse(os.path.exists(self.db))

    def test_commands_that_read_change_nothing(self):
        self.fill(500)
        self.call("put", self.db, "in the log", "x")
        before = fingerprint(self.db)
        for command in (["stats"], ["get", "key00001"], ["scan"], ["export"], ["verify"]):
            self.call(command[0], self.db, *command[1:])
        for file in [*self.files(".table"), *self.files(".log"), *self.files("MANIFEST-000001")]:
            self.call("dump", file)
        self.call("repair", self.db, code=USAGE)
        self.call("destroy", self.db, code=USAGE)
        self.assertEqual(fingerprint(self.db), before)

    # Damage.

    def test_verify_says_that_all_is_whole(self):
        self.fill()
        self.call("put", self.db, "in the log", "x")
        report, = self.json("verify", self.db)
        self.assertTrue(report["whole"])
        self.assertEqual((report["tables"], report["log_records"]), (1, 1))
        self.assertIn("whole", self.call("verify", self.db))

    def test_verify_finds_every_damaged_table_and_repair_heals(self):
        self.fill()
        self.fill()
        first, second = self.files(".table")
        self.flip(first, 100)
        self.flip(second, second.stat().st_size - 20)
        report, = self.json("verify", self.db, code=FINDING)
        self.assertFalse(report["whole"])
        self.assertEqual(len(report["findings"]), 2, report)
        for file in (first, second):
            self.assertTrue(any(file.name in finding and "offset" in finding
                                for finding in report["findings"]), report)
        self.assertIn("damaged: ", self.call("verify", self.db, code=FINDING))
        self.call("repair", self.db, code=USAGE)
        self.assertIn("--yes", self.said)
        repaired, = self.json("repair", self.db, "--yes")
        self.assertFalse(repaired["clean"])
        self.assertEqual(repaired["tables_rewritten"] + repaired["tables_lost"], 2)
        self.call("verify", self.db)
        count = int(self.call("scan", self.db, "--count"))
        self.assertTrue(0 < count < 2000, count)
        again, = self.json("repair", self.db, "--yes")
        self.assertTrue(again["clean"])

    def fill_value_files(self):
        """A table that points into two value files, each of three values of 5000 bytes."""
        for first in (0, 3):
            lines = "".join(f"key{i}\t{str(i) * 5000}\n" for i in (first + 2, first + 1, first))
            self.call("load", self.db, "-", "--create", "--composition", 5, given=lines.encode())
            self.call("compact", self.db)
        self.assertEqual(len(self.files(".table")), 1)
        return self.files(".values")

    def test_verify_reads_value_files(self):
        first, second = self.fill_value_files()
        report, = self.json("verify", self.db)
        sizes = first.stat().st_size + second.stat().st_size
        self.assertEqual((report["value_files"], report["value_bytes"]), (2, sizes))
        self.assertIn("2 value files of ", self.call("verify", self.db))
        header, stored = 32, 5004
        self.flip(first, header + 2 * stored + 4999)
        self.flip(second, header + 17)
        report, = self.json("verify", self.db, code=FINDING)
        self.assertFalse(report["whole"])
        self.assertEqual(len(report["findings"]), 2, report)
        self.assertIn(f"{first.name}: at offset {header + 2 * stored}: ", report["findings"][0])
        self.assertIn(f"{second.name}: at offset {header}: ", report["findings"][1])
        self.assertIn(f"damaged: {first}: at offset ", self.call("verify", self.db, code=FINDING))

    def test_a_value_file_that_is_no_file_of_ours_is_one_finding(self):
        first, second = self.fill_value_files()
        self.flip(first, 3)
        second.unlink()
        report, = self.json("verify", self.db, code=FINDING)
        self.assertEqual(len(report["findings"]), 2, report)
        self.assertIn(f"{first.name}: at offset 0: ", report["findings"][0])
        self.assertIn(second.name, report["findings"][1])

    def test_values_behind_a_damaged_block_are_read_too(self):
        lines = "".join(f"key{i:05}\t{'v' * (80 if i < 999 else 5000)}\n"
                        for i in reversed(range(1000)))
        self.call("load", self.db, "-", "--create", "--composition", 5, given=lines.encode())
        self.call("compact", self.db)
        (table,), (values,) = self.files(".table"), self.files(".values")
        self.assertIn("value_pointer", self.call("dump", table))
        blocks = [line["offset"] for line in self.json("dump", table) if line["what"] == "block"]
        self.flip(table, blocks[3] + 9)
        self.flip(values, 40)
        report, = self.json("verify", self.db, code=FINDING)
        self.assertEqual(len(report["findings"]), 2, report)
        self.assertIn(f"{table.name}: ", report["findings"][0])
        self.assertIn(f"{values.name}: at offset 32: ", report["findings"][1])

    def test_verify_finds_damage_in_the_log_and_repair_keeps_the_rest(self):
        self.call("bench", "fill_random", "--count", 5, "--sync", "--path", self.db)
        log, = self.files(".log")
        records = [line for line in self.json("dump", log) if line["what"] == "record"]
        self.assertEqual(len(records), 5)
        self.assertEqual(self.json("verify", self.db)[0]["log_records"], 5)
        self.flip(log, records[1]["offset"] + 40)
        report, = self.json("verify", self.db, code=FINDING)
        self.assertIn(f"{log.name}: offset {records[1]['offset']}", report["findings"][0])
        damaged = [line for line in self.json("dump", log, code=FINDING)
                   if line["what"] == "damaged"]
        self.assertEqual([line["offset"] for line in damaged], [records[1]["offset"]])
        self.call("scan", self.db, code=ERROR)
        repaired, = self.json("repair", self.db, "--yes")
        self.assertEqual(repaired["lost_log"], [{"first": 2, "last": 2}])
        self.assertEqual(self.call("scan", self.db, "--count"), "4\n")

    def test_verify_takes_no_torn_tail_for_damage(self):
        self.call("load", self.db, "-", "--create", given=b"b\t1\na\t2\n")
        log = self.files(".log")[-1]
        log.write_bytes(log.read_bytes() + b"\x07" * 13)
        report, = self.json("verify", self.db)
        self.assertEqual((report["whole"], report["torn_bytes"]), (True, 13))
        self.assertIn("never acknowledged", self.call("verify", self.db))

    def test_a_damaged_manifest_is_found_and_repaired(self):
        self.fill(100)
        manifest, = pathlib.Path(self.db).glob("MANIFEST-*")
        self.flip(manifest, 80)
        self.call("scan", self.db, code=ERROR)
        report, = self.json("verify", self.db, code=FINDING)
        self.assertIn(manifest.name, report["findings"][0])
        self.call("repair", self.db, "--yes", code=USAGE)
        self.assertIn("--composition", self.said)
        self.json("repair", self.db, "--yes", "--composition", "1")
        self.assertEqual(self.call("scan", self.db, "--count"), "100\n")

    # One file.

    def test_dump_shows_all_that_a_table_holds(self):
        self.fill(300)
        table, = self.files(".table")
        lines = self.json("dump", table)
        entries = [line for line in lines if line["what"].strip() == "entry"]
        self.assertEqual([entry["key"] for entry in entries], [f"key{i:05}" for i in range(300)])
        properties, = [line for line in lines if line["what"] == "properties"]
        self.assertEqual((properties["entries"], properties["smallest"], properties["largest"]),
                         (300, "key00000", "key00299"))
        text = self.call("dump", table, "--no-entries")
        self.assertIn("footer  @", text)
        self.assertNotIn("entry  @", text)

    def test_dump_goes_on_behind_a_damaged_block(self):
        self.fill(300)
        table, = self.files(".table")
        self.flip(table, 100)
        lines = self.json("dump", table, code=FINDING)
        damaged = [line for line in lines if line["what"] == "damaged"]
        self.assertEqual([line["offset"] for line in damaged], [0])
        self.assertTrue(any(line["what"].strip() == "entry" for line in lines))

    def test_dump_of_what_was_cut_says_so(self):
        self.fill(300)
        table, = self.files(".table")
        table.write_bytes(table.read_bytes()[:-1])
        self.assertIn("no footer", self.call("dump", table, code=FINDING))
        empty = self.place / "000000000009.log"
        empty.write_bytes(b"")
        self.assertIn("damaged  @0", self.call("dump", empty, code=FINDING))

    def test_dump_shows_the_operations_of_a_log_and_goes_on_behind_damage(self):
        self.call("load", self.db, "-", "--create", given=b"b\t1\na\t2\n")
        log = self.files(".log")[-1]
        lines = self.json("dump", log)
        operations = [(line["sequence"], line["kind"], line["key"], line["value"])
                      for line in lines if line["what"].strip() == "operation"]
        self.assertEqual(operations, [(1, "put", "b", "1"), (2, "put", "a", "2")])
        record, = [line for line in lines if line["what"] == "record"]
        self.flip(log, record["offset"] + 34)
        self.assertIn("payload does not match",
                      self.call("dump", log, code=FINDING))

    def test_dump_shows_the_edits_of_a_manifest(self):
        self.fill(10)
        manifest, = pathlib.Path(self.db).glob("MANIFEST-*")
        lines = self.json("dump", manifest)
        added = [line for line in lines if line["what"].strip() == "added"]
        self.assertEqual([(line["entries"], line["smallest"]) for line in added],
                         [(10, "key00000")])
        self.assertTrue(any("fingerprint" in line for line in lines))

    def test_dump_of_another_file_is_refused(self):
        file = self.place / "notes.txt"
        file.write_text("nothing of ours " * 20)
        self.call("dump", file, code=USAGE)
        self.call("dump", self.place / "missing.table", code=ERROR)

    # Compositions: 1 is the default, 2 Lz4, 3 Zstd, 4 the database of a persistence manager,
    # 5 the value log.

    def test_compressed_tables_are_read_by_who_can(self):
        for number, name in ((2, "lz4"), (3, "zstd")):
            place = self.place / name
            lines = "".join(f"key{i:05}\tvalue {'v' * 200}\n" for i in range(1000))
            self.call("load", place, "-", "--create", "--composition", number,
                      given=lines.encode())
            self.assertEqual(self.call("export", place, "--tsv"), lines)
            self.assertIn(f"compression={name}", self.json("stats", place)[0]["composition"])
            table, = place.glob("*.table")
            dumped = self.json("dump", table)
            self.assertEqual(sum(line["what"].strip() == "entry" for line in dumped), 1000)
            self.flip(table, 100)
            report, = self.json("verify", place, code=FINDING)
            self.assertEqual(len(report["findings"]), 1)
            repaired, = self.json("repair", place, "--yes")
            self.assertEqual(repaired["tables_rewritten"], 1)
            self.assertIn(f"compression={name}", self.json("stats", place)[0]["composition"])

    def test_families_have_to_be_named_where_there_are_several(self):
        self.call("put", self.db, "a", "1", "--create", "--composition", 4, code=USAGE)
        self.assertIn("kv, documents", self.said)
        self.call("put", self.db, "a", "1", "--family", "kv")
        self.assertEqual(self.call("get", self.db, "a", "--family", "kv"), "1\n")
        self.call("get", self.db, "a", "--family", "graph", code=FINDING)
        self.assertEqual([family["name"] for family in self.json("stats", self.db)[0]["families"]],
                         ["kv", "documents", "series", "graph", "objects"])
        self.json("compact", self.db)
        self.assertTrue(self.json("verify", self.db)[0]["whole"])

    def test_there_are_only_so_many_compositions(self):
        self.call("put", self.db, "a", "1", "--create", "--composition", 99, code=USAGE)
        self.assertIn("\n  4: [strata/", self.said)

    # Speed.

    def test_bench_measures_what_it_is_told_to(self):
        lines = self.json("bench", "fill_sequential", "fill_random", "overwrite", "read_random",
                          "read_missing", "scan", "--count", 3000, "--threads", 2)
        self.assertEqual([line.get("operations") for line in lines], [3000] * 6 + [None])
        self.assertTrue(all(0 < line["p50_micros"] <= line["p99_micros"] <= line["p999_micros"]
                            for line in lines[:6]))
        self.assertIn("ops/s", self.call("bench", "scan", "--count", 10))

    def test_bench_measures_with_the_options_of_a_profile(self):
        self.call("bench", "fill_random", "--count", 2000, "--profile", "embedded",
                  "--memory", "1MiB", "--cores", 1, "--path", self.db)
        self.assertGreater(self.json("stats", self.db)[0]["table_bytes"], 0)  # a small buffer
        self.call("bench", "--profile", "embedded", "--memory", "64kib", code=USAGE)
        self.assertIn("memory_bytes is 65536", self.said)
        self.call("bench", "--profile", "fast", code=USAGE)
        self.call("bench", "--memory", "1MiB", code=USAGE)

    def test_bench_leaves_a_database_alone_unless_told(self):
        self.fill(10)
        self.call("bench", "fill_random", "--count", 10, "--path", self.db, code=ERROR)
        self.assertIn("--use-existing", self.said)
        self.call("bench", "fill_random", "--count", 10, "--path", self.db, "--use-existing")
        self.assertEqual(self.call("scan", self.db, "--count"), "20\n")

    def test_an_interrupted_bench_removes_its_database(self):
        environment = {**os.environ, "TMPDIR": str(self.place)}
        with subprocess.Popen([TOOL, "bench", "fill_random", "--count", "1000000000",
                               "--progress"], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as running:
            running.stderr.read(20)  # it has begun to count
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=120)
        self.assertEqual(running.returncode, -signal.SIGINT)
        self.assertEqual(list(self.place.iterdir()), [])

    # Around.

    def test_progress_is_shown_only_where_it_is_wanted(self):
        self.fill(100)
        self.call("verify", self.db)
        self.assertEqual(self.said, "")
        self.call("verify", self.db, "--progress")
        self.assertIn("verify  [", self.said)
        self.call("verify", self.db, "--progress", "--no-progress", code=USAGE)

    def test_wrong_arguments_are_named(self):
        for arguments in ([], ["unknown"], ["get"], ["get", "a"], ["scan", self.db, "--limit", "x"],
                          ["bench", "sleep"], ["bench", "--threads", "0"]):
            self.call(*arguments, code=USAGE)
        self.call("scan", self.place / "nowhere", code=ERROR)
        self.assertIn("nowhere", self.said)
        self.call("scan", self.place, code=ERROR)
        (self.place / "letter.txt").write_text("Dear")
        self.call("scan", self.place, code=ERROR)
        self.assertIn("letter.txt", self.said)
        self.fill(10)
        self.call("scan", self.db, "--family", "users", code=USAGE)
        self.assertIn("'users'", self.said)

    def test_help_and_version_are_no_errors(self):
        self.assertRegex(self.call("--version"), r"^strata \d+\.\d+\.\d+\n$")
        self.assertIn("Exit codes", self.call("--help"))
        self.assertIn("--prefix", self.call("scan", "--help"))

    def test_what_can_not_be_written_out_is_an_error(self):
        self.fill(10)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TOOL, "scan", self.db], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(done.returncode, ERROR)


if __name__ == "__main__":
    unittest.main()
