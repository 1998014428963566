# SPDX-License-Identifier: BSL-1.0
"""What reports of benchmarks share: running a program, and saying on which machine it ran."""

import datetime
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

MACHINE = {"cpu": str, "cores": int, "virtual": bool, "compiler": str, "commit": str, "date": str,
           "rounds": int}


class ReportError(Exception):
    """Says what is wrong and what to do about it."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_report(name, main):
    """Runs `main()`; what it can not do it says in a line, as the report `name`."""
    try:
        main()
    except ReportError as error:
        sys.exit(f"{name}: {error}")


def write_page(path, lines):
    """A page of a report: into its file, and for who watches."""
    text = "\n".join(lines)
    path.write_text(text, encoding="utf-8")
    say(f"wrote {path}")
    print(text)


def output_of(command, fix):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ReportError(f"{command[0]} does not start ({error.strerror}): {fix}") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise ReportError(f"{command[0]} failed with {done.returncode}: {last}; {fix}")
    return done.stdout


def json_of(program, options, fix):
    """What a program writes to the file behind `--json`. It says meanwhile how far it is."""
    with tempfile.TemporaryDirectory() as folder:
        raw = pathlib.Path(folder) / "raw.json"
        try:
            done = subprocess.run([program, "--json", raw, *options], check=False)
        except OSError as error:
            raise ReportError(f"{program} does not start ({error.strerror}): {fix}") from error
        if done.returncode != 0 or not raw.exists():
            raise ReportError(f"{program} failed with {done.returncode}; see what it said above")
        return json.loads(raw.read_text(encoding="utf-8"))


def rounded(value):
    return float(f"{value:.6g}")


def first_line(command):
    lines = output_of(command, "install it").splitlines()
    return lines[0] if lines else ""


def compiler_of(build):
    cache = build / "CMakeCache.txt"
    if not cache.exists():
        return "unknown"
    for line in cache.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.startswith("CMAKE_CXX_COMPILER:"):
            return f"{pathlib.Path(value).name} {first_line([value, '-dumpfullversion'])}"
    return "unknown"


def describe_machine(root, build, rounds):
    cpu, virtual = platform.processor() or platform.machine(), False
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                cpu = value.strip()
            virtual = virtual or (name.strip() == "flags" and "hypervisor" in value.split())
    return {"cpu": cpu, "cores": os.cpu_count(), "virtual": virtual,
            "compiler": compiler_of(build),
            "commit": first_line(["git", "-C", str(root), "rev-parse", "--short=10", "HEAD"]),
            "date": datetime.date.today().isoformat(), "rounds": rounds}


def foot_of(machine):
    rounds = "1 round" if machine["rounds"] == 1 else f"{machine['rounds']} rounds"
    return (f"{machine['cpu']}, {machine['cores']} {'virtual ' * machine['virtual']}cores \u00b7 "
            f"{machine['compiler']} \u00b7 {rounds} \u00b7 commit {machine['commit']} \u00b7 "
            f"{machine['date']}")


def figure_of(values):
    """The median of all rounds, and the least and the most."""
    return {"median": rounded(statistics.median(values)), "low": rounded(min(values)),
            "high": rounded(max(values))}


def is_figure(value):
    return (isinstance(value, (int, float)) and not isinstance(value, bool) and
            math.isfinite(value) and value >= 0)
