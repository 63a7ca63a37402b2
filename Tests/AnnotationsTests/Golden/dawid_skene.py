"""What DawidSkeneTests.swift expects of tables with few votes: Python 3 without packages, from the formulas alone.

An item with votes v has the likelihood sum over k of share(k) prod over t of confusion(t, k, v(t)). Expectation maximisation climbs the
sum of its logarithms, plus those of the priors: 0.01 log share(k) for each label, 3/4 log confusion(t, k, k) and
1/4 log confusion(t, k, l), divided by the number of other labels, for each teacher and label (Raykar et al. 2010 for two labels).
"""
import math


def fit(teachers, labels, rows):
    K = range(len(labels))
    counts = [[0.75 if k == l else 0.25 / (len(labels) - 1) for l in K] for k in K]
    votes = [{t: labels.index(label) for t, label in row.items()} for row in rows]
    chances = [[sum(v == k for v in row.values()) / len(row) for k in K] for row in votes]
    before = -math.inf
    while True:
        shares = [0.01 + sum(chance[k] for chance in chances) for k in K]
        shares = [share / sum(shares) for share in shares]
        confusion = {}
        for t in teachers:
            for k in K:
                row = [counts[k][l] + sum(c[k] for c, v in zip(chances, votes) if v.get(t) == l) for l in K]
                confusion[t, k] = [count / sum(row) for count in row]
        joint = [[shares[k] * math.prod(confusion[t, k][v] for t, v in row.items()) for k in K] for row in votes]
        objective = sum(math.log(sum(row)) for row in joint) + sum(0.01 * math.log(share) for share in shares)
        objective += sum(counts[k][l] * math.log(confusion[t, k][l]) for t in teachers for k in K for l in K)
        assert objective >= before - 1e-12, "it climbs"
        chances = [[value / sum(row) for value in row] for row in joint]
        if objective - before < 1e-13:
            break
        before = objective
    right = {t: [c[v[t]] for c, v in zip(chances, votes) if t in v] for t in teachers}
    accuracies = {t: sum(values) / len(values) for t, values in right.items()}
    return chances, accuracies, confusion


def lone(agreed, truth):
    """a and b label items alike, c as many of the "no" among them, and c alone one more."""
    rows = [{"a": label, "b": label} for label in truth]
    for row in [row for row in rows if row["a"] == "no"][:agreed]:
        row["c"] = "no"
    return rows + [{"c": "no"}]


for agreed in (0, 1, 8):
    chances, accuracies, confusion = fit("abc", ["no", "yes"], lone(agreed, ["yes", "yes", "yes", "no", "no"] * 4))
    print(agreed, "agreed:", *[f"{x:.6f}" for x in (chances[-1][0], accuracies["c"], *confusion["c", 1])])

# Three labels, of which c gives one alone, and a conflict.
rows = [{"a": l, "b": l, "c": "z"} if l == "z" else {"a": l, "b": l} for l in "xyzxyzxyz"]
chances, accuracies, confusion = fit("abc", ["x", "y", "z"], rows + [{"a": "x", "b": "y", "c": "z"}, {"c": "z"}])
print("three:", *[f"{x:.6f}" for x in (*chances[-2], *chances[-1], *accuracies.values())])
