#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The models of each slot beside each other: measured into one JSON, drawn from it as SVG.

    components.py run  [--quick]   runs the built benchmarks, writes docs/charts/components.json
    components.py draw             draws docs/charts/<slot>.svg from it
    components.py      [--quick]   both

What is measured and drawn says slots.py.
"""

import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks/report"))

import chart  # noqa: E402
import measure  # noqa: E402
from machine import MACHINE, ReportError, foot_of, is_figure, run_report, say  # noqa: E402
from slots import SLOTS  # noqa: E402

AGAIN = "run `./dev bench components` again"


def check_keys(where, found, known, needed):
    """`found` is an object that has the keys `needed`, and no other than `known`."""
    if not isinstance(found, dict):
        raise ReportError(f"{where} is no object: {AGAIN}")
    for key in found:
        if key not in known:
            raise ReportError(f"{where} has an unknown '{key}': {AGAIN}, or add it to "
                              "benchmarks/components/slots.py")
    for key in needed:
        if key not in found:
            raise ReportError(f"{where} has no '{key}': {AGAIN}")


def check_figure(where, figure):
    names = ("low", "median", "high")
    check_keys(where, figure, names, names)
    values = [figure[name] for name in names]
    if not all(map(is_figure, values)):
        raise ReportError(f"{where} has a figure that is no number from 0 up: {AGAIN}")
    if values != sorted(values):
        raise ReportError(f"{where} has a median outside of its bounds: {AGAIN}")


def models_of(slot, panels):
    """The models of a slot that were measured: all but optional ones that no panel has."""
    return [model for model in slot.models
            if not model.optional or any(model.key in figures for figures in panels.values())]


def check(data):
    """Everything is there that a chart shows, and nothing else."""
    check_keys("components.json", data, ("machine", "slots"), ("machine", "slots"))
    check_keys("machine", data["machine"], MACHINE, MACHINE)
    for name, kind in MACHINE.items():
        if not isinstance(data["machine"][name], kind):
            raise ReportError(f"machine '{name}' is no {kind.__name__}: {AGAIN}")
    keys = [slot.key for slot in SLOTS]
    check_keys("slots", data["slots"], keys, keys)
    for slot in SLOTS:
        panels = data["slots"][slot.key]
        keys = [panel.key for panel in slot.panels]
        check_keys(f"slot '{slot.key}'", panels, keys, keys)
        for panel in slot.panels:
            where = f"slot '{slot.key}', panel '{panel.key}'"
            known = [model.key for model in slot.models if panel.has(model)]
            check_keys(where, panels[panel.key], known, ())
            needed = [model.key for model in models_of(slot, panels) if panel.has(model)]
            check_keys(where, panels[panel.key], known, needed)
            for key, figure in panels[panel.key].items():
                check_figure(f"{where}, model '{key}'", figure)


def charts_of(data):
    """By file name, the SVG of each slot."""
    check(data)
    foot = foot_of(data["machine"])
    return {slot.key + ".svg": chart.draw_chart(slot, models_of(slot, data["slots"][slot.key]),
                                                data["slots"][slot.key], foot) for slot in SLOTS}


def load(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ReportError(f"{path} is not there: `components.py run` makes it") from error
    except json.JSONDecodeError as error:
        raise ReportError(f"{path} is no JSON ({error}): {AGAIN}") from error


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="components.py", description=__doc__.split("\n")[0])
    parser.add_argument("step", nargs="?", choices=("run", "draw", "both"), default="both")
    parser.add_argument("--quick", action="store_true", help="one short round: for a check")
    parser.add_argument("--rounds", type=int, default=3, help="how often all is run (3)")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/gcc-release/bench",
                        help="where the benchmarks are")
    parser.add_argument("--charts", type=pathlib.Path, default=ROOT / "docs/charts",
                        help="where components.json and the charts go")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds: 1 or more")
    return options


def main(arguments):
    options = parse_arguments(arguments)
    path = options.charts / "components.json"
    if options.step != "draw":
        rounds, min_seconds = (1, 0.1) if options.quick else (options.rounds, 0.25)
        data = measure.measure(ROOT, options.programs, rounds, min_seconds)
        check(data)
        options.charts.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    if options.step != "run":
        for name, svg in charts_of(load(path)).items():
            (options.charts / name).write_text(svg, encoding="utf-8")
            say(f"== drew {options.charts / name}")


if __name__ == "__main__":
    run_report("components", lambda: main(sys.argv[1:]))
