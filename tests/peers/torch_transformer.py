"""The body of the session Transformer of docs/models.md in PyTorch, for the scripts beside this one: pre-norm blocks with causal
attention, GELU and dropout, positions from the start of the window. Needs torch."""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, width, heads, hidden, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)
        for layer in (self.qkv, self.out, self.up, self.down):
            nn.init.normal_(layer.weight, std=0.088)
            nn.init.zeros_(layer.bias)

    def drop(self, x):
        return F.dropout(x, self.dropout, self.training)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        share = self.dropout if self.training else 0.0
        a = F.scaled_dot_product_attention(q, k, v, dropout_p=share, is_causal=True)
        x = x + self.drop(self.out(a.transpose(1, 2).reshape(n, t, d)))
        hidden = self.drop(F.gelu(self.up(self.norm2(x)), approximate="tanh"))
        return x + self.drop(self.down(hidden))


class Body(nn.Module):
    """From scaled rows of the item table, [sequences, positions, width], to what the blocks make of them; `norm` of that and
    the unit length are for the caller, who may want some positions only."""

    def __init__(self, width, layers, heads, hidden, window, dropout):
        super().__init__()
        self.positions = nn.Parameter(0.02 * torch.randn(window, width))
        self.blocks = nn.ModuleList(Block(width, heads, hidden, dropout) for _ in range(layers))
        self.norm, self.dropout = nn.LayerNorm(width), dropout

    def forward(self, x):
        x = F.dropout(x + self.positions[: x.shape[1]], self.dropout, self.training)
        for block in self.blocks:
            x = block(x)
        return x
