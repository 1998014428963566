# SPDX-License-Identifier: BSL-1.0
"""The charts of benchmarks/components: what they say, what they refuse, and that they are fresh."""

import copy
import json
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks/report"), str(ROOT / "benchmarks/components")]

import chart  # noqa: E402
import components  # noqa: E402
import measure  # noqa: E402
from machine import ReportError  # noqa: E402
from slots import SLOTS  # noqa: E402

CHARTS = ROOT / "docs/charts"


def made_up():
    """Figures for all that is drawn, no two of a chart alike."""
    slots = {}
    for slot in SLOTS:
        panels = slots[slot.key] = {}
        value = 100
        for panel in slot.panels:
            figures = panels[panel.key] = {}
            for model in filter(panel.has, slot.models):
                value += 1
                figures[model.key] = {"low": value - 0.5, "median": value, "high": value + 40}
    machine = {"cpu": "A <fast> one", "cores": 2, "virtual": True, "compiler": "g++ 12",
               "commit": "0123456789", "date": "2001-02-03", "rounds": 3}
    return {"machine": machine, "slots": slots}


def texts_of(svg):
    root = ElementTree.fromstring(svg)
    return [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]


class Drawn(unittest.TestCase):
    def test_a_chart_names_every_model_panel_and_value(self):
        data = made_up()
        charts = components.charts_of(data)
        for slot in SLOTS:
            texts = texts_of(charts[slot.key + ".svg"])
            self.assertIn(slot.title, texts)
            for model in slot.models:
                self.assertIn(model.title, texts)
            for panel in slot.panels:
                self.assertIn(panel.title, texts)
                self.assertIn(f"{panel.unit} ({panel.better} is better)", texts)
                for figure in data["slots"][slot.key][panel.key].values():
                    self.assertIn(str(figure["median"]), texts)

    def test_a_chart_says_where_its_figures_are_from(self):
        foot = ("A <fast> one, 2 virtual cores \u00b7 g++ 12 \u00b7 3 rounds \u00b7 "
                "commit 0123456789 \u00b7 2001-02-03")
        for svg in components.charts_of(made_up()).values():
            self.assertEqual(foot, texts_of(svg)[-1])

    def test_bars_are_as_long_as_their_figures(self):
        data = made_up()
        slot = next(slot for slot in SLOTS if slot.key == "compression")
        for at, model in enumerate(slot.models):
            data["slots"]["compression"]["ratio"][model.key] = {
                name: 10.0 * (at + 1) for name in ("low", "median", "high")}
        root = ElementTree.fromstring(components.charts_of(data)["compression.svg"])
        widths = {}
        for bar in root.iter("{http://www.w3.org/2000/svg}rect"):
            for title in bar:
                if title.text.endswith(" ratio"):
                    widths[title.text.split(":")[0]] = float(bar.get("width"))
        longest = widths[slot.models[-1].title]
        for at, model in enumerate(slot.models):
            self.assertAlmostEqual(longest * (at + 1) / len(slot.models), widths[model.title],
                                   delta=0.1)

    def test_the_same_figures_give_the_same_bytes(self):
        data = made_up()
        turned = json.loads(json.dumps(data))
        for panels in turned["slots"].values():
            for key, figures in panels.items():
                panels[key] = dict(reversed(figures.items()))
        self.assertEqual(components.charts_of(data), components.charts_of(turned))

    def test_an_optional_model_that_was_not_measured_is_left_out(self):
        data = made_up()
        for figures in data["slots"]["caches"].values():
            del figures["rocksdb_lru"]
        self.assertNotIn("RocksDB LRUCache", texts_of(components.charts_of(data)["caches.svg"]))

    def test_texts_fit_their_panels(self):
        for slot in SLOTS:
            for panel in slot.panels:
                self.assertLessEqual(len(panel.title), 29, panel.title)
                self.assertLessEqual(len(panel.unit), 26, panel.unit)

    def test_values_have_three_digits_that_say_something(self):
        expected = {0: "0", 0.1234: "0.123", 1.5: "1.50", 62.58: "62.6", 999.4: "999",
                    12345.6: "12\u202f346"}
        for value, text in expected.items():
            self.assertEqual(text, chart.value_text(value))
        self.assertEqual("94", chart.value_text(94.0, 0))
        self.assertEqual(["0", "0.5", "10", "1\u202f000"],
                         [chart.tick_text(value) for value in (0, 0.5, 10.0, 1000.0)])


