# SPDX-License-Identifier: BSL-1.0
"""The comparison as tables in Markdown."""

from chart import value_text
from figures import Figures, spread_of
from machine import foot_of
from rows import DISK, MEMORY, OURS, ROWS, WRITTEN


def cell(figure, with_spread=True):
    if figure is None:
        return "\u2013"
    text = value_text(figure["median"], 2)
    spread = round(100 * spread_of(figure))
    return f"{text} \u00b1{spread} %" if with_spread and spread > 0 else text


def table(head, lines):
    rule = "|" + "---|" * len(head)
    return "\n".join(["| " + " | ".join(head) + " |", rule,
                      *("| " + " | ".join(line) + " |" for line in lines)])


def ratio_text(ratio):
    return "\u2013" if ratio is None else f"{ratio:.2f}"


def speed_table(figures):
    lines = []
    for row in ROWS:
        if row.name not in figures.rows:
            continue
        ratio = figures.ratio(lambda e, r=row: figures.speed(r.name, e), lsm_only=row.lsm_only)
        goal = "" if row.goal is None else f"{row.goal:g}" + " (LSM)" * row.lsm_only
        lines.append([row.name, *(cell(figures.speed(row.name, e)) for e in figures.engines),
                      ratio_text(ratio), goal])
    return table(["thousand operations / s", *figures.engines, "strata / best peer", "goal"], lines)


def latency_table(figures, metric, title):
    """Microseconds; less is better, and the goal is not to be above the best peer."""
    lines = []
    for row in ROWS:
        if row.name in figures.rows and row.has_latency:
            ratio = figures.ratio(lambda e, r=row: figures.metric(r.name, e, metric), less=True)
            lines.append([row.name, *(cell(figures.metric(row.name, e, metric))
                                      for e in figures.engines), ratio_text(ratio)])
    return table([title, *figures.engines, "strata / best peer"], lines)


def processor_table(figures):
    lines = []
    for row in ROWS:
        if row.name in figures.rows:
            def spent(engine, name=row.name):
                return figures.per_operation(name, engine, "cpu_seconds", 1e6)
            lines.append([row.name, *(cell(spent(e)) for e in figures.engines),
                          ratio_text(figures.ratio(spent, less=True))])
    return table(["processor \u00b5s / operation", *figures.engines, "strata / best peer"], lines)


def cost_table(figures):
    lines = []
    for cost in (WRITTEN, DISK, MEMORY):
        if figures.cost(cost, OURS) is None:
            continue
        ratio = figures.ratio(lambda e, c=cost: figures.cost(c, e), less=True, lsm_only=True)
        goal = "" if cost.goal is None else f"\u2264 {cost.goal:g}"
        lines.append([f"{cost.name}, {cost.unit}", *(cell(figures.cost(cost, e))
                                                     for e in figures.engines),
                      ratio_text(ratio), goal])
    return table(["fill random, overwrite, settle", *figures.engines, "strata / best LSM peer",
                  "goal"], lines)


def missed_goals(figures):
    """Lines that say which goals are not met, the furthest first."""
    missed = []
    for row in ROWS:
        ratio = figures.ratio(lambda e, r=row: figures.speed(r.name, e), lsm_only=row.lsm_only)
        if row.goal is not None and ratio is not None and ratio < row.goal:
            missed.append((ratio / row.goal, f"{row.name}: {ratio:.2f} of {row.goal:g}"))
        tail = figures.ratio(lambda e, r=row: figures.metric(r.name, e, "p99_us"), less=True)
        if row.goal is not None and row.has_latency and tail is not None and tail > 1:
            missed.append((1 / tail, f"{row.name}: p99 is {tail:.2f} x the best peer's"))
    for cost in (WRITTEN, DISK):
        ratio = figures.ratio(lambda e, c=cost: figures.cost(c, e), less=True, lsm_only=True)
        if ratio is not None and ratio > cost.goal:
            missed.append((cost.goal / ratio, f"{cost.name}: {ratio:.2f}, at most {cost.goal:g}"))
    one, sixteen = (figures.speed(f"fill synced, {threads}", OURS)
                    for threads in ("1 thread", "16 threads"))
    if one and sixteen and sixteen["median"] < 6 * one["median"]:
        gain = sixteen["median"] / one["median"]
        missed.append((gain / 6, f"fill synced: 16 threads make {gain:.1f} x one thread, not 6 x"))
    return [line for _, line in sorted(missed)]


def origin_of(data):
    """A sentence on where the figures are from, and what to think of them."""
    settings = data["settings"]
    text = (f"{settings['entries']} entries with 100-byte values, as many bytes with longer ones. "
            f"{foot_of(data['machine'])}.")
    if settings["neighbours"] > 0.1:
        text += (f" Others used {settings['neighbours']:.1f} cores meanwhile: good for a first "
                 "impression only.")
    return text


def report_of(data):
    """The whole page."""
    parts = ["# The engines beside each other", "",
             "Written by `./dev bench compare`; how it measures: [benchmarks/compare]"
             "(../../benchmarks/compare/engine.hpp).", "",
             f"{origin_of(data)} Medians of the rounds, and the greatest distance from them. "
             f"Peers built as: {data['peers']}.", ""]
    for engine in data["engines"]:
        parts += [f"- **{engine['name']}** {engine['version']}: {engine['configuration']}."]
    for size in data["records"]:
        figures = Figures(data, size)
        parts += ["", f"## {size}-byte values", "", speed_table(figures), "",
                  cost_table(figures), "",
                  latency_table(figures, "p50_us", "p50 \u00b5s"), "",
                  latency_table(figures, "p99_us", "p99 \u00b5s"), "",
                  latency_table(figures, "p999_us", "p99.9 \u00b5s"), "",
                  processor_table(figures)]
    return "\n".join(parts) + "\n"
