"""The session Transformer of docs/models.md in PyTorch, on its own: what the same recipe reaches elsewhere.

    python torch_recipe.py HISTORIES [--seed 1] [--epochs 8] [--negatives 1024] [--rate 2e-3] [--dropout .3]

HISTORIES: lines `user item`, both numbers, oldest first, consecutive repeats dropped, as models_benchmark reads them. Of each
user the last item is the test, the one before it is left out of training. Prints HR@10 and NDCG@10 of the test items, all items
ranked, mean rank for ties, with the newest 0 to 3 distinct items left out. The item table begins at random, not from
co-occurrence. Needs torch.
"""

import argparse
import math
import random

import torch
import torch.nn.functional as F
from torch import nn

from torch_transformer import Body

WIDTH, WINDOW, HEADS, LAYERS, TEMPERATURE, BATCH, WARM_UP = 128, 50, 2, 2, 0.07, 32, 100


class Transformer(nn.Module):
    def __init__(self, items, dropout):
        super().__init__()
        self.items = nn.Embedding(items, WIDTH)
        nn.init.normal_(self.items.weight, 0, 0.02)
        self.body = Body(WIDTH, LAYERS, HEADS, WIDTH, WINDOW, dropout)

    def forward(self, inputs, table):
        return F.normalize(self.body.norm(self.body(math.sqrt(WIDTH) * table[inputs])), dim=-1)


def read(file):
    users, numbers = {}, {}
    with open(file) as lines:
        for line in lines:
            user, item = line.split()
            users.setdefault(user, []).append(numbers.setdefault(item, len(numbers)))
    return [history for history in users.values() if len(history) >= 3], len(numbers)


def windows(histories):
    """Consecutive stretches of at most WINDOW + 1 items, from a random offset in long histories."""
    found = []
    for history in histories:
        last, begin = len(history) - 1, 0
        if last > WINDOW:
            begin = random.randrange(WINDOW)
            if begin:
                found.append(history[: begin + 1])
        while begin < last:
            found.append(history[begin : begin + WINDOW + 1])
            begin += WINDOW
    random.shuffle(found)
    return found


def train(model, histories, items, options):
    frequency = torch.bincount(torch.tensor([i for h in histories for i in h]), minlength=items).double()
    chance = frequency.sqrt() / frequency.sqrt().sum()
    log_expected = (chance.clamp_min(1e-12).log() + math.log(options.negatives)).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=options.rate, betas=(0.9, 0.98))
    steps, step = options.epochs * -(-len(windows(histories)) // BATCH), 0
    for epoch in range(options.epochs):
        dealt, total = windows(histories), 0.0
        for first in range(0, len(dealt), BATCH):
            batch = dealt[first : first + BATCH]
            length = max(map(len, batch)) - 1
            inputs = torch.zeros(len(batch), length, dtype=torch.long)
            targets = torch.full((len(batch), length), -1)
            for row, window in enumerate(batch):
                inputs[row, : len(window) - 1] = torch.tensor(window[:-1])
                targets[row, : len(window) - 1] = torch.tensor(window[1:])
            share = min(1, (step + 1) / WARM_UP) * max(0.02, 1 - 0.98 * step / steps)
            for group in optimizer.param_groups:
                group["lr"] = options.rate * share
            table = F.normalize(model.items.weight, dim=-1)
            hidden, wanted = model(inputs, table)[targets >= 0], targets[targets >= 0]
            drawn = torch.multinomial(chance, options.negatives, replacement=True)
            positive = (hidden * table[wanted]).sum(-1, keepdim=True) / TEMPERATURE
            negative = hidden @ table[drawn].T / TEMPERATURE - log_expected[drawn]
            negative = negative.masked_fill(drawn[None] == wanted[:, None], -1e9)
            scores = torch.cat([positive, negative], 1)
            loss = F.cross_entropy(scores, torch.zeros(len(wanted), dtype=torch.long))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            total += loss.item() * BATCH / len(dealt)
        print(f"epoch {epoch + 1}: loss {total:.4f}", flush=True)


@torch.no_grad()
def measure(model, histories):
    model.eval()
    table = F.normalize(model.items.weight, dim=-1)
    sums = [[0, 0] for _ in range(4)]
    for history in histories:
        prefix, target = history[:-1], history[-1]
        scores = model(torch.tensor([prefix[-WINDOW:]]), table)[0, -1] @ table.T
        for left_out, found in enumerate(sums):
            if left_out:  # the next newest distinct item
                newest = list(dict.fromkeys(reversed(prefix)))
                if left_out <= len(newest):
                    scores[newest[left_out - 1]] = -torch.inf
            rank = (scores > scores[target]).sum().item() + ((scores == scores[target]).sum().item() - 1) / 2
            if scores[target] > -torch.inf and rank < 10:
                found[0] += 1
                found[1] += 1 / math.log2(rank + 2)
    for left_out, (hits, gains) in enumerate(sums):
        print(f"without the newest {left_out}: {hits / len(histories):.4f} / {gains / len(histories):.4f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("histories")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--negatives", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--dropout", type=float, default=0.3)
    options = parser.parse_args()
    random.seed(options.seed)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)  # more threads gain nothing in steps of this size
    histories, items = read(options.histories)
    model = Transformer(items, options.dropout)
    train(model, [history[:-2] for history in histories], items, options)
    measure(model, histories)


if __name__ == "__main__":
    main()
