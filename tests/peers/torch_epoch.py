#!/usr/bin/env python3
"""How long an epoch of the session Transformer takes in PyTorch, beside Segue's, alternating in one run.

    torch_epoch.py GAMES.txt --segue build/release/bin/transformer_benchmark [--rounds 3]

GAMES.txt has lines "user item" in time order. The model, the loss and the schedule are those of
index/model/transformer_options.h (pre-norm, width 128, two layers, two heads, window 50, dropout .4, sampled softmax
with 2,048 shared negatives and logQ correction, Adam at 4e-3 with warm-up and linear decay), and both begin with a random
item table. Segue's steps have at most 256 sequences and 1,600 positions; PyTorch's are as many, so as large in the mean
(--own-steps: the same limits instead, which make a third more of them, as sequences of like length meet one limit or the
other). PyTorch is given its best: sequences of like length share a batch, so that little is padded; attention is fused; the
loss takes positions without padding only; the item table's rows are stepped sparsely, as Segue does it. Two ways to use two
cores are timed: two threads, and two processes of one thread with half of each batch and no exchange of gradients at all,
which is less than a training needs.
"""

import argparse
import math
import re
import subprocess
import time

import torch
import torch.multiprocessing as mp
import torch.nn.functional as F
from torch import nn

from torch_transformer import Body

WIDTH, LAYERS, HEADS, HIDDEN, WINDOW = 128, 2, 2, 128, 50
TEMPERATURE, DROPOUT, RATE, FINAL, WARM_UP = 0.07, 0.4, 4e-3, 0.02, 100
NEGATIVES, POWER, SEQUENCES, POSITIONS = 2048, 0.5, 256, 1600


def read_windows(file):
    """Training sequences without their last two events, cut to windows, as transformer_benchmark cuts them."""
    users = {}
    with open(file) as lines:
        for line in lines:
            user, item = line.split()
            users.setdefault(int(user), []).append(int(item))
    histories = [h[:-2] for h in users.values() if len(h) >= 3]
    names = sorted({i for h in histories if len(h) >= 2 for i in h})
    row = {item: r for r, item in enumerate(names)}
    windows = []
    for history in histories:
        rows = [row[i] for i in history] if len(history) >= 2 else []
        for begin in range(0, len(rows) - 1, WINDOW):
            windows.append(rows[begin : begin + WINDOW + 1])
    return windows, len(names)


def batches_of(windows, sequences, positions):
    """Steps of windows of like length."""
    order = sorted(torch.randperm(len(windows)).tolist(), key=lambda w: len(windows[w]))
    steps, step, filled = [], [], 0
    for w in order:
        length = len(windows[w]) - 1
        if step and (len(step) == sequences or filled + length > positions):
            steps.append(step)
            step, filled = [], 0
        step.append(windows[w])
        filled += length
    return steps + [step]


def as_many_batches(windows, count):
    positions = sum(len(w) - 1 for w in windows) / count
    while True:
        steps = batches_of(windows, math.inf, positions)
        if len(steps) <= count:
            return steps
        positions *= 1.002


def padded(step):
    longest = max(len(w) for w in step) - 1
    inputs = torch.zeros(len(step), longest, dtype=torch.long)
    targets = torch.full((len(step), longest), -1, dtype=torch.long)
    for s, window in enumerate(step):
        inputs[s, : len(window) - 1] = torch.tensor(window[:-1])
        targets[s, : len(window) - 1] = torch.tensor(window[1:])
    return inputs, targets


class Model(nn.Module):
    def __init__(self, items):
        super().__init__()
        self.items = nn.Embedding(items, WIDTH, sparse=True)
        nn.init.normal_(self.items.weight, std=0.02)
        self.body = Body(WIDTH, LAYERS, HEADS, HIDDEN, WINDOW, DROPOUT)

    def unit(self, rows):
        return F.normalize(self.items(rows), dim=-1)

    def loss(self, inputs, targets, negatives, log_expected):
        kept = targets >= 0
        x = self.body(math.sqrt(WIDTH) * self.unit(inputs))
        hidden = F.normalize(self.body.norm(x[kept]), dim=-1)
        wanted = targets[kept]
        positive = (hidden * self.unit(wanted)).sum(-1, keepdim=True) / TEMPERATURE
        others = hidden @ self.unit(negatives).T / TEMPERATURE - log_expected
        others = others.masked_fill(negatives[None, :] == wanted[:, None], float("-inf"))
        return F.cross_entropy(torch.cat([positive, others], 1), torch.zeros(len(wanted), dtype=torch.long))


