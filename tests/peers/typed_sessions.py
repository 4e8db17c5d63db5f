"""What sessions with typed texts lead to: requests from a log whose last events are held back.

    typed_sessions.py make ITEMS EVENTS KIND REQUESTS TARGETS
    typed_sessions.py measure RUN TARGETS

`make` takes 2,000 histories and, of each, the events before the last. The newest of them is typed instead of chosen: the words of
its title in another order, one left out where there are more than two. KIND `typed` sends that text alone, `mixed` the 19
events before it as well, `items` those without the text. `measure` prints HR@10 and NDCG@10 of a TREC run of `segue run`.
"""

import json
import math
import random
import sys


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def typed(title, draw):
    words = title.lower().split()
    if len(words) > 2:
        words.pop(draw.randrange(len(words)))
    draw.shuffle(words)
    return " ".join(words)


def make(items, events, kind, requests, targets):
    titles = {item["id"]: item.get("title", "") for item in read(items)}
    histories = {}
    for event in read(events):
        history = histories.setdefault(event.get("user") or event.get("session"), [])
        if not history or history[-1] != event["item"]:
            history.append(event["item"])
    draw = random.Random(1)
    chosen = [history for history in histories.values() if len(history) >= 8]
    draw.shuffle(chosen)
    with open(requests, "w", encoding="utf-8") as out, open(targets, "w", encoding="utf-8") as wanted:
        for number, history in enumerate(chosen[:2000]):
            before = [{"item": item} for item in history[:-2][-19:]]
            text = {"query": typed(titles[history[-2]], draw)}
            session = {"typed": [text], "mixed": before + [text], "items": before}[kind]
            request = {"id": str(number), "query": "{!session ctx=$ctx}", "size": 10, "params": {"ctx": session}}
            out.write(json.dumps(request) + "\n")
            wanted.write(f"{number} {history[-1]}\n")


def measure(run, targets):
    with open(targets, encoding="utf-8") as lines:
        target = dict(line.split() for line in lines)
    hits = gain = 0
    with open(run, encoding="utf-8") as lines:
        for line in lines:
            number, _, item, rank, *_ = line.split()
            if target[number] == item and int(rank) <= 10:
                hits += 1
                gain += 1 / math.log2(int(rank) + 1)
    print(f"HR@10 {hits / len(target):.4f}  NDCG@10 {gain / len(target):.4f}")


if __name__ == "__main__":
    {"make": make, "measure": measure}[sys.argv[1]](*sys.argv[2:])
