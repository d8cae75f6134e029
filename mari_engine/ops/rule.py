"""One entry for all that is known of an operator, and the traits that general code asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import onnx_ir as ir

from mari_engine.axes import Axes, Axis, Spec
from mari_engine.ops.branches import Branches
from mari_engine.ops.call import Call, Fact
from mari_engine.ops.column_trace import PassColumns
from mari_engine.ops.decomposition_writer import Decompose
from mari_engine.ops.id_bounds import FindBounds

Declare = Callable[[Call], Spec]
"""From a node's operands to its factors; Unsupported for a form that it does not cover."""
Evaluate = Callable[[Call], Fact]
"""From known operands to the first result; Unsupported where that depends on the run."""
Inferred = tuple[ir.DataType, ir.Shape | None]
InferTypes = Callable[[ir.Node], Sequence[Inferred]]
"""From a node whose operands' types are known to type and shape of each result."""
ElementCost = Callable[[Spec | None], float]
"""From a node's factors, if they are declared, to the cost of one element of its result."""


@dataclass(frozen=True, eq=False)
class Bodies:
    """How an op with subgraphs calls them."""

    enter: Callable[[Call], Sequence[Fact]]
    """What each body gets: from the op's operands to the facts of a body's inputs."""
    leave: Callable[[Call, Sequence[Sequence[Axes]]], Sequence[Axes]]
    """The results' axes, from the axes of what each body returns."""
    calls: Callable[[Call], Axis] = lambda _call: ()
    """The extents whose product is how often they are called."""
    elements: Callable[[Call], Sequence[int]] = lambda _call: ()
    """The operands that bodies get as inputs of the same number, and that they do not return."""


class Trait(Enum):
    """What general code asks of an op instead of comparing its name."""

    PRODUCT = auto()
    """A matrix product, convolution, attention or recurrent op: it is given a decision."""
    SUM = auto()
    """A sum over axes: a contraction with ones, and no product of the model."""
    EXACT = auto()
    """Rounds nothing: it copies, selects, compares, negates or takes the whole part of elements
    of any type."""
    EXACT_ON_INTEGERS = auto()
    """Rounds nothing as long as its operand holds no fractions."""
    RANDOM = auto()
    """Draws random numbers: its results are no function of its operands."""
    UNFOLDED = auto()
    """Is no constant though its operands are: random in training, or matched by runtimes."""
    QUANTIZING = auto()
    """Rounds to a few steps, or scales back: part of the function, so it has no float64 form."""
    LOOKUP = auto()
    """Copies elements of its first operand from places that its second operand gives."""
    SHAPE_ONLY = auto()
    """Reads the extents of its operand, and none of its elements."""
    REPEATING = auto()
    """Repeats its first operand along axes, as often as the numbers of its second say."""
    FILLING = auto()
    """Fills the extents that its operand lists with one number."""
    ROW_LOOKUP = auto()
    """Takes whole slices along one axis: with the indices 0, 0, ... it repeats the first row."""
    BROADCASTING = auto()
    """Repeats a row by broadcasting where the other operand holds ones (Mul) or zeros (Add)."""
    TAKES_EXTENTS = auto()
    """Shows its first operand in the extents that its second operand lists."""
    INFERS_EXTENTS = auto()
    """Reads 0 in a list of extents as the operand's own, and -1 as what is left."""
    FLATTENING = auto()
    """Lays the axes before its `axis` out as rows, and the others as columns."""
    CONDITIONAL = auto()
    """Runs one of two subgraphs, as its operand says."""
    COMPOSITE = auto()
    """Has factors, and is decomposed all the same: standard ops in its place can be split."""
    TAKES_SCALARS = auto()
    """Its operands are scalars, though runtimes take `[1]` where they do not know the shape."""
    SELDOM_EMPTY = auto()
    """Of no rows, onnxruntime may end the process: "Floating point exception", SIGSEGV."""
    NEEDS_SHAPES = auto()
    """Runtimes infer a wrong shape of its results where those of its operands are not known."""
    ROUGH_IN_FLOAT64 = auto()
    """Of float64, a runtime rounds a factor or what it works on to float32."""
    FASTER_WHOLE = auto()
    """Runtimes have a kernel for it that takes less time than what it is decomposed into."""
    NEVER_EMPTY = auto()
    """Of no steps or rows, onnxruntime ends the process: "terminate called without ..."."""


@dataclass(frozen=True)
class Rule:
    """All that is known of one op; a field that is left out means that nothing is known."""

    op: str
    declare: Declare | None = None
    """Its factors: color, compactness, FLOPs and splitting follow from them."""
    domain: str = ""
    bodies: Bodies | None = None
    """Of an op with subgraphs: its factors follow from those of the nodes in them."""
    evaluate: tuple[Evaluate, ...] = ()
    """Partial evaluation of the first result; each is tried until one does not refuse."""
    trace: PassColumns | None = None
    """Which columns of inputs the results hold, given those of the operands."""
    id_bounds: FindBounds | None = None
    """Ranges of whole numbers beyond which the op fails at run time."""
    usual_ids: FindBounds | None = None
    """Ranges of whole numbers that the op is written for, though it accepts others."""
    words: Callable[[ir.Node], Iterable[str]] | None = None
    """The texts that the op knows, of those that it may read."""
    branches: Branches | None = None
    """What it does one way or another by its operands; the check names what it never saw."""
    element_cost: ElementCost | None = None
    """Time an element where runtimes have no vector code, as a share of one gathered run."""
    runtime_until: int = 0
    """The opset that first has it, where onnxruntime writes it in the standard domain before."""
    infer: InferTypes | None = None
    """Types and shapes of the results where ONNX's inference has none."""
    state_type: Callable[[ir.Node], None] | None = None
    """Writes out, in place, the float32 that a result has where an attribute is left out."""
    traits: frozenset[Trait] = frozenset()
    decompose: Decompose | None = None
    """Writes the standard ops that a fused op stands for."""
    remedy: str = ""
    """What to change in the model so that the op does not mix the sides of joined columns."""
    refusal: str = ""
    """Why an op without a declaration is kept as it is."""

    @property
    def product(self) -> bool:
        """Whether it is given a decision."""
        return Trait.PRODUCT in self.traits


NEVER = 1 << 31
"""An opset that is never reached: the op is the runtime's own."""
PRODUCT = frozenset({Trait.PRODUCT})
FUSED = "a runtime made it of several ops; optimize the model as it was exported, before that"
"""The refusal of products that only an optimized copy of a model holds."""
UNDECLARED = "it has no rule; export it as MatMul, Gemm or Einsum"
"""The refusal of products that a model can spell otherwise."""
EXACT = frozenset({Trait.EXACT})


def share(of_a_run: float) -> ElementCost:
    """Return the element cost of an op that costs the same whatever its operands' layout."""
    return lambda _spec: of_a_run


def state_float32(attribute: str) -> Callable[[ir.Node], None]:
    """Return a `state_type` that writes out the float32 of a type attribute that is left out."""

    def state(node: ir.Node) -> None:
        if attribute not in node.attributes:
            node.attributes[attribute] = ir.AttrInt64(attribute, int(ir.DataType.FLOAT))

    return state
