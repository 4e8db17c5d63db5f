"""Tunes the implicit ALS of the package `implicit` on a file of "user item" lines, as mf_trials tunes Segue's.

    implicit_trials.py FILE [key=value ...]

Random constants, chosen by NDCG@10 of the items before the last, then the best ones on the last items with three
seeds. All items are ranked but a user's own; learned from is what comes before both, and users are folded in
again with all that precedes the target. trials=N (12), seed=N of the draws, choose=N users that trials are
compared on; factors, iterations, alpha and ridge, when named, are not drawn. Wants OPENBLAS_NUM_THREADS=1.
"""

import gzip
import sys
from collections import defaultdict

import numpy as np
import scipy.sparse
from implicit.cpu.als import AlternatingLeastSquares


def read(path):
    histories = defaultdict(list)
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as file:
        for line in file:
            user, item = line.split()
            histories[int(user)].append(int(item))
    return [items for _, items in sorted(histories.items()) if len(items) >= 3]


def matrix(sequences, items):
    """Users by items, each pair of a user and an item once."""
    sequences = [sorted(set(sequence)) for sequence in sequences]
    offsets = np.cumsum([0] + [len(sequence) for sequence in sequences])
    columns = np.concatenate(sequences).astype(np.int32)
    return scipy.sparse.csr_matrix(
        (np.ones(len(columns), np.float32), columns, offsets.astype(np.int32)), shape=(len(sequences), items)
    )


def ndcg(model, prefixes, targets):
    """NDCG@10 and HR@10; ties count at their mean rank, an own item never counts."""
    gains = hits = 0.0
    for first in range(0, len(targets), 500):
        part = prefixes[first : first + 500]
        wanted = np.array(targets[first : first + 500])
        users = model.recalculate_user(np.arange(part.shape[0]), part)
        scores = users @ model.item_factors.T
        own = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
        scores[own, part.indices] = -np.inf
        target = scores[np.arange(len(wanted)), wanted][:, None]
        rank = 1 + (scores > target).sum(1) + ((scores == target).sum(1) - 1) / 2
        rank[np.isneginf(target[:, 0])] = np.inf
        hits += (rank <= 10).sum()
        gains += (1 / np.log2(1 + rank[rank <= 10])).sum()
    return gains / len(targets), hits / len(targets)


def main():
    named = {key: float(value) for key, value in (argument.split("=") for argument in sys.argv[2:])}
    random = np.random.default_rng(int(named.get("seed", 1)))
    histories = read(sys.argv[1])
    items = 1 + max(max(history) for history in histories)
    learned = matrix([history[:-2] for history in histories], items)
    choose = min(len(histories), int(named.get("choose", 6000)))
    sample = [h for h in range(len(histories)) if h * choose // len(histories) != (h - 1) * choose // len(histories)]
    before_last = learned[sample], [histories[h][-2] for h in sample]
    last = matrix([history[:-1] for history in histories], items), [history[-1] for history in histories]

    def measure(constants, seed, held):
        confidence = learned.copy()
        confidence.data[:] = constants["alpha"]
        model = AlternatingLeastSquares(
            factors=constants["factors"],
            regularization=constants["ridge"],
            iterations=constants["iterations"],
            num_threads=2,
            random_state=seed,
        )
        model.fit(confidence, show_progress=False)
        prefixes = held[0].copy()
        prefixes.data[:] = constants["alpha"]
        value, hits = ndcg(model, prefixes, held[1])
        print(f"HR@10 {hits:.4f} NDCG@10 {value:.4f}", constants, flush=True)
        return value

    best, highest = None, -1.0
    for _ in range(int(named.get("trials", 12))):
        constants = {
            "factors": int(random.choice([64, 96, 128])),
            "iterations": int(random.choice([8, 12, 16])),
            "alpha": float(np.exp(random.uniform(np.log(1), np.log(100)))),
            "ridge": float(np.exp(random.uniform(np.log(0.01), np.log(300)))),
        }
        for key, value in constants.items():
            constants[key] = type(value)(named.get(key, value))
        value = measure(constants, 1, before_last)
        if value > highest:
            best, highest = constants, value
    for seed in (1, 2, 3):
        print(f"test, seed {seed}:", end=" ")
        measure(best, seed, last)


if __name__ == "__main__":
    main()
