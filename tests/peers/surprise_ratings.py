"""Tunes scikit-surprise's SVD and SVD++ and measures them on a held-out file.

    python surprise_ratings.py train.jsonl test.jsonl --trials 12 --seed 1 [--models SVD,SVDpp]

Each trial draws constants, fits on nine tenths of the ratings of TRAIN and measures on the tenth; the best trial is
fitted again on all ratings of TRAIN and predicts those of TEST. One JSON object per model.
"""

import argparse
import json
import math
import random
import time

import numpy as np
from surprise import SVD, Dataset, Reader, SVDpp


def ratings_of(path):
    with open(path, encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    return [(e["user"], e["item"], float(e["rating"])) for e in events if "rating" in e]


def fit(model, constants, ratings, scale, seed):
    data = Dataset(Reader(rating_scale=scale))
    trainset = data.construct_trainset([(u, i, r, None) for u, i, r in ratings])
    return {"SVD": SVD, "SVDpp": SVDpp}[model](random_state=seed, **constants).fit(trainset)


def rmse(fitted, ratings):
    errors = [fitted.predict(u, i).est - r for u, i, r in ratings]
    return math.sqrt(np.mean(np.square(errors))), float(np.mean(np.abs(errors)))


def draw(stream):
    """Constants of a trial."""
    return {
        "n_factors": stream.choice([4, 6, 8, 12, 16, 24, 32, 48, 64]),
        "n_epochs": stream.randint(10, 60),
        "lr_all": 10 ** stream.uniform(math.log10(0.003), math.log10(0.02)),
        "reg_all": 10 ** stream.uniform(math.log10(0.01), math.log10(0.2)),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", default="SVD,SVDpp")
    arguments = parser.parse_args()
    train, test = ratings_of(arguments.train), ratings_of(arguments.test)
    # surprise's rates suit scales of a few stars: a longer scale is shortened, and the errors are stretched again.
    width = max(r for _, _, r in train) - min(r for _, _, r in train)
    unit = width / 5 if width > 10 else 1.0
    train = [(u, i, r / unit) for u, i, r in train]
    test = [(u, i, r / unit) for u, i, r in test]
    scale = (min(r for _, _, r in train), max(r for _, _, r in train))
    random.Random(arguments.seed).shuffle(train)
    tenth = len(train) // 10
    for model in arguments.models.split(","):
        stream = random.Random(arguments.seed)
        trials = []
        for _ in range(arguments.trials):
            constants = draw(stream)
            fitted = fit(model, constants, train[tenth:], scale, arguments.seed)
            trials.append((rmse(fitted, train[:tenth])[0], constants))
        best = min(trials, key=lambda trial: trial[0])
        start = time.time()
        fitted = fit(model, best[1], train, scale, arguments.seed)
        seconds = time.time() - start
        measured = rmse(fitted, test)
        print(json.dumps({"model": model, "trials": len(trials), "validation": unit * best[0],
                          "rmse": unit * measured[0], "mae": unit * measured[1], "seconds": round(seconds, 1), "constants": best[1]}), flush=True)


if __name__ == "__main__":
    main()
