# SPDX-License-Identifier: BSL-1.0
"""Runs the component benchmarks, and takes from them the figures that the charts show.

The programs run one after the other, and that again in each round: so a busy spell of the machine
hits a few figures of one round, not all of one model's, and medians get over it.
"""

import json
import time

from machine import ReportError, describe_machine, figure_of, output_of, say
from slots import SLOTS

SIMULATED = {"compaction"}  # programs of their own, with the same figures each time


def rows_of_table(text):
    """The rows of a table in Markdown, by their first cell without its ticks."""
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")]
             for line in text.splitlines() if line.startswith("|") and "---" not in line]
    head, rows = lines[0], lines[1:]
    return {row[0].replace("`", ""): dict(zip(head[1:], map(float, row[1:]))) for row in rows}


def results_of_json(text):
    results = {}
    for result in json.loads(text)["benchmarks"]:
        if result.get("error_occurred"):
            say(f"   {result['name']} failed: {result['error_message']}")
        else:
            results[result["name"]] = result
    return results


def run_program(programs, program, benchmarks, min_seconds):
    """The results of one program, by the names of its benchmarks."""
    path = str(programs / f"bench_{program}")
    fix = "build the benchmarks with `./dev bench`"
    if program in SIMULATED:
        return rows_of_table(output_of([path], fix))
    return results_of_json(output_of(
        [path, "--benchmark_format=json", f"--benchmark_min_time={min_seconds}",
         f"--benchmark_filter=^({'|'.join(benchmarks)})$"], fix))


def wanted_benchmarks():
    """By program, the benchmarks that some panel shows."""
    wanted = {}
    for slot in SLOTS:
        for panel in slot.panels:
            for model in filter(panel.has, slot.models):
                names = wanted.setdefault(panel.program, [])
                if panel.benchmark_of(model) not in names:
                    names.append(panel.benchmark_of(model))
    return wanted


def run_rounds(programs, rounds, min_seconds):
    """By program, a list with the results of each round."""
    results = {}
    for number in range(1, rounds + 1):
        for program, benchmarks in wanted_benchmarks().items():
            if program in SIMULATED and number > 1:
                continue
            start = time.monotonic()
            say(f"== round {number} of {rounds}: bench_{program}, {len(benchmarks)} benchmarks")
            results.setdefault(program, []).append(
                run_program(programs, program, benchmarks, min_seconds))
            say(f"   {time.monotonic() - start:.0f} s")
    return results


def figures_of_panel(slot, panel, rounds):
    figures = {}
    for model in filter(panel.has, slot.models):
        name = panel.benchmark_of(model)
        found = [results[name] for results in rounds if name in results]
        if len(found) < len(rounds):
            if model.optional:
                say(f"   left out: {slot.key}, {panel.key}: {model.title}")
                continue
            raise ReportError(f"bench_{panel.program} has no result for {name}: build it "
                              "again, or correct benchmarks/components/slots.py")
        values = [panel.figure(result, model.key) for result in found]
        figures[model.key] = figure_of(values)
    return figures


def figures_of(results):
    """By slot, panel and model: the median of all rounds, and the least and the most."""
    return {slot.key: {panel.key: figures_of_panel(slot, panel, results[panel.program])
                       for panel in slot.panels} for slot in SLOTS}


def measure(root, programs, rounds, min_seconds):
    """All that components.json holds."""
    machine = describe_machine(root, programs.parent, rounds)
    return {"machine": machine, "slots": figures_of(run_rounds(programs, rounds, min_seconds))}
