# SPDX-License-Identifier: BSL-1.0
"""The report of benchmarks/compare: what it says, what it refuses, and that it is fresh."""

import copy
import json
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks/report"), str(ROOT / "benchmarks/compare")]

import compare  # noqa: E402
import tables  # noqa: E402
from figures import Figures, check, gather  # noqa: E402
from machine import ReportError  # noqa: E402
from rows import CHARTS, DISK, ENGINES, METRICS, ROWS, WRITTEN  # noqa: E402

CHARTS_FOLDER = ROOT / "docs/charts"
SPEEDS = {"strata": 3000, "RocksDB": 500, "LevelDB": 1000, "LMDB": 1500, "WiredTiger": 250}


def row_of(name, engine, number):
    """Each engine has its speed; rounds are 10 % apart."""
    operations = 6_000_000
    figures = {metric: 1000.0 for metric in METRICS}
    figures["seconds"] = operations / SPEEDS[engine] / 1000 / (0.9 + 0.1 * number)
    return {"row": name, "engine": engine, "value_bytes": 100, "round": number,
            "operations": operations, **figures}


def made_up():
    names = [row.name for row in ROWS] + ["settle"]
    rows = [row_of(name, engine, number)
            for name in names for engine in ENGINES for number in range(3)]
    machine = {"cpu": "A <fast> one", "cores": 2, "virtual": False, "compiler": "g++ 12",
               "commit": "0123456789", "date": "2001-02-03", "rounds": 3}
    engines = [{"name": name, "version": "1", "is_lsm": name not in ("LMDB", "WiredTiger"),
                "configuration": f"as {name} likes it"} for name in ENGINES]
    settings = {"entries": 6_000_000, "neighbours": 0.05}
    return {"machine": machine, "settings": settings, "peers": "-O3", "engines": engines,
            "records": gather({"rows": rows})}


def line_of(table, row):
    return next(line for line in table.splitlines() if line.startswith(f"| {row} |"))


class Reported(unittest.TestCase):
    def setUp(self):
        self.data = made_up()
        self.figures = Figures(self.data, 100)

    def test_a_speed_is_the_median_of_the_rounds_with_its_spread(self):
        figure = self.figures.speed("overwrite", "strata")
        self.assertEqual({"low": 2700.0, "median": 3000.0, "high": 3300.0}, figure)
        table = tables.speed_table(self.figures)
        self.assertIn("| 3\u202f000 \u00b110 % | 500 \u00b110 % |", line_of(table, "overwrite"))

    def test_ratios_are_to_the_best_peer_of_those_that_count(self):
        table = tables.speed_table(self.figures)
        self.assertTrue(line_of(table, "overwrite").endswith("| 2.00 | 3 |"))
        self.assertTrue(line_of(table, "open after a crash").endswith("| 3.00 | 2 (LSM) |"))

    def test_goals_that_are_missed_are_named_the_furthest_first(self):
        row = self.data["records"]["100"]["read missing"]["strata"]
        row["seconds"] = [10 * seconds for seconds in row["seconds"]]
        self.data["records"]["100"]["read hot"]["strata"]["p99_us"] = [1500.0] * 3
        missed = tables.missed_goals(self.figures)
        self.assertEqual("read missing: 0.20 of 2", missed[0])
        self.assertIn("overwrite: 2.00 of 3", missed)
        self.assertIn("read hot: p99 is 1.50 x the best peer's", missed)
        self.assertIn("fill synced: 16 threads make 1.0 x one thread, not 6 x", missed)
        self.assertFalse([line for line in missed if "full scan" in line])

    def test_bytes_are_told_by_entry(self):
        records = self.data["records"]["100"]
        for row in ("fill random", "overwrite", "settle"):
            records[row]["strata"]["disk_bytes_written"] = [12e8] * 3
        records["settle"]["strata"]["disk_bytes"] = [9e8] * 3
        self.assertEqual(300, self.figures.cost(WRITTEN, "strata")["median"])
        self.assertEqual(150, self.figures.cost(DISK, "strata")["median"])

    def test_the_page_has_every_row_engine_and_configuration(self):
        page = tables.report_of(self.data)
        for row in ROWS:
            self.assertIn(f"| {row.name} |", page)
        for name in ENGINES:
            self.assertIn(f"as {name} likes it", page)

    def test_figures_from_a_busy_machine_say_so(self):
        self.assertNotIn("Others used", tables.report_of(self.data))
        self.data["settings"]["neighbours"] = 1.31
        self.assertIn("Others used 1.3 cores meanwhile", tables.report_of(self.data))

    def test_charts_name_every_engine_and_panel(self):
        charts = compare.charts_of(self.data)
        self.assertEqual([each.key + ".svg" for each in CHARTS], list(charts))
        for each in CHARTS:
            root = ElementTree.fromstring(charts[each.key + ".svg"])
            texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
            for expected in (*ENGINES, *(panel.title for panel in each.panels)):
                self.assertIn(expected, texts)

    def test_what_was_not_measured_has_no_figure_and_no_ratio(self):
        del self.data["records"]["100"]["overwrite"]["strata"]
        self.assertTrue(line_of(tables.speed_table(self.figures), "overwrite")
                        .startswith("| overwrite | \u2013 |"))
        del self.data["records"]["100"]["bulk load"]
        self.assertNotIn("compare_writes.svg", compare.charts_of(self.data))

    def test_the_table_of_the_readme_is_replaced_between_its_marks(self):
        readme = f"before\n{compare.README_BEGIN}old\n{compare.README_END}after\n"
        once = compare.with_table(readme, self.data)
        self.assertTrue(once.startswith("before\n") and once.endswith("after\n"))
        self.assertIn(tables.speed_table(self.figures), once)
        self.assertNotIn("old", once)
        self.assertEqual(once, compare.with_table(once, self.data))
        with self.assertRaisesRegex(ReportError, "README.md has no line"):
            compare.with_table("before\n", self.data)


