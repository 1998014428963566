#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""All engines on the same work: measured into one JSON, reported as tables and charts.

    compare.py [--quick] [options of bench_compare]

Runs build/gcc-release/bench/bench_compare, writes compare.json, and draws it: compare.md,
compare_*.svg and README's table. `--draw` does only the latter. Everything goes to docs/charts; of
a quick run, or one with options, to build/compare-report, and README stays as it is.
"""

import argparse
import json
import os
import pathlib
import resource
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks/report"))

import chart  # noqa: E402
import tables  # noqa: E402
from figures import AGAIN, Figures, check, gather  # noqa: E402
from machine import ReportError, describe_machine, foot_of, json_of, run_report, say  # noqa: E402
from rows import CHARTS, DISK, MODELS, VALUE_BYTES, WRITTEN  # noqa: E402

README_BEGIN = "<!-- `./dev bench compare` writes this table -->\n"
README_END = "<!-- end of the table -->\n"
QUICK = ["--rounds", "1", "--entries", "300000", "--value-bytes", "100",
         "--synced-operations", "500", "--log-mib", "64"]


class Neighbours:
    """How much of the machine others used since this was made."""

    def __init__(self):
        self.start = self.counters()

    @staticmethod
    def counters():
        """Seconds: on the clock, of all processors busy, and of them for what we started."""
        times = pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
        user, nice, system, _, _, irq, soft = map(int, times[:7])
        busy = (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
        ours = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.monotonic(), busy, ours.ru_utime + ours.ru_stime

    def cores(self):
        clock, busy, ours = (after - before for after, before in zip(self.counters(), self.start))
        return round(max(0.0, busy - ours) / max(clock, 0.01), 2)


def measured(build, options):
    """Runs the program, and answers all that compare.json holds."""
    neighbours = Neighbours()
    data = json_of(build / "bench/bench_compare", options, "build it with `./dev bench compare`")
    data["settings"]["neighbours"] = neighbours.cores()
    return {"machine": describe_machine(ROOT, build, data["settings"]["rounds"]),
            "settings": data["settings"], "peers": data["peers"],
            "engines": data["engines"], "records": gather(data)}


def figure_for(figures, panel, engine):
    if panel.key == "written":
        return figures.cost(WRITTEN, engine)
    if panel.key == "disk":
        return figures.cost(DISK, engine)
    if panel.key.startswith("p99 "):
        return figures.metric(panel.key.removeprefix("p99 "), engine, "p99_us")
    return figures.speed(panel.key, engine)


def charts_of(data):
    """By file name, the SVG of each chart for which something was measured."""
    figures = Figures(data, VALUE_BYTES)
    charts = {}
    for each in CHARTS:
        panels = {}
        for panel in each.panels:
            found = {model.key: figure_for(figures, panel, model.key) for model in MODELS}
            panels[panel.key] = {key: figure for key, figure in found.items() if figure}
        if all(panels.values()):
            charts[each.key + ".svg"] = chart.draw_chart(each, MODELS, panels,
                                                         foot_of(data["machine"]))
    return charts


def with_table(readme, data):
    """README with the table of these figures between its two marks."""
    before, mark, rest = readme.partition(README_BEGIN)
    _, end, after = rest.partition(README_END)
    if not mark or not end:
        raise ReportError(f"README.md has no line {README_BEGIN.strip()}, or none that ends it: "
                          "put both where the table belongs")
    table = tables.speed_table(Figures(data, VALUE_BYTES))
    costs = tables.cost_table(Figures(data, VALUE_BYTES))
    return f"{before}{mark}\n{table}\n\n{costs}\n\n{tables.origin_of(data)}\n\n{end}{after}"


def load(path):
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ReportError(f"{path} is not there: `./dev bench compare` makes it") from error
    except json.JSONDecodeError as error:
        raise ReportError(f"{path} is no JSON ({error}): {AGAIN}") from error
    check(data)
    return data


def text_of(data):
    """JSON with a line for each row of each engine."""
    head = {key: value for key, value in data.items() if key != "records"}
    sizes = []
    for size, rows in data["records"].items():
        lines = [f"  {json.dumps(row)}: {{\n" + ",\n".join(
            f"   {json.dumps(engine)}: {json.dumps(record)}"
            for engine, record in engines.items()) + "}" for row, engines in rows.items()]
        sizes.append(f" {json.dumps(size)}: {{\n" + ",\n".join(lines) + "}")
    return json.dumps(head, indent=1)[:-2] + ',\n "records": {\n' + ",\n".join(sizes) + "}\n}\n"


def draw(folder, readme):
    data = load(folder / "compare.json")
    for name, svg in charts_of(data).items():
        (folder / name).write_text(svg, encoding="utf-8")
        say(f"== drew {folder / name}")
    (folder / "compare.md").write_text(tables.report_of(data), encoding="utf-8")
    if readme is not None:
        readme.write_text(with_table(readme.read_text(encoding="utf-8"), data), encoding="utf-8")
    for size in data["records"]:
        figures = Figures(data, size)
        print(f"{size}-byte values\n\n{tables.speed_table(figures)}\n\n"
              f"{tables.cost_table(figures)}\n")
        for line in tables.missed_goals(figures):
            print(f"missed: {line}")
        print()
    say(f"== all of it: {folder / 'compare.md'}")


def main(arguments):
    parser = argparse.ArgumentParser(prog="compare.py", description=__doc__.split("\n")[0])
    parser.add_argument("--draw", action="store_true", help="measures nothing")
    parser.add_argument("--quick", action="store_true", help="one small round: for a check")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/gcc-release")
    parser.add_argument("--charts", type=pathlib.Path, help="where all of it goes")
    options, others = parser.parse_known_args(arguments)
    is_trial = options.quick or bool(others)
    folder = options.charts or ROOT / ("build/compare-report" if is_trial else "docs/charts")
    if not options.draw:
        data = measured(options.build, QUICK * options.quick + others)
        check(data)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "compare.json").write_text(text_of(data), encoding="utf-8")
    draw(folder, ROOT / "README.md" if folder.resolve() == ROOT / "docs/charts" else None)


if __name__ == "__main__":
    run_report("compare", lambda: main(sys.argv[1:]))
