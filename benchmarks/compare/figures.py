# SPDX-License-Identifier: BSL-1.0
"""From the rows of all rounds to medians, spreads and ratios.

The data: `records[value bytes][row][engine]` has `operations` and, for each metric, a list with
one figure for each round.
"""

from machine import ReportError, figure_of, is_figure
from rows import DISK, ENGINES, MEMORY, METRICS, OURS, WRITING_ROWS, WRITTEN

AGAIN = "run `./dev bench compare` again"


def gather(raw):
    """The records, from what bench_compare wrote."""
    records = {}
    for row in raw["rows"]:
        engines = records.setdefault(str(row["value_bytes"]), {}).setdefault(row["row"], {})
        record = engines.setdefault(row["engine"], {
            "operations": row["operations"], **{metric: [] for metric in METRICS}})
        for metric in METRICS:
            record[metric].append(row[metric])
    return records


def check(data):
    """Everything is there, once for each engine and round."""
    for key in ("machine", "settings", "peers", "engines", "records"):
        if key not in data:
            raise ReportError(f"compare.json has no '{key}': {AGAIN}")
    rounds = data["machine"]["rounds"]
    for size, rows in data["records"].items():
        for row, engines in rows.items():
            for engine, record in engines.items():
                where = f"'{row}' of {engine} with {size}-byte values"
                if engine not in ENGINES:
                    raise ReportError(f"{where}: an unknown engine: {AGAIN}, or add it to "
                                      "benchmarks/compare/rows.py")
                for metric in METRICS:
                    values = record.get(metric, [])
                    if len(values) != rounds or not all(map(is_figure, values)):
                        raise ReportError(f"{where} has not {rounds} figures for '{metric}': "
                                          f"{AGAIN}")


class Figures:
    """What the reports show of the records with one size of values."""

    def __init__(self, data, value_bytes):
        self.rows = data["records"].get(str(value_bytes), {})
        self.engines = [name for name in ENGINES
                        if any(name in engines for engines in self.rows.values())]
        self.lsm = {engine["name"] for engine in data["engines"] if engine["is_lsm"]}

    def speed(self, row, engine):
        """Thousand operations a second; None where it was not measured."""
        record = self.rows.get(row, {}).get(engine)
        if record is None:
            return None
        return figure_of([record["operations"] / max(seconds, 1e-9) / 1000
                          for seconds in record["seconds"]])

    def metric(self, row, engine, metric, scale=1.0):
        record = self.rows.get(row, {}).get(engine)
        return None if record is None else figure_of([value * scale for value in record[metric]])

    def per_operation(self, row, engine, metric, scale=1.0):
        record = self.rows.get(row, {}).get(engine)
        if record is None:
            return None
        return self.metric(row, engine, metric, scale / record["operations"])

    def cost(self, cost, engine):
        records = [self.rows.get(row, {}).get(engine) for row in WRITING_ROWS]
        if None in records:
            return None
        settled = records[-1]
        if cost == MEMORY:
            return figure_of([value / 2**20 for value in settled["peak_memory_bytes"]])
        if cost == DISK:
            return figure_of([value / settled["operations"] for value in settled["disk_bytes"]])
        assert cost == WRITTEN
        written = [sum(values) for values in zip(*(r["disk_bytes_written"] for r in records))]
        operations = sum(record["operations"] for record in records[:-1])
        return figure_of([value / operations for value in written])

    def ratio(self, figure_for, less=False, lsm_only=False):
        """Ours to the best peer's, by medians; None where either is missing."""
        ours = figure_for(OURS)
        peers = [figure_for(engine)["median"] for engine in self.engines
                 if engine != OURS and (engine in self.lsm or not lsm_only) and
                 figure_for(engine) is not None]
        if ours is None or not peers:
            return None
        best = min(peers) if less else max(peers)
        return ours["median"] / best if best > 0 else None


def spread_of(figure):
    """The greater distance from the median, as a share of it."""
    if figure["median"] == 0:
        return 0.0
    return max(figure["high"] - figure["median"], figure["median"] - figure["low"]) / \
        figure["median"]