def share_of_rate(step, steps, done):
    warm_up = min(WARM_UP, steps // 10)
    return (step + 1) / warm_up if step < warm_up else 1 - (1 - FINAL) * done


def epoch(file, threads, shard, shards, count, ready, results):
    """One epoch of `count` steps, 0: as many as the limits make; of each step's sequences those of one shard. Times exclude reading and cutting into batches."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    windows, items = read_windows(file)
    frequency = torch.bincount(torch.tensor([r for w in windows for r in w]), minlength=items).double()
    q = frequency**POWER
    q = (q / q.sum()).float()
    model = Model(items)
    body = [p for name, p in model.named_parameters() if not name.startswith("items")]
    table = torch.optim.SparseAdam([model.items.weight], lr=RATE, betas=(0.9, 0.98))
    rest = torch.optim.AdamW(body, lr=RATE, betas=(0.9, 0.98), weight_decay=0, fused=True)
    steps = as_many_batches(windows, count) if count else batches_of(windows, SEQUENCES, POSITIONS)
    steps = [steps[i] for i in torch.randperm(len(steps)).tolist()]
    # A batch that is cut in two has half of the positions in each part: sequences of one length alternate.
    batches = [padded(step[shard::shards]) for step in steps if len(step) > shard]
    ready.wait()
    begin, begin_cpu = time.perf_counter(), time.process_time()
    losses = []
    for number, (inputs, targets) in enumerate(batches):
        negatives = torch.multinomial(q, NEGATIVES, replacement=True)
        share = share_of_rate(number, len(batches), number / len(batches))
        for optimizer in (table, rest):
            optimizer.param_groups[0]["lr"] = RATE * share
            optimizer.zero_grad(set_to_none=True)
        loss = model.loss(inputs, targets, negatives, torch.log(NEGATIVES * q[negatives]))
        loss.backward()
        table.step()
        rest.step()
        losses.append(loss.item())
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    results.put((seconds, cpu, sum(losses[-25:]) / len(losses[-25:]), len(batches)))


def torch_epoch(file, threads, shards, count):
    context = mp.get_context("spawn")
    ready, results = context.Barrier(shards), context.Queue()
    workers = [
        context.Process(target=epoch, args=(file, threads, s, shards, count, ready, results))
        for s in range(shards)
    ]
    for worker in workers:
        worker.start()
    parts = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return max(p[0] for p in parts), sum(p[1] for p in parts), parts[0][2], parts[0][3]


def segue_epoch(program, file):
    out = subprocess.run(
        [program, file, "epochs=1", "threads=2", "ppmi_start=0"], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"epoch +1 +([\d.]+) s +([\d.]+) s of processors +(\d+) steps +loss ([\d.]+)", out)
    return float(found[1]), float(found[2]), float(found[4]), int(found[3])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--segue", required=True, help="the program transformer_benchmark")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--own-steps", action="store_true", help="PyTorch's steps have Segue's limits, not its number")
    options = parser.parse_args()
    count = 0 if options.own_steps else segue_epoch(options.segue, options.file)[3]
    ways = {
        "segue, 2 threads": lambda: segue_epoch(options.segue, options.file),
        "torch, 2 threads": lambda: torch_epoch(options.file, 2, 1, count),
        "torch, 2 processes": lambda: torch_epoch(options.file, 1, 2, count),
    }
    print(f"torch {torch.__version__}")
    best = {}
    for number in range(options.rounds):
        for way, run in ways.items():
            seconds, cpu, loss, steps = run()
            print(f"round {number + 1}  {way:<20} {seconds:6.2f} s  {cpu:6.2f} s of processors  {steps} steps"
                  f"  loss {loss:.2f}", flush=True)
            best[way] = min(best.get(way, (math.inf, math.inf)), (seconds, cpu))
    ours = best["segue, 2 threads"]
    for way, (seconds, cpu) in best.items():
        print(f"best  {way:<20} {seconds:6.2f} s, {seconds / ours[0]:.2f} times Segue's; of processors {cpu / ours[1]:.2f}")


if __name__ == "__main__":
    main()
