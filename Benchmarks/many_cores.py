"""How a step that ran on one thread would take on more, from the times of its tasks.

    distill bench --model FOLDER --job sft --threads 32 --task-times 32.txt
    python3 Benchmarks/many_cores.py --binary .build/release/distill 32.txt

`--threads` says how many threads the work is cut for, so each number wants a file of its own; several files print one line
each. What a job takes is simulated as the pool works: each thread takes the next task of the list when it has ended one.
Serial parts are taken as they were. A job that several threads share costs `--start` nanoseconds and `--thread` for each
thread besides. What is not simulated: memory that all threads share, and clocks that fall as more cores work.

Jobs of one kind, such as those of a model's layers, are given the median times of all of them, so that one interrupt does
not count as a long task.
"""

import argparse
import bisect
import collections
import heapq
import re
import statistics
import subprocess


def read(path):
    jobs = []
    for line in open(path):
        head, tasks = line.split("|")
        gap, count, *code = head.split()
        jobs.append((float(gap), tuple(int(at, 16) for at in code), [float(time) for time in tasks.split()]))
    return jobs


def quiet(jobs):
    """The same jobs with the median times of those of their kind: of the same code and number of tasks."""
    kinds = collections.defaultdict(list)
    for gap, code, tasks in jobs:
        kinds[code, len(tasks)].append((gap, tasks))
    medians = {
        kind: (statistics.median(gap for gap, _ in some), [statistics.median(t) for t in zip(*(t for _, t in some))])
        for kind, some in kinds.items()
    }
    return [(medians[code, len(tasks)][0], code, medians[code, len(tasks)][1]) for _, code, tasks in jobs]


def shared(tasks, threads, costs):
    """Nanoseconds of a job."""
    if threads == 1 or len(tasks) == 1:
        return sum(tasks)
    ends = [0.0] * min(threads, len(tasks))
    for task in tasks:
        heapq.heapreplace(ends, ends[0] + task)
    return max(ends) + costs.start + costs.thread * threads


class Names:
    """What the program's addresses are called."""

    def __init__(self, binary):
        lines = subprocess.run(["nm", "--defined-only", binary], capture_output=True, text=True, check=True).stdout
        self.symbols = sorted((int(p[0], 16), p[2]) for p in map(str.split, lines.splitlines()) if len(p) == 3)

    def of(self, code, most=4):
        names = [self.symbols[max(0, bisect.bisect_right(self.symbols, (at, "~")) - 1)][1] for at in code]
        plain = subprocess.run(["swift", "demangle", "--compact", "--simplified", *names], capture_output=True, text=True)
        # Closures are called what their function is.
        plain = [re.sub(r"^.*(closure|thunk|witness)\b.*? (in|for) ", "", n) for n in plain.stdout.splitlines()]
        dull = re.compile(r"parallel\b|with(Scalars|Elements|Pointers)|init\(shape|mutateScalars|^closure")
        plain = list(dict.fromkeys(re.sub(r"\(.*", "", n) for n in plain if not dull.search(n)))
        return " < ".join(plain[:most])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", help="what --task-times wrote, each for the number in its name's end")
    parser.add_argument("--binary", help="the program that wrote them: names the jobs that cost most")
    parser.add_argument("--most", type=int, default=8, help="how many jobs are named for each file")
    parser.add_argument("--start", type=float, default=1000, help="nanoseconds that a shared job costs")
    parser.add_argument("--thread", type=float, default=60, help="and for each thread")
    costs = parser.parse_args()
    names = Names(costs.binary) if costs.binary else None
    whole = None
    for path in costs.files:
        threads = int(re.findall(r"\d+", path)[-1])
        jobs = quiet(read(path))
        serial = sum(gap for gap, _, _ in jobs)
        work = serial + sum(sum(tasks) for _, _, tasks in jobs)
        whole = whole or work  # the first file's, which is that of the fewest threads
        time = serial + sum(shared(tasks, threads, costs) for _, _, tasks in jobs)
        print(
            f"{threads:3} threads: {time / 1e6:8.1f} ms, {whole / time:5.1f} x, efficiency {whole / time / threads:4.0%}; "
            f"{work / 1e6:.0f} ms of work, {serial / 1e6:.1f} serial, {len(jobs)} jobs, "
            f"{sum(len(t) for _, _, t in jobs)} tasks"
        )
        lost = collections.defaultdict(lambda: [0.0, 0.0, 0, []])
        for gap, code, tasks in jobs:
            of = lost[code, len(tasks)]
            of[0] += shared(tasks, threads, costs) - sum(tasks) / threads
            of[1] += gap * (1 - 1 / threads)
            of[2:] = of[2] + 1, tasks
        worst = sorted(lost.items(), key=lambda item: -item[1][0] - item[1][1])[: costs.most]
        for (code, count), (waited, before, times, tasks) in worst:
            print(
                f"    {waited / 1e6:6.2f} ms waited, {before / 1e6:6.2f} before; {times} x {count} tasks of at most "
                f"{max(tasks) / 1e3:.0f} us{': ' + names.of(code) if names else ''}"
            )


main()
