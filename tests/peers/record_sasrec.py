"""Records what a small SASRec computes in PyTorch, for tests/index/import_transformer_test.cc.

The names of the parameters and the computation are those of github.com/pmixer/SASRec.pytorch (the revision whose
feed-forward layer has a ReLU and whose log2feats masks the padding after every block). Run by hand:

    python3 -m venv venv && venv/bin/pip install numpy torch safetensors
    venv/bin/python tests/peers/record_sasrec.py tests/index/fixtures
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

ITEMS, WIDTH, HEADS, LAYERS, WINDOW = 7, 8, 2, 2, 5


class Sasrec(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.item_emb = torch.nn.Embedding(ITEMS + 1, WIDTH, padding_idx=0)
        self.pos_emb = torch.nn.Embedding(WINDOW, WIDTH)
        norm = lambda: torch.nn.LayerNorm(WIDTH, eps=1e-8)
        self.attention_layernorms = torch.nn.ModuleList(norm() for _ in range(LAYERS))
        self.attention_layers = torch.nn.ModuleList(
            torch.nn.MultiheadAttention(WIDTH, HEADS) for _ in range(LAYERS))
        self.forward_layernorms = torch.nn.ModuleList(norm() for _ in range(LAYERS))
        self.forward_layers = torch.nn.ModuleList()
        for _ in range(LAYERS):
            layer = torch.nn.Module()
            layer.conv1 = torch.nn.Conv1d(WIDTH, WIDTH, 1)
            layer.conv2 = torch.nn.Conv1d(WIDTH, WIDTH, 1)
            self.forward_layers.append(layer)
        self.last_layernorm = norm()

    def scores(self, session):
        """Of items 1 to ITEMS, after a session of item numbers, oldest first."""
        padded = torch.tensor([[0] * (WINDOW - len(session)) + session])
        is_item = (padded != 0).unsqueeze(-1)
        x = (self.item_emb(padded) * WIDTH**0.5 + self.pos_emb(torch.arange(WINDOW))) * is_item
        causal = ~torch.tril(torch.ones(WINDOW, WINDOW, dtype=torch.bool))
        for b in range(LAYERS):
            keys = x.transpose(0, 1)
            query = self.attention_layernorms[b](keys)
            attended, _ = self.attention_layers[b](query, keys, keys, attn_mask=causal)
            y = self.forward_layernorms[b]((query + attended).transpose(0, 1))
            layer = self.forward_layers[b]
            hidden = torch.relu(layer.conv1(y.transpose(1, 2)))
            x = (layer.conv2(hidden).transpose(1, 2) + y) * is_item
        h = self.last_layernorm(x)[0, -1]
        return self.item_emb.weight[1:] @ h


def main(folder):
    torch.manual_seed(5)
    model = Sasrec()
    for parameter in model.parameters():  # nothing hidden behind a zero or a one, the padding's row included
        parameter.data = 0.5 * torch.randn_like(parameter) + (0.5 if parameter.dim() == 1 else 0)
    model.eval()
    ids = [f"item-{n}" for n in range(ITEMS, 0, -1)]  # the catalogue sorts them the other way
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()},
              folder / "sasrec.safetensors",
              metadata={"format": "sasrec", "heads": str(HEADS), "ids": json.dumps(ids)})
    cases = []
    with torch.no_grad():
        for session in ([1], [3, 3], [7, 2, 5], [1, 2, 3, 4], [6, 5, 4, 3, 2]):
            cases.append({"session": [ids[n - 1] for n in session],
                          "scores": dict(zip(ids, model.scores(session).tolist()))})
    (folder / "sasrec_scores.json").write_text(json.dumps(cases, indent=1) + "\n")
    print("PyTorch", torch.__version__)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