class Refused(unittest.TestCase):
    def refuse(self, change, *expected):
        data = copy.deepcopy(made_up())
        change(data)
        with self.assertRaises(ReportError) as raised:
            components.charts_of(data)
        for part in (*expected, "./dev bench components"):
            self.assertIn(part, str(raised.exception))

    def test_missing_data(self):
        self.refuse(lambda d: d.pop("machine"), "components.json has no 'machine'")
        self.refuse(lambda d: d["machine"].pop("cpu"), "machine has no 'cpu'")
        self.refuse(lambda d: d["slots"].pop("filters"), "slots has no 'filters'")
        self.refuse(lambda d: d["slots"]["filters"].pop("bits"), "slot 'filters' has no 'bits'")
        self.refuse(lambda d: d["slots"]["filters"]["bits"].pop("bloom"),
                    "slot 'filters', panel 'bits' has no 'bloom'")
        self.refuse(lambda d: d["slots"]["filters"]["bits"]["bloom"].pop("low"),
                    "model 'bloom' has no 'low'")

    def test_an_optional_model_that_only_some_panels_have(self):
        self.refuse(lambda d: d["slots"]["caches"]["hit"].pop("rocksdb_lru"),
                    "slot 'caches', panel 'hit' has no 'rocksdb_lru'")

    def test_unknown_data(self):
        self.refuse(lambda d: d["slots"].update(wheels={}), "slots has an unknown 'wheels'")
        self.refuse(lambda d: d["slots"]["filters"].update(weight={}),
                    "slot 'filters' has an unknown 'weight'")
        self.refuse(lambda d: d["slots"]["filters"]["bits"].update(sieve={}),
                    "panel 'bits' has an unknown 'sieve'")

    def test_what_is_no_figure(self):
        for figure in (-1, "fast", None, True, float("nan"), float("inf")):
            self.refuse(lambda d, f=figure: d["slots"]["filters"]["bits"]["bloom"].update(median=f),
                        "slot 'filters', panel 'bits', model 'bloom'", "no number")
        self.refuse(lambda d: d["slots"]["filters"]["bits"]["bloom"].update(median=1e6),
                    "median outside of its bounds")
        self.refuse(lambda d: d["slots"].update(filters=[]), "slot 'filters' is no object")

    def test_a_file_that_is_missing_or_no_json(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "components.json"
            with self.assertRaisesRegex(ReportError, "is not there"):
                components.load(path)
            path.write_text("{", encoding="utf-8")
            with self.assertRaisesRegex(ReportError, "is no JSON"):
                components.load(path)


class Measured(unittest.TestCase):
    @staticmethod
    def results(scale):
        """A result for each benchmark that is wanted, with all that a figure may be made of."""
        fields = {"items_per_second": 1e9, "bytes_per_second": 1e6, "cpu_time": 1.0,
                  "real_time": 1.0}
        counters = ("bytes/entry", "bits/key", "passed", "hit_ratio", "overhead_bytes/entry",
                    "ratio", "write", "present", "absent", "space", "peak", "kept")
        indexes = [f"{model}_{what}" for model in ("binary", "eytzinger", "learned", "lower_bound")
                   for what in ("ns", "bytes")]
        result = {**fields, **{name: scale for name in (*counters, *indexes)}, "time_unit": "us"}
        return {program: {name: result for name in names}
                for program, names in measure.wanted_benchmarks().items()}

    def rounds(self, *scales):
        made = [self.results(scale) for scale in scales]
        return {program: [one[program] for one in made] for program in made[0]}

    def test_figures_are_the_median_of_the_rounds_with_the_least_and_the_most(self):
        figures = measure.figures_of(self.rounds(3.0, 1.0, 7.0))
        self.assertEqual({"low": 1.0, "median": 3.0, "high": 7.0},
                         figures["filters"]["bits"]["bloom"])
        self.assertEqual(1000, figures["caches"]["hit"]["lru"]["median"])
        components.check({"machine": made_up()["machine"], "slots": figures})

    def test_a_benchmark_that_is_gone_is_an_error_that_names_it(self):
        rounds = self.rounds(1.0, 1.0)
        del rounds["filter"][1]["miss/bloom/10000"]
        with self.assertRaisesRegex(ReportError, "bench_filter .* miss/bloom/10000"):
            measure.figures_of(rounds)

    def test_a_program_that_is_not_built_is_an_error_that_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(ReportError, "does not start .*: build .*dev bench"):
                measure.run_program(pathlib.Path(folder), "cache", ["hit/lru"], 0.01)

    def test_the_table_of_a_simulation_is_read(self):
        text = "| policy | write | kept |\n|---|---|---|\n| `Fifo`, merged | 1.50 | 90 |\n"
        self.assertEqual({"Fifo, merged": {"write": 1.5, "kept": 90}}, measure.rows_of_table(text))


class Fresh(unittest.TestCase):
    def test_the_charts_of_the_documentation_are_what_its_json_draws(self):
        charts = components.charts_of(components.load(CHARTS / "components.json"))
        drawn = [path.name for path in CHARTS.glob("*.svg") if not path.name.startswith("compare")]
        self.assertEqual(sorted(charts), sorted(drawn))
        for name, svg in charts.items():
            self.assertEqual(svg, (CHARTS / name).read_text(encoding="utf-8"),
                             f"{name} is stale: benchmarks/components/components.py draw")

    def test_the_page_shows_each_chart(self):
        page = (ROOT / "docs/components.md").read_text(encoding="utf-8")
        for slot in SLOTS:
            self.assertIn(f"](charts/{slot.key}.svg)", page)


if __name__ == "__main__":
    unittest.main()
