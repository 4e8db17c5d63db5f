"""Writes a log of ratings with planted biases, factors and implicit signal, as events.jsonl.

    python generate_ratings.py SET SEED events.jsonl

A user u touches a set N(u) of items, rates part of it and only views the rest. The rating is
    clip(mean + b_u + b_i + q_i . (p_u + |N(u)|^-1/2 sum over N(u) of y_j) + noise),
rounded to the scale. The sets differ in size, scale, noise and in how items are chosen:
    stars   4,000 users, 1,500 items, ratings 1 to 5; items chosen by popularity alone
    tastes  5,000 users, 2,000 items, half stars .5 to 5; items chosen by popularity and taste
    points  3,000 users, 1,000 items, 0 to 100 unrounded; strong biases, long tails of users and items
"""

import json
import sys

import numpy as np

SETS = {
    "stars": dict(users=4000, items=1500, factors=6, least=1, most=5, step=1, mean=3.6, deviation=1.0,
                  bias=(0.4, 0.4), taste=0.55, implicit=0.55, noise=0.75, rated=35, viewed=15, choice=0.0, tail=0.7),
    "tastes": dict(users=5000, items=2000, factors=10, least=0.5, most=5, step=0.5, mean=3.4, deviation=1.0,
                   bias=(0.35, 0.45), taste=0.6, implicit=0.4, noise=0.7, rated=25, viewed=15, choice=1.5, tail=0.8),
    "points": dict(users=3000, items=1000, factors=4, least=0, most=100, step=0, mean=55, deviation=18.0,
                   bias=(0.7, 0.5), taste=0.4, implicit=0.5, noise=0.8, rated=45, viewed=25, choice=0.8, tail=1.0),
}


def generate(name, seed):
    s = SETS[name]
    random = np.random.default_rng([seed, sorted(SETS).index(name)])
    users, items, f = s["users"], s["items"], s["factors"]
    # q . v has deviation 1 for a v of deviation 1 in each factor.
    q = random.normal(size=(items, f)) / np.sqrt(f)
    p = random.normal(size=(users, f)) * s["taste"]
    y = random.normal(size=(items, f)) * s["implicit"]
    user_bias = random.normal(size=users) * s["bias"][0]
    item_bias = random.normal(size=items) * s["bias"][1]
    popularity = -s["tail"] * np.log(1 + random.permutation(items))
    for u in range(users):
        weight = np.exp(s["tail"] * random.normal()) if s["tail"] >= 1 else np.exp(0.5 * random.normal())
        rated = int(np.clip(s["rated"] * weight, 8, items // 4))
        viewed = int(np.clip(s["viewed"] * weight, 2, items // 4))
        # Gumbel's trick: the largest of log weight plus noise is a draw without replacement.
        keys = popularity + s["choice"] * (q @ p[u]) + random.gumbel(size=items)
        chosen = np.argsort(-keys)[: rated + viewed]
        random.shuffle(chosen)
        v = p[u] + y[chosen].sum(axis=0) / np.sqrt(len(chosen))
        for place, i in enumerate(chosen):
            event = {"user": f"u{u:05d}", "item": f"i{i:05d}"}
            if place < rated:
                score = user_bias[u] + item_bias[i] + q[i] @ v + s["noise"] * random.normal()
                rating = s["mean"] + s["deviation"] * score
                if s["step"]:
                    rating = round(rating / s["step"]) * s["step"]
                event["rating"] = round(float(np.clip(rating, s["least"], s["most"])), 3)
            yield event


if __name__ == "__main__":
    name, seed, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(path, "w", encoding="utf-8") as out:
        for event in generate(name, seed):
            out.write(json.dumps(event) + "\n")
