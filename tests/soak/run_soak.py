# SPDX-License-Identifier: BSL-1.0
"""Random tests with fresh seeds, round after round: `./dev soak [minutes]`.

Beside them an engine writes without an end, held to ceilings of memory, descriptors and disk. A
line a minute says how far it is. A violation prints the command that repeats it; all are counted,
and there is a non-zero exit in the end if there was one.
"""

import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import time

TAGS = ["--filenames-as-tags", "--warn", "NoTests"]


class Step:
    """One program, its environment, and what to add up from what it prints."""

    def __init__(self, name, program, arguments, environment, counts):
        self.name = name
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.counts = counts

    def replay(self):
        words = [f"{key}={value}" for key, value in self.environment.items()]
        quoted = [f"'{word}'" if "[" in word else word for word in self.arguments]
        return " ".join(words + [str(self.program)] + quoted)

    def start(self, out):
        return subprocess.Popen([self.program, *self.arguments], stdout=out, stderr=out,
                                env={**os.environ, **self.environment})

    def totals(self, text):
        flat = " ".join(text.split())
        return {what: sum(map(int, re.findall(pattern, flat)))
                for what, pattern in self.counts.items()}


def steps_of_round(build, seed):
    crash = build / "tests" / "strata_crash_test"
    pairwise = build / "tests" / "matrix" / "strata_pairwise_test"
    text = str(seed)
    return [
        Step("kill", crash, [*TAGS, "[#kill_test]"],
             {"STRATA_KILL_SEED": text, "STRATA_KILL_CYCLES": "600"},
             {"kills": r"kill -9: (\d+) cycles"}),
        Step("threads", crash, [*TAGS, "[threads]"], {"STRATA_THREADS_SEED": text},
             {"threaded tests": r"(\d+) test cases?\)"}),
        Step("crash", crash, [*TAGS, "[crash]"],
             {"STRATA_CRASH_SEED": text, "STRATA_CRASH_STATES": "5000"},
             {"crash states": r"(\d+) states,"}),
        Step("model", crash, [*TAGS, "[#random_operations_test]"],
             {"STRATA_MODEL_SEED": text, "STRATA_MODEL_OPERATIONS": "2000000"},
             {"model operations": r"(\d+) operations, \d+ reopenings"}),
        Step("compositions", pairwise, ["10000", text], {},
             {"model operations": r"pairs excluded, (\d+) operations"}),
    ]


class Soak:
    def __init__(self, build, seconds, logs):
        self.build = build
        self.start = time.monotonic()
        self.end = self.start + seconds
        self.logs = logs
        self.sums = {}
        self.violations = 0
        self.rounds = 0
        self.next_line = self.start + 60

    def run(self, seed):
        ceilings = self.ceilings()
        out = (self.logs / "ceilings.log").open("w+", encoding="utf-8")
        beside = ceilings.start(out)
        try:
            while time.monotonic() < self.end:
                self.round(seed + self.rounds)
                self.rounds += 1
            self.wait(beside, None)
        finally:
            beside.kill()
        self.judge(ceilings, beside.returncode, out)
        return self.violations

    def ceilings(self):
        seconds = max(1, int((self.end - self.start) / 2))  # of each of two engines
        return Step("ceilings", self.build / "tests" / "strata_lsm_test",
                    [*TAGS, "[ceilings]"], {"STRATA_CEILINGS_SECONDS": str(seconds)},
                    {"overwrites": r"ceilings: (\d+) writes"})

    def round(self, seed):
        for step in steps_of_round(self.build, seed):
            if time.monotonic() >= self.end:
                return
            with (self.logs / f"{step.name}.log").open("w+", encoding="utf-8") as out:
                process = step.start(out)
                if self.wait(process, self.end + 60):
                    self.judge(step, process.returncode, out)
                else:
                    process.kill()  # time is over: it says nothing either way
                    process.wait()

    def wait(self, process, until):
        """Whether it ended by itself."""
        while process.poll() is None:
            if until is not None and time.monotonic() > until:
                return False
            if time.monotonic() >= self.next_line:
                self.next_line += 60
                self.line(f"minute {int((time.monotonic() - self.start) / 60)}")
            time.sleep(0.2)
        return True

    def judge(self, step, code, out):
        out.seek(0)
        text = out.read()
        for what, count in step.totals(text).items():
            self.sums[what] = self.sums.get(what, 0) + count
        if step.name == "ceilings":
            print("\n".join(re.findall(r"ceilings: \d+ writes.*?\d+ descriptors",
                                       " ".join(text.split()))), flush=True)
        if code != 0:
            self.violations += 1
            kept = self.logs / f"violation-{self.violations}-{step.name}.log"
            kept.write_text(text, encoding="utf-8")
            print(f"VIOLATION in {step.name}: {kept}\n  replay: {step.replay()}", flush=True)

    def line(self, head):
        sums = ", ".join(f"{count} {what}" for what, count in sorted(self.sums.items()))
        print(f"{head}: {self.rounds} rounds, {sums or 'nothing counted yet'}, "
              f"{self.violations} violations", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1 << 30))
    arguments = parser.parse_args()
    logs = arguments.build / "soak"
    logs.mkdir(parents=True, exist_ok=True)
    print(f"soak: {arguments.minutes:g} minutes, first seed {arguments.seed}, logs in {logs}",
          flush=True)
    soak = Soak(arguments.build, arguments.minutes * 60, logs)
    violations = soak.run(arguments.seed)
    soak.line("soak")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
