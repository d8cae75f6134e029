"""A sample of wrong rewrites of real models, in the gate; the whole is a command."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from mutation import KINDS, Campaign, Mutant, Outcome, Target
from mutation.written import WRITTEN
from sample_models import labels_path, sample_path

SAMPLES = ("two_tower", "target_attention", "mmoe_interleaved")
COUNT = 60


@cache
def targets() -> tuple[Target, ...]:
    return tuple(Target.read(sample_path(n), labels_path(n), seed=4) for n in SAMPLES)


@cache
def mutants() -> tuple[Mutant, ...]:
    return tuple(Campaign(targets(), COUNT).run())


def test_there_are_mutants_of_many_kinds() -> None:
    made = Counter(one.kind for one in mutants() if one.outcome != Outcome.INVALID)
    assert sum(made.values()) == COUNT
    assert len(made) >= 20


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_differs_is_caught(kind: str) -> None:
    missed = [one for one in mutants() if one.kind == kind and one.outcome == Outcome.MISSED]
    assert not missed, "the check has become blind to these"


@pytest.mark.parametrize("name", list(WRITTEN))
def test_the_models_written_for_the_command_are_certified_unchanged(name: str) -> None:
    assert Target.write(name, seed=0).name == name
