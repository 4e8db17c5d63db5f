"""Records what the session Transformer of docs/import-models.md computes, for tests/index/import_transformer_test.cc.

The module is taken out of the page itself, so that it is the page which is tested. Run by hand:

    python3 -m venv venv && venv/bin/pip install numpy torch safetensors
    venv/bin/python tests/peers/record_transformer.py docs/import-models.md tests/index/fixtures
"""

import json
import pathlib
import re
import sys

import torch
from safetensors.torch import save_file

ITEMS, WIDTH, HEADS, LAYERS, HIDDEN, WINDOW = 7, 8, 2, 2, 12, 5


def module_of(page):
    block = next(b for b in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "class SessionTransformer" in b)
    names = {}
    exec(block[: block.index("\nids = ")], names)
    return names["SessionTransformer"]


def main(page, folder):
    torch.manual_seed(6)
    model = module_of(page.read_text())(ITEMS, WIDTH, LAYERS, HEADS, HIDDEN, WINDOW)
    for parameter in model.parameters():  # nothing hidden behind a zero or a one
        parameter.data = 0.5 * torch.randn_like(parameter) + (0.5 if parameter.dim() == 1 else 0)
    model.eval()
    ids = [f"item-{n}" for n in range(ITEMS, 0, -1)]  # the catalogue sorts them the other way
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        folder / "transformer.safetensors",
        metadata={"heads": str(HEADS), "temperature": "0.07", "ids": json.dumps(ids)},
    )
    cases = []
    with torch.no_grad():
        for session in ([0], [2, 2], [6, 1, 4], [0, 1, 2, 3], [5, 4, 3, 2, 1]):
            scores = model(torch.tensor([session]))[0, -1].tolist()
            cases.append({"session": [ids[n] for n in session], "scores": dict(zip(ids, scores))})
    (folder / "transformer_scores.json").write_text(json.dumps(cases, indent=1) + "\n")
    print("PyTorch", torch.__version__)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