class Refused(unittest.TestCase):
    def refuse(self, change, expected):
        data = copy.deepcopy(made_up())
        change(data)
        with self.assertRaisesRegex(ReportError, expected):
            check(data)

    def test_data_that_is_not_whole(self):
        self.refuse(lambda d: d.pop("engines"), "has no 'engines'")
        strata = ("100", "overwrite", "strata")
        def record(data):
            return data["records"][strata[0]][strata[1]][strata[2]]
        self.refuse(lambda d: record(d)["seconds"].pop(), "'overwrite' of strata .* not 3 figures")
        self.refuse(lambda d: record(d).update(p99_us=[1, 2, -3]), "not 3 figures for 'p99_us'")
        self.refuse(lambda d: d["records"]["100"]["overwrite"].update(Sqlite={}), "unknown engine")

    def test_a_file_that_is_missing_or_no_json(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "compare.json"
            with self.assertRaisesRegex(ReportError, "is not there"):
                compare.load(path)
            path.write_text("{", encoding="utf-8")
            with self.assertRaisesRegex(ReportError, "is no JSON"):
                compare.load(path)

    def test_a_program_that_is_not_built(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(ReportError, "does not start .*dev bench compare"):
                compare.measured(pathlib.Path(folder), [])


class Measured(unittest.TestCase):
    def test_others_are_those_that_it_did_not_start(self):
        neighbours = compare.Neighbours()
        clock, busy, ours = neighbours.start
        neighbours.start = (clock - 100, busy - 150, ours - 30)
        self.assertAlmostEqual(1.2, neighbours.cores(), delta=0.2)


class Kept(unittest.TestCase):
    def test_what_is_written_is_read_back(self):
        data = made_up()
        self.assertEqual(data, json.loads(compare.text_of(data)))

    def test_the_pages_are_what_the_json_says(self):
        data = compare.load(CHARTS_FOLDER / "compare.json")
        hint = "stale: benchmarks/compare/compare.py --draw"
        for name, svg in compare.charts_of(data).items():
            self.assertEqual(svg, (CHARTS_FOLDER / name).read_text(encoding="utf-8"), hint)
        self.assertEqual(tables.report_of(data),
                         (CHARTS_FOLDER / "compare.md").read_text(encoding="utf-8"), hint)
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        self.assertEqual(compare.with_table(readme, data), readme, hint)


if __name__ == "__main__":
    unittest.main()
