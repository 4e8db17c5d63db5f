"""Weights of SASRec.pytorch as that program begins: untrained, for docs/accuracy.md. Needs nothing but Python.

    python3 tests/peers/random_sasrec.py events.jsonl random.safetensors

Width 50, 2 blocks, 1 head, window 50; matrices by xavier_normal_, norms 1 and 0, biases 0.
"""

import json
import random
import struct
import sys

WIDTH, WINDOW, BLOCKS = 50, 50, 2


def shapes(items):
    yield "item_emb.weight", (items + 1, WIDTH)
    yield "pos_emb.weight", (WINDOW, WIDTH)
    for b in range(BLOCKS):
        for norm in ("attention_layernorms", "forward_layernorms"):
            yield f"{norm}.{b}.weight", (WIDTH,)
            yield f"{norm}.{b}.bias", (WIDTH,)
        yield f"attention_layers.{b}.in_proj_weight", (3 * WIDTH, WIDTH)
        yield f"attention_layers.{b}.in_proj_bias", (3 * WIDTH,)
        yield f"attention_layers.{b}.out_proj.weight", (WIDTH, WIDTH)
        yield f"attention_layers.{b}.out_proj.bias", (WIDTH,)
        for conv in ("conv1", "conv2"):
            yield f"forward_layers.{b}.{conv}.weight", (WIDTH, WIDTH, 1)
            yield f"forward_layers.{b}.{conv}.bias", (WIDTH,)
    yield "last_layernorm.weight", (WIDTH,)
    yield "last_layernorm.bias", (WIDTH,)


def main(events, out):
    ids = sorted({json.loads(line)["item"] for line in open(events)})
    random.seed(1)
    header = {"__metadata__": {"format": "sasrec", "heads": "1", "ids": json.dumps(ids)}}
    data = bytearray()
    for name, shape in shapes(len(ids)):
        size = 1
        for extent in shape:
            size *= extent
        deviation = (2 / (shape[0] + shape[1])) ** 0.5 if len(shape) > 1 else 0
        base = 1.0 if len(shape) == 1 and name.endswith("weight") else 0.0
        begin = len(data)
        data += struct.pack(f"<{size}f", *(base + deviation * random.gauss(0, 1) for _ in range(size)))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(out, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    main(*sys.argv[1:])
