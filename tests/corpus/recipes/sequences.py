"""Rankers over a history: target attention, self-attention with the target, recurrences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from corpus.forms import (
    NEWEST,
    ONE_SHOT_DYNAMO,
    ONE_SHOT_LEGACY,
    PACKED_LEGACY,
    VANILLA_DYNAMO,
    VANILLA_LEGACY,
    Form,
    Recipe,
)
from corpus.recipes.blocks import Fields, tower
from sample_models.features import ITEM_IDS, USER_IDS, Feature, history

IDS = (*USER_IDS[:8], *ITEM_IDS[:4])
BOTH = (VANILLA_DYNAMO, ONE_SHOT_LEGACY)
OTHER = (VANILLA_LEGACY, ONE_SHOT_DYNAMO)


def _past(length: int) -> Feature:
    return history("hist_item_id", length=length, vocabulary=500, table="item_id")


def _features(length: int) -> tuple[Feature, ...]:
    return (*IDS, _past(length))


class _Reader(nn.Module):
    """Fields, the history `[rows, L, E]` and the target `[rows, E]` of a request."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.fields, self.past, self.width = Fields(IDS, width), _past(length), width

    def forward(self, given: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        target = self.fields.tables["item_id"](given["item_id"])
        past = self.fields.sequence(given, self.past)
        return self.fields(given).flatten(1), past, target

    def mask(self, given: Mapping[str, Tensor]) -> Tensor:
        """Return where the history holds nothing: `[rows, L]`."""
        return given[self.past.name] == 0


class _Appended(nn.Module):
    """Self-attention over the history and the target behind it, read at every place."""

    def __init__(self, width: int, length: int, heads: int, *, masked: bool = False) -> None:
        super().__init__()
        self.reader, self.masked = _Reader(width, length), masked
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.deep = tower(width * (len(IDS) + 2), 128, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields, past, target = self.reader(given)
        x = torch.cat([past, target.unsqueeze(1)], dim=1)
        mask = None
        if self.masked:
            mask = functional.pad(self.reader.mask(given), (0, 1), value=False)
        y = torch.relu(x + self.attention(x, x, x, key_padding_mask=mask, need_weights=False)[0])
        return self.deep(torch.cat([fields, y.mean(1), target], dim=1))


class _Encoded(nn.Module):
    """A Transformer over history and target, read at the target (BST) or at all places."""

    def __init__(
        self, width: int, length: int, *, layers: int = 1, everywhere: bool = False
    ) -> None:
        super().__init__()
        self.reader, self.everywhere = _Reader(width, length), everywhere
        self.place = nn.Parameter(torch.randn(length + 1, width) / 10)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, 4, dim_feedforward=2 * width, dropout=0.0, batch_first=True
            )
            for _ in range(layers)
        )
        read = length + 1 if everywhere else 1
        self.deep = tower(width * (len(IDS) + read), 256, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields, past, target = self.reader(given)
        x = torch.cat([past, target.unsqueeze(1)], dim=1) + self.place
        for layer in self.layers:
            x = layer(x)
        read = x.flatten(1) if self.everywhere else x[:, -1]
        return self.deep(torch.cat([fields, read], dim=1))


class _TransAct(nn.Module):
    """TransAct: the target beside each action of the history, a Transformer, ten places, a max."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.reader = _Reader(width, length)
        self.layer = nn.TransformerEncoderLayer(
            2 * width, 4, dim_feedforward=2 * width, dropout=0.0, batch_first=True
        )
        self.deep = tower(width * (len(IDS) + 2 * 11), 256, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields, past, target = self.reader(given)
        beside = target.unsqueeze(1).expand(-1, past.shape[1], -1)
        x = self.layer(torch.cat([past, beside], dim=-1))
        read = torch.cat([x[:, :10].flatten(1), x.max(dim=1).values], dim=1)
        return self.deep(torch.cat([fields, read], dim=1))


class _Hstu(nn.Module):
    """HSTU: pointwise attention `silu(q k) v`, gated and normed, over history and target."""

    def __init__(self, width: int, length: int, heads: int, *, causal: bool = True) -> None:
        super().__init__()
        self.reader, self.heads = _Reader(width, length), heads
        self.project, self.out = nn.Linear(width, 4 * width), nn.Linear(width, width)
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.randn(heads, length + 1, length + 1) / 10)
        seen = torch.ones(length + 1, length + 1)
        self.register_buffer("seen", seen.tril() if causal else seen)
        self.deep = tower(width * (len(IDS) + 1), 128, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields, past, target = self.reader(given)
        x = torch.cat([past, target.unsqueeze(1)], dim=1)
        rows, length, width = x.shape
        u, v, q, k = functional.silu(self.project(self.before(x))).chunk(4, dim=-1)
        q, k, v = (
            each.reshape(rows, length, self.heads, width // self.heads).transpose(1, 2)
            for each in (q, k, v)
        )
        scores = functional.silu(q @ k.transpose(2, 3) + self.bias) / length * self.seen
        read = (scores @ v).transpose(1, 2).reshape(rows, length, width)
        x = x + self.out(self.after(read) * u)
        return self.deep(torch.cat([fields, x[:, -1]], dim=1))


class _Din(nn.Module):
    """DIN whose attention MLP has norms."""

    def __init__(self, width: int, length: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.reader = _Reader(width, length)
        self.attention = nn.Sequential(
            norm(4 * width), nn.Linear(4 * width, 80), norm(80), nn.Sigmoid(), nn.Linear(80, 40),
            nn.Sigmoid(), nn.Linear(40, 1),
        )  # fmt: skip
        self.deep = tower(width * (len(IDS) + 1), 200, 80)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields, past, target = self.reader(given)
        query = target.unsqueeze(1).expand(-1, past.shape[1], -1)
        joined = torch.cat([query, past, query - past, query * past], dim=-1)
        flat = joined.reshape(-1, joined.shape[-1])
        weight = self.attention(flat).reshape(-1, past.shape[1], 1)
        weight = weight.masked_fill(self.reader.mask(given).unsqueeze(2), -1e9).softmax(dim=1)
        return self.deep(torch.cat([fields, (weight * past).sum(1)], dim=1))


class _TargetAttention(nn.Module):
    """The target's attention over the history by torch's own function, heads apart."""

    def __init__(self, width: int, length: int, heads: int) -> None:
        super().__init__()
        self.reader, self.heads = _Reader(width, length), heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.deep = tower(width * (len(IDS) + 1), 128, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields, past, target = self.reader(given)
        width = target.shape[-1]
        q, k, v = (
            layer(x).reshape(x.shape[0], -1, self.heads, width // self.heads).transpose(1, 2)
            for layer, x in ((self.q, target.unsqueeze(1)), (self.k, past), (self.v, past))
        )
        read = functional.scaled_dot_product_attention(q, k, v)
        read = self.o(read.transpose(1, 2).reshape(target.shape[0], width))
        return self.deep(torch.cat([fields, read], dim=1))


class _Recurrent(nn.Module):
    """A GRU or an LSTM over the history, its last state beside the fields."""

    def __init__(self, width: int, length: int, kind: type[nn.Module]) -> None:
        super().__init__()
        self.reader, self.cell = _Reader(width, length), kind(width, width, batch_first=True)
        self.deep = tower(width * (len(IDS) + 1), 256, 64)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields, past, _ = self.reader(given)
        return self.deep(torch.cat([fields, self.cell(past)[0][:, -1]], dim=1))


@torch.jit.script  # type: ignore[untyped-decorator]
def _evolve(x: Tensor, weight: Tensor, w: Tensor, u: Tensor, b: Tensor) -> Tensor:
    h = torch.zeros_like(x[:, 0])
    width = h.shape[1]
    for at in range(x.shape[1]):
        given = torch.matmul(x[:, at], w) + b
        gates = torch.sigmoid(given[:, : 2 * width] + torch.matmul(h, u[:, : 2 * width]))
        update = gates[:, :width] * weight[:, at : at + 1]
        reset = gates[:, width:]
        new = torch.tanh(given[:, 2 * width :] + torch.matmul(reset * h, u[:, 2 * width :]))
        h = (1.0 - update) * h + update * new
    return h


class _Augru(nn.Module):
    """DIEN: a GRU over the history, and a GRU whose update gate the target's attention scales."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.reader, self.extract = _Reader(width, length), nn.GRU(width, width, batch_first=True)
        self.score = nn.Linear(width, width, bias=False)
        self.w, self.u = (nn.Parameter(torch.randn(width, 3 * width) / width) for _ in range(2))
        self.b = nn.Parameter(torch.randn(3 * width) / 10)
        self.deep = tower(width * (len(IDS) + 2), 200, 80)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        fields, past, target = self.reader(given)
        states = self.extract(past)[0]
        weight = (self.score(states) @ target.unsqueeze(2)).squeeze(2).softmax(dim=1)
        read = _evolve(states, weight, self.w, self.u, self.b)
        return self.deep(torch.cat([fields, read, target], dim=1))


_MODELS: tuple[tuple[str, Callable[[], nn.Module], int, tuple[Form, ...]], ...] = (
    ("appended_20", lambda: _Appended(32, 20, 2), 20, BOTH),
    ("appended_50", lambda: _Appended(64, 50, 4), 50, OTHER),
    ("appended_100", lambda: _Appended(64, 100, 4), 100, (VANILLA_DYNAMO,)),
    ("appended_masked_50", lambda: _Appended(64, 50, 4, masked=True), 50, BOTH),
    ("bst_50", lambda: _Encoded(64, 50), 50, (*OTHER, NEWEST)),
    ("bst_everywhere_20", lambda: _Encoded(32, 20, everywhere=True), 20, (*BOTH, PACKED_LEGACY)),
    ("sasrec_50", lambda: _Encoded(32, 50, layers=2), 50, (VANILLA_LEGACY,)),
    ("transact_50", lambda: _TransAct(32, 50), 50, BOTH),
    ("hstu_50", lambda: _Hstu(64, 50, 4), 50, OTHER),
    ("hstu_both_ways_50", lambda: _Hstu(64, 50, 4, causal=False), 50, (VANILLA_LEGACY,)),
    ("din_layer_norm", lambda: _Din(32, 50, nn.LayerNorm), 50, BOTH),
    ("din_batch_norm", lambda: _Din(32, 50, nn.BatchNorm1d), 50, (*OTHER, PACKED_LEGACY)),
    ("din_64", lambda: _Din(64, 50, lambda width: nn.Identity()), 50, (VANILLA_LEGACY,)),
    ("target_attention_50", lambda: _TargetAttention(64, 50, 4), 50, (*BOTH, NEWEST)),
    ("target_attention_200", lambda: _TargetAttention(64, 200, 4), 200, (ONE_SHOT_DYNAMO,)),
    ("gru_50", lambda: _Recurrent(64, 50, nn.GRU), 50, (VANILLA_LEGACY, ONE_SHOT_LEGACY)),
    ("lstm_50", lambda: _Recurrent(64, 50, nn.LSTM), 50, (VANILLA_DYNAMO,)),
    ("augru_30", lambda: _Augru(32, 30), 30, (VANILLA_LEGACY,)),
)

RECIPES = tuple(
    Recipe(name=f"sequence_{name}", features=_features(length), build=build, forms=forms)
    for name, build, length, forms in _MODELS
)
