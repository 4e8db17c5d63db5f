"""Tunes segue's factorisation of ratings as surprise_ratings.py tunes its models: 8 trials of three methods are as many
trainings as 12 trials of two models.

    python tune_ratings.py SEGUE train.jsonl test.jsonl --trials 8 --seed 1 [--method auto]

Each trial draws constants and runs `segue reindex --models rating`, which holds back a tenth of the ratings, finds the
best epoch on them and trains again on all; the trial with the smallest RMSE on its held-back ratings predicts TEST.
"""

import argparse
import json
import math
import pathlib
import random
import subprocess
import tempfile


def draw(stream):
    """Constants of a trial, drawn in the order of surprise_ratings.py: the same factors and ridges for the same seed.
    Steps are longer, for ratings of deviation 1; validation finds the number of epochs."""
    factors = stream.choice([4, 6, 8, 12, 16, 24, 32, 48, 64])
    stream.randint(10, 60)
    rate = 10 ** stream.uniform(math.log10(0.02), math.log10(0.13))
    ridge = 10 ** stream.uniform(math.log10(0.01), math.log10(0.2))
    return {"factors": factors, "rate": rate, "ridge": ridge}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("segue")
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--method", default="auto")
    arguments = parser.parse_args()
    stream = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        trials = []
        for trial in range(arguments.trials):
            constants = draw(stream)
            config = folder / f"{trial}.toml"
            lines = [f"{key} = {value}" for key, value in constants.items()]
            config.write_text(f'[rating]\nmethod = "{arguments.method}"\n' + "\n".join(lines) + "\n")
            store = folder / str(trial)
            subprocess.run([arguments.segue, "reindex", "--events", arguments.train, "--store", store, "--models", "rating",
                            "--config", config, "--seed", str(arguments.seed)], check=True, capture_output=True)
            snapshot = (store / "CURRENT").read_text().strip()
            manifest = json.loads((store / "snapshots" / snapshot / "manifest.json").read_text())
            seconds = sum(p["seconds"] for p in manifest["phases"] if p["name"] == "ratings (all events)")
            constants |= {key: manifest["training"]["rating"][key] for key in ("method", "epochs")}
            trials.append((manifest["evaluation"]["rating"]["rmse"], constants, store, seconds))
        best = min(trials, key=lambda trial: trial[0])
        measured = subprocess.run([arguments.segue, "evaluate", "--store", best[2], "--events", arguments.test, "--protocol",
                                   "rating", "--json"], check=True, capture_output=True, text=True)
    report = json.loads(measured.stdout)
    print(json.dumps({"model": arguments.method, "trials": len(trials), "validation": best[0], "rmse": report["rmse"],
                      "mae": report["mae"], "seconds": round(best[3], 1), "constants": best[1]}))


if __name__ == "__main__":
    main()
