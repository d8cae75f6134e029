"""GRU, LSTM and RNN in float64, for ONNX's reference evaluator.

Its own versions ignore `sequence_lens`, without which a padded history gets a wrong last state.
Peepholes, clipping and activations other than the defaults are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx.reference.op_run import OpRun

_States = tuple[np.ndarray, ...]
_Step = Callable[[np.ndarray, _States], _States]


class _Recurrent(OpRun):  # type: ignore[misc]  # onnx has no types
    """What the three share: directions, lengths, layouts and initial states.

    With T steps, N rows, D directions, I inputs, H hidden units and g gates: x `[T, N, I]`,
    w `[D, gH, I]`, r `[D, gH, H]`, b `[D, 2gH]` and Y `[T, D, N, H]`; with layout 1 rows are first.
    """

    op_domain = ""
    gates = 1
    states = 1
    usual: tuple[str, ...] = ()
    """The default activations of one direction."""

    def _run(
        self,
        x: np.ndarray,
        w: np.ndarray,
        r: np.ndarray,
        b: np.ndarray | None = None,
        lengths: np.ndarray | None = None,
        *initial: np.ndarray | None,
        **attributes: Any,
    ) -> tuple[np.ndarray, ...]:
        """Return Y and the last states, as https://onnx.ai/onnx/operators/ defines them."""
        self._refuse_unusual(initial, attributes)
        batch_first = bool(attributes.get("layout"))
        x = x.swapaxes(0, 1) if batch_first else x
        directions, hidden = w.shape[0], r.shape[-1]
        steps, batch = x.shape[:2]
        lengths = np.full(batch, steps) if lengths is None else lengths
        b = np.zeros((directions, 2 * self.gates * hidden)) if b is None else b
        starts = [_start(state, (directions, batch, hidden), batch_first) for state in initial]
        starts += [np.zeros((directions, batch, hidden))] * (self.states - len(starts))
        runs = []
        for at in range(directions):
            backwards = attributes.get("direction") == "reverse" or at == 1
            step = self.step(w[at], r[at], b[at], bool(attributes.get("linear_before_reset")))
            state = tuple(start[at] for start in starts)
            runs.append(_walk(step, x, lengths, state, backwards=backwards))
        y = np.stack([run[0] for run in runs], axis=1)
        last = [np.stack([run[1][at] for run in runs]) for at in range(self.states)]
        if batch_first:
            return y.transpose(2, 0, 1, 3), *(state.swapaxes(0, 1) for state in last)
        return y, *last

    def step(self, w: np.ndarray, r: np.ndarray, b: np.ndarray, linear: bool) -> _Step:
        """Return the function of one time step, given one direction's weights."""
        raise NotImplementedError

    def _refuse_unusual(
        self, initial: tuple[np.ndarray | None, ...], attributes: dict[str, Any]
    ) -> None:
        activations = tuple(attributes.get("activations") or ())
        if activations not in ((), self.usual, self.usual * 2):
            raise NotImplementedError(f"activations {activations} are not evaluated in float64")
        if attributes.get("clip") or attributes.get("input_forget"):
            raise NotImplementedError("clip and input_forget are not evaluated in float64")
        if len(initial) > self.states and initial[self.states] is not None:
            raise NotImplementedError("peepholes are not evaluated in float64")


class GRU(_Recurrent):
    """https://onnx.ai/onnx/operators/onnx__GRU.html"""

    gates = 3

    def step(self, w: np.ndarray, r: np.ndarray, b: np.ndarray, linear: bool) -> _Step:
        """Return h → (1 - z) * candidate + z * h."""
        wz, wr, wh = np.split(w, 3)
        rz, rr, rh = np.split(r, 3)
        wbz, wbr, wbh, rbz, rbr, rbh = np.split(b, 6)

        def once(x: np.ndarray, states: _States) -> _States:
            (h,) = states
            z = _sigmoid(x @ wz.T + h @ rz.T + wbz + rbz)
            reset = _sigmoid(x @ wr.T + h @ rr.T + wbr + rbr)
            inner = reset * (h @ rh.T + rbh) if linear else (reset * h) @ rh.T + rbh
            return ((1 - z) * np.tanh(x @ wh.T + inner + wbh) + z * h,)

        return once


class LSTM(_Recurrent):
    """https://onnx.ai/onnx/operators/onnx__LSTM.html"""

    gates = 4
    states = 2

    def step(self, w: np.ndarray, r: np.ndarray, b: np.ndarray, linear: bool) -> _Step:
        """Return (h, c) → (o * tanh(c'), c') with c' = f * c + i * candidate."""
        bias = b[: len(b) // 2] + b[len(b) // 2 :]

        def once(x: np.ndarray, states: _States) -> _States:
            h, c = states
            i, o, f, candidate = np.split(x @ w.T + h @ r.T + bias, 4, axis=-1)
            c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(candidate)
            return _sigmoid(o) * np.tanh(c), c

        return once


class RNN(_Recurrent):
    """https://onnx.ai/onnx/operators/onnx__RNN.html"""

    def step(self, w: np.ndarray, r: np.ndarray, b: np.ndarray, linear: bool) -> _Step:
        """Return h → tanh(x W + h R + b)."""
        bias = b[: len(b) // 2] + b[len(b) // 2 :]
        return lambda x, states: (np.tanh(x @ w.T + states[0] @ r.T + bias),)


RECURRENT: dict[str, type[OpRun]] = {kind.__name__: kind for kind in (GRU, LSTM, RNN)}


def _start(state: np.ndarray | None, shape: tuple[int, ...], batch_first: bool) -> np.ndarray:
    if state is None:
        return np.zeros(shape)
    return state.swapaxes(0, 1) if batch_first else state


def _walk(
    step: _Step, x: np.ndarray, lengths: np.ndarray, states: _States, *, backwards: bool
) -> tuple[np.ndarray, _States]:
    """Return all outputs `[steps, batch, hidden]` (zero past each length) and the last states."""
    outputs = np.zeros((len(x), *states[0].shape))
    order = range(len(x))
    for at in reversed(order) if backwards else order:
        inside = (at < lengths)[:, None]
        states = tuple(
            np.where(inside, new, old) for new, old in zip(step(x[at], states), states, strict=True)
        )
        outputs[at] = np.where(inside, states[0], 0.0)
    return outputs, states


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))
