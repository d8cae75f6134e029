"""Random problems of where to cut a graph, and each cut that they have."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np

from mari_engine.serving.offload.min_cut import Cut, CutOp, CutProblem, measure_cut


def random_problem(seed: int) -> CutProblem:
    """Return a graph of up to seven ops, some with two results, some of which cannot be fetched."""
    draw = np.random.default_rng(seed)
    values = [f"x{at}" for at in range(draw.integers(1, 4))]
    sizes = {name: int(draw.integers(1, 40)) for name in values}
    tables = {f"t{at}": int(draw.integers(0, 30)) for at in range(2)}
    ops = []
    for at in range(draw.integers(1, 8)):
        count = min(len(values), int(draw.integers(1, 4)))
        reads = tuple(draw.choice(values, count, replace=False).tolist())
        makes = tuple(f"v{at}.{which}" for which in range(draw.integers(1, 3)))
        looked_up = tuple(name for name in tables if draw.random() < 0.2)
        ops.append(CutOp(f"op{at}", reads, makes, int(draw.integers(0, 60)), looked_up))
        sizes |= {name: int(draw.integers(1, 40)) for name in makes if draw.random() < 0.8}
        values += makes
    needed = frozenset(draw.choice(values, min(len(values), 3), replace=False).tolist())
    return CutProblem(tuple(ops), sizes, needed, tables, int(draw.integers(0, 5)))


def every_cut(problem: CutProblem) -> list[Cut]:
    """Return what each choice of ops to run online comes to, where all operands can be there."""
    names = [op.name for op in problem.ops]
    choices = chain.from_iterable(combinations(names, count) for count in range(len(names) + 1))
    found = []
    for online in map(frozenset, choices):
        running = [op for op in problem.ops if op.name in online]
        made = {name for op in running for name in op.makes}
        wanted = ({name for op in running for name in op.reads} | problem.needed) - made
        if wanted <= problem.sizes.keys():
            found.append(measure_cut(problem, online))
    return found
