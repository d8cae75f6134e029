"""Attainable FLOPs: a multiplication counts as often as one of its factors was seen to differ."""

from __future__ import annotations

import math
from itertools import combinations

from mari_engine.metering.seen_product import SeenProduct
from mari_engine.types import Flops

_MOST_LABELS = 2
"""Labels other than the candidates' along which repetition is counted, the largest first."""


def attainable(product: SeenProduct, *, scale: float) -> Flops:
    """Return the FLOPs of a product in which nothing is multiplied twice, or for nobody.

    A multiplication is needed once per request if none of its factors differs between candidates,
    otherwise once per candidate; and once for all places along a label where all of its factors are
    the same along it. Of `[N, K] x [K, M]` with k columns that differ, `2 k M` FLOPs remain per
    candidate and `2 (K - k) M` per request: what splitting by columns reaches at best, folding left
    aside. Columns of an operand that are one of its patterns, q numbers of the row times what is
    the request's own, count once per request, and q times per candidate. What nothing reads is left
    out. `scale` is the work for one candidate divided by that of the run, less than 1 where each
    candidate stood there twice.
    """
    work = product.work
    fixed = [each.fixed for each in product.operands]
    variants, more = [fixed], 0.0
    for at in range(len(fixed)):
        pattern = product.pattern(at)
        if pattern is not None:
            variants.append([*fixed[:at], pattern.mask, *fixed[at + 1 :]])
            more += pattern.total
    repeated = product.repeated_labels(_MOST_LABELS)
    # A result that is read at some of its repetitions is made once: they are counted as a whole.
    read = () if repeated else product.read
    every = once = 0.0
    for count in range(len(repeated) + 1):
        for labels in combinations(repeated, count):
            share = math.prod(1 / work.extents[label] - 1 for label in labels)
            same = [[each.same(label) for label in labels] for each in product.operands]
            every += share * product.places(same, read)
            for masks in variants:
                both = [[mask, *own] for mask, own in zip(masks, same, strict=True)]
                once += share * product.places(both, read)
    per_request = round(scale * work.unit * once)
    whole = round(scale * work.unit * (every + more))
    return Flops(per_request, max(0, whole - per_request))
