"""What each sample is: its name, how it was exported, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Exporter(StrEnum):
    """The two ways in which torch writes ONNX."""

    DYNAMO = "dynamo"
    """torch.onnx.export(dynamo=True): torch.export, then a translation by onnxscript."""
    LEGACY = "legacy"
    """torch.onnx.export(dynamo=False): a TorchScript trace."""


class Style(StrEnum):
    """How the exported model takes the features of the one user of a request."""

    VANILLA = "vanilla"
    """Repeated by the caller: every input has one row per candidate."""
    ONE_SHOT = "one-shot"
    """Given once: user inputs have one row, which the model repeats inside."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One sample model, as users choose it."""

    name: str
    title: str
    exporter: Exporter
    opset: int
    style: Style
    shows: str


SAMPLES = (
    Sample(
        name="paper_tower",
        title="The paper's tower: 4000 user and 400 item columns, MLP 256-128-64",
        exporter=Exporter.DYNAMO,
        opset=18,
        style=Style.VANILLA,
        shows="the split itself: nearly all work of the first layer belongs to the user",
    ),
    Sample(
        name="paper_tower_fragmented",
        title="The same tower with user and item columns interleaved in 50 fragments a side",
        exporter=Exporter.LEGACY,
        opset=17,
        style=Style.VANILLA,
        shows="why the layout matters: one product per fragment wastes what the split gains",
    ),
    Sample(
        name="wide_deep_packed",
        title="Wide & deep over one packed input, BatchNorm before the MLP",
        exporter=Exporter.DYNAMO,
        opset=20,
        style=Style.VANILLA,
        shows="roles by column: every feature is a slice of X; BatchNorm follows its columns",
    ),
    Sample(
        name="deepfm_packed",
        title="DeepFM over one packed input",
        exporter=Exporter.LEGACY,
        opset=15,
        style=Style.VANILLA,
        shows="3-D concatenations, a linear part and an FM part beside the MLP",
    ),
    Sample(
        name="dcn_v2",
        title="DCN v2: two cross layers and a deep tower in parallel",
        exporter=Exporter.DYNAMO,
        opset=18,
        style=Style.VANILLA,
        shows="a Concat that a cross network also uses elementwise, beside a tower that splits",
    ),
    Sample(
        name="mmoe_interleaved",
        title="MMoE: three experts, two tasks, user and item features interleaved",
        exporter=Exporter.LEGACY,
        opset=14,
        style=Style.ONE_SHOT,
        shows="five products that read one interleaved Concat",
    ),
    Sample(
        name="ple",
        title="PLE: two extraction levels, shared and task experts, two tasks",
        exporter=Exporter.DYNAMO,
        opset=20,
        style=Style.VANILLA,
        shows="many experts and gates over the same features; the second level cannot split",
    ),
    Sample(
        name="two_tower",
        title="Two towers for coarse ranking, joined by a scaled dot product",
        exporter=Exporter.LEGACY,
        opset=17,
        style=Style.VANILLA,
        shows="a whole user tower that runs once per request",
    ),
    Sample(
        name="din",
        title="DIN: target attention by an MLP over a history of 50",
        exporter=Exporter.LEGACY,
        opset=17,
        style=Style.VANILLA,
        shows="Concat(q, k, q-k, q*k): the history's share of the attention MLP, per request",
    ),
    Sample(
        name="target_attention",
        title="Target attention: four heads over a history of 50",
        exporter=Exporter.DYNAMO,
        opset=18,
        style=Style.ONE_SHOT,
        shows="keys and values of the user's history, projected once",
    ),
    Sample(
        name="history_transformer",
        title="A Transformer encoder over the user's history, pooled into a tower",
        exporter=Exporter.DYNAMO,
        opset=21,
        style=Style.VANILLA,
        shows="a costly encoder that leaves the candidate loop altogether",
    ),
    Sample(
        name="history_gru",
        title="A GRU over the user's history, its last state into a tower",
        exporter=Exporter.LEGACY,
        opset=17,
        style=Style.VANILLA,
        shows="a recurrent encoder of the user's history; the batch lies on the second axis",
    ),
    Sample(
        name="dlrm",
        title="DLRM: pairwise dot products of all fields",
        exporter=Exporter.DYNAMO,
        opset=18,
        style=Style.ONE_SHOT,
        shows="user-user pairs that do not depend on the candidate",
    ),
    Sample(
        name="autoint_shared_table",
        title="AutoInt: self-attention over fields, one table for all fields",
        exporter=Exporter.LEGACY,
        opset=16,
        style=Style.ONE_SHOT,
        shows="sides that exist only along the field axis: ids are joined before one lookup",
    ),
    Sample(
        name="all_item",
        title="A tower whose features all belong to the item",
        exporter=Exporter.LEGACY,
        opset=13,
        style=Style.VANILLA,
        shows="nothing to gain: the model stays as it is, and the tool says so",
    ),
)
"""All samples, in the order in which they are offered."""
