# SPDX-License-Identifier: BSL-1.0
"""Runs programs of libFuzzer one after the other: `./dev fuzz [target] [seconds]`.

What a target learns is kept in <build>/corpus/<target>, what breaks it in
<build>/findings/<target>.
A target ends at its first finding. Exits with 1 if there was one.
"""

import argparse
import pathlib
import re
import subprocess
import sys

LIMITS = ["-malloc_limit_mb=64", "-rss_limit_mb=2048", "-timeout=5"]


def last_number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def fuzz(target, seconds, build, corpus):
    """One row of the table; prints where it stands while it runs."""
    learnt = build / "corpus" / target
    findings = build / "findings" / target
    learnt.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    program = build / "tests" / "fuzz" / f"fuzz_{target}"
    command = [program, *LIMITS, f"-max_total_time={seconds}", "-max_len=16384",
               "-print_final_stats=1", f"-artifact_prefix={findings}/", learnt, corpus / target]
    log = build / f"{target}.log"
    with log.open("w", encoding="utf-8", errors="replace") as out:
        status = subprocess.run(command, stdout=out, stderr=out, check=False).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    new = sorted(set(findings.iterdir()) - before)
    row = {"target": target,
           "executions": last_number(r"stat::number_of_executed_units:\s*(\d+)", text) or
                         last_number(r"#(\d+)\s", text),
           "edges": last_number(r"\bcov: (\d+)", text),
           "corpus": last_number(r"\bcorp: (\d+)", text),
           "findings": max(len(new), int(status != 0))}
    print(f"{target}: {row['executions']} executions, {row['edges']} edges, "
          f"{row['findings']} findings", flush=True)
    if status != 0:
        print("".join(f"  {line}\n" for line in text.splitlines()
                      if "ERROR" in line or "runtime error" in line or "does not hold" in line),
              end="")
        print(f"  the whole log: {log}")
    for path in new:
        print(f"  replay: {program} {' '.join(LIMITS)} {path}", flush=True)
    return row


def print_table(rows):
    columns = ["target", "executions", "edges", "corpus", "findings"]
    print(f"\n{columns[0]:<20}" + "".join(f"{name:>12}" for name in columns[1:]))
    for row in rows:
        print(f"{row['target']:<20}" + "".join(f"{row[name]:>12}" for name in columns[1:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    corpus = pathlib.Path(__file__).parent / "corpus"
    rows = []
    try:
        for target in options.targets:
            rows.append(fuzz(target, options.seconds, options.build.resolve(), corpus))
    finally:
        print_table(rows)
    return int(any(row["findings"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
