"""Everything that can go wrong, in one tree.

MariError                what is wrong, where, and what to do, in one line
├── ModelError           the model cannot be read, or is not one that the engine takes
├── LabelError           the labels are malformed or do not fit the model
├── FeedError            request data do not fit the model
│   └── ContradictedLabel    a request shows that a label is not true
├── StoreError           an item store, or its catalogue, is malformed, or of another model
│   └── MissingItems         keys that the store does not have were looked up
├── ReviewError          a review is malformed, or is about another model
├── VerificationError    the rewritten model is not equal to the original
├── ExecutionError       a runtime could not load or run a model
│   └── NoKernelError    the model is valid, and the runtime has no kernel for one of its operators
├── LimitError           a model took too much time or memory, or ended the process that ran it
└── Cancelled            the user stopped a long piece of work
"""

import re

_LONGEST = 300
"""Characters of a name or path that an error shows; of longer ones both ends."""
_LONG = re.compile(rf"(?P<quote>')[^']{{{_LONGEST + 1},}}'|\S{{{_LONGEST + 1},}}")


class MariError(Exception):
    """The base of every error that the engine raises on purpose; its text is one line.

    Names and paths of strangers' models stand in it, the middle of very long ones left out.
    """

    def __str__(self) -> str:
        return _LONG.sub(_ends, super().__str__())


def _ends(found: re.Match[str]) -> str:
    kept = _LONGEST // 2 + (found["quote"] is not None)
    return f"{found[0][:kept]}…{found[0][-kept:]}"


class ModelError(MariError):
    """The model cannot be read, or is not one that the engine takes."""


class LabelError(MariError):
    """The labels are malformed or do not fit the model."""


class FeedError(MariError):
    """Request data do not fit the model."""


class ContradictedLabel(FeedError):
    """A request shows that a label is not true: per request, and yet unlike among candidates."""


class StoreError(MariError):
    """An item store, or the catalogue that fills it, is malformed, or of another model."""


class MissingItems(StoreError):
    """Keys that the store does not have were looked up."""


class ReviewError(MariError):
    """A review is malformed, or is about another model."""


class VerificationError(MariError):
    """The rewritten model is not equal to the original; nothing was saved."""


class ExecutionError(MariError):
    """A runtime could not load or run a model."""


class NoKernelError(ExecutionError):
    """The model is valid, and the runtime has no kernel for one of its operators and types."""


class LimitError(MariError):
    """A model took more time or memory than it may, or ended the process that ran it."""


class Cancelled(MariError):
    """The user stopped a long piece of work."""
