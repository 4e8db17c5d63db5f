"""Times alternating least squares of the package `implicit` on the log that als_benchmark wrote.

    implicit_als.py [key=value ...] [segue=build/release/bin/als_benchmark rounds=2]

reads als_problem.bin in the working folder. Constants: factors, iterations, alpha (confidence 1 + alpha plays),
ridge, cg (1: three conjugate gradient steps, 0: Cholesky), threads. With `segue` the two programs alternate, `rounds` times.
Wants OPENBLAS_NUM_THREADS=1.
"""

import subprocess
import sys
import time

import numpy as np
import scipy.sparse
from implicit.cpu.als import AlternatingLeastSquares


def read(path):
    """The users' rows: counts of users, items and entries as u64, then offsets u64, items u32, plays f32."""
    with open(path, "rb") as file:
        users, items, entries = (int(n) for n in np.fromfile(file, "<u8", 3))
        offsets = np.fromfile(file, "<u8", users + 1).astype(np.int32)
        columns = np.fromfile(file, "<u4", entries).astype(np.int32)
        plays = np.fromfile(file, "<f4", entries)
    return scipy.sparse.csr_matrix((plays, columns, offsets), shape=(users, items))


def objective(confidence, users, items, ridge):
    """The exact objective in doubles: pairs without events weigh 1."""
    x, y = users.astype(np.float64), items.astype(np.float64)
    total = float(np.sum((x.T @ x) * (y.T @ y))) + ridge * float(np.sum(x * x) + np.sum(y * y))
    rows = np.repeat(np.arange(confidence.shape[0]), np.diff(confidence.indptr))
    for first in range(0, confidence.nnz, 1 << 20):
        part = slice(first, first + (1 << 20))
        score = np.einsum("ij,ij->i", users[rows[part]], items[confidence.indices[part]], dtype=np.float64)
        weight = confidence.data[part].astype(np.float64)
        total += float(np.sum(weight * (1 - score) ** 2 - score**2))
    return total


def main():
    words = dict(argument.split("=") for argument in sys.argv[1:])
    segue, rounds = words.pop("segue", None), int(words.pop("rounds", 1))
    constants = {key: float(value) for key, value in words.items()}
    iterations = int(constants.get("iterations", 8))
    ridge = constants.get("ridge", 0.01)
    confidence = read("als_problem.bin")
    confidence.data = 1 + np.float32(constants.get("alpha", 1)) * confidence.data
    last = [0.0]

    def report(iteration, seconds, _loss):
        busy = time.process_time() - last[0]
        loss = objective(confidence, model.user_factors, model.item_factors, ridge)
        print(f"iteration {iteration + 1}: {seconds:.3f} s, processor {busy:.3f} s, objective {loss:.6e}", flush=True)
        last[0] = time.process_time()

    for number in range(rounds):
        if segue:
            print(f"round {number + 1}, segue", flush=True)
            subprocess.run([segue, "steps=2", f"iterations={iterations}"], check=True)
        print(f"round {number + 1}, implicit", flush=True)
        model = AlternatingLeastSquares(
            factors=int(constants.get("factors", 64)),
            regularization=ridge,
            use_cg=constants.get("cg", 1) != 0,
            iterations=iterations,
            num_threads=int(constants.get("threads", 2)),
            random_state=1,
        )
        # The transpose belongs to fit() but to no iteration, and is left out of the first one's processor time.
        start = time.process_time()
        confidence.T.tocsr()
        last[0] = time.process_time() + (time.process_time() - start)
        model.fit(confidence, show_progress=False, callback=report)


if __name__ == "__main__":
    main()
