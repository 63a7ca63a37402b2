"""What a training update would take on 2 to 256 ranks, from measured times of computing and of messages.

    distill stage1 news.yaml --set threads=1 --set stage1.parts=4    # for several numbers of parts: seconds of an update by them
    mpirun -n 2 distill check news.yaml                              # seconds of an exchange, bytes of gradients
    python3 Benchmarks/many_ranks.py --part 16=8.1 --part 4=2.2 --part 1=0.7 --bytes 19.5e6 --gbit 25 --latency 50e-6

A part is what one rank computes for an update; with `parts` set to the number of ranks each has one. A rank that has fewer items
computes them in smaller matrices, so that times of parts are measured and not divided: between two sizes they lie on a line. An
update then takes, as in `distill check`, its part, three exchanges of nothing, and twice the gradients over the line, but for the
rank's own slice. What `distill check` leaves out is asked for: `--message`, what each message to one other rank costs besides,
three a rank in an update, and `--apart`, what two ranks are found to take besides: gradients are packed and added up, and ranks
wait for the slowest.

Two ways to use more ranks are shown: the same update dealt out, which gives the bytes of one rank, and an update that grows with
the ranks, which trains something else: each rank keeps the largest part. Speed is in items a second over that of one rank.
"""

import argparse


def seconds_of(parts, items):
    """Of a part with so many items, on the lines between those that were measured."""
    known = sorted(parts.items())
    if items <= known[0][0]:
        return known[0][1]
    for (few, short), (many, long) in zip(known, known[1:]):
        if items <= many:
            return short + (long - short) * (items - few) / (many - few)
    # Beyond the largest, as fast as that one.
    return known[-1][1] * items / known[-1][0]


def update(options, items, ranks):
    """Seconds of an update of which the busiest rank has so many items."""
    computing = seconds_of(options.part, items) + options.rest
    if ranks == 1:
        return computing
    sent = 2 * options.bytes * (ranks - 1) / ranks
    latency = 3 * (options.latency + (ranks - 1) * options.message)
    return computing + options.apart + latency + sent / (options.gbit * 1e9 / 8)


def table(options, title, items_of, batch_of):
    one = batch_of(1) / update(options, items_of(1), 1)
    print(f"{title}\n  ranks  items a rank   an update    besides   speed-up   of the ranks")
    lines = []
    ranks = 1
    while ranks <= options.most:
        taken = update(options, items_of(ranks), ranks)
        alone = update(options, items_of(ranks), 1)
        speed = batch_of(ranks) / taken / one
        lines.append((ranks, speed))
        print(
            f"  {ranks:5}  {items_of(ranks):12}  {taken * 1e3:8.2f} ms  {(taken - alone) / taken:8.1%}  {speed:9.2f}  "
            f"{speed / ranks:12.0%}"
        )
        ranks *= 2
    best = max(lines, key=lambda line: line[1])
    paying = [ranks for ranks, speed in lines if speed >= ranks / 2]
    print(f"  half of the ranks' time is used up to {paying[-1]} ranks; fastest with {best[0]}, {best[1]:.2f} times one\n")
    return lines


def part(text):
    items, seconds = text.split("=")
    return int(items), float(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", type=part, action="append", required=True, metavar="ITEMS=SECONDS")
    parser.add_argument("--rest", type=float, default=0, help="seconds of an update that every rank spends: the optimiser")
    parser.add_argument("--apart", type=float, default=0, help="seconds that several ranks take for it besides")
    parser.add_argument("--batch", type=int, help="items of an update; the largest part's without it")
    parser.add_argument("--bytes", type=float, required=True, help="of the gradients")
    parser.add_argument("--gbit", type=float, required=True, help="the line's, in 10^9 bits a second")
    parser.add_argument("--latency", type=float, required=True, help="seconds of an exchange of nothing")
    parser.add_argument("--message", type=float, default=0, help="seconds that each message costs a rank besides")
    parser.add_argument("--most", type=int, default=256, help="ranks")
    options = parser.parse_args()
    options.part = dict(options.part)
    batch = options.batch or max(options.part)
    largest = max(options.part)
    table(options, f"the same update of {batch} items", lambda n: -(-batch // n), lambda n: batch)
    table(options, f"an update of {largest} items a rank", lambda n: largest, lambda n: largest * n)


main()
