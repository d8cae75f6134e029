"""The words of this app and what they mean."""

from __future__ import annotations

TERMS = {
    "Who owns what": {
        "R · request side": "the same for all candidates of a request: user and context features,"
        " and all that is computed from them alone",
        "I · item side": "one value for each candidate, from item features alone",
        "C · candidate side": "one value for each candidate, from cross features or from both sides"
        " together",
        "packed input": "one input whose columns hold several features",
    },
    "What is done": {
        "fusion layer": "a product that reads columns of both sides",
        "split": "the product's request share runs once, its candidate share for each candidate",
        "once": "the node runs at one row, once per request",
        "fused": "the node became part of another product",
        "kept": "the node is as it was, for the reason that is given",
        "fragment": "neighboring columns of one side between columns of the other",
        "neat layout": "each side's columns in one block, the weight's rows moved along",
    },
    "How it is called": {
        "drop-in": "called just as the original is, one user per call",
        "parts": "request.onnx, item.onnx and online.onnx: what a service computes when",
        "compact": "request inputs have one row; a packed input comes apart, one for each side",
        "batched": "as compact, for several requests a call, a row of request inputs for each; one"
        " more input names the request of each candidate",
    },
    "What is shown": {
        "FLOPs": "additions and multiplications, counted; they are no promise of time",
        "lossless": "the same function in float64, and rounding no worse than the original's",
        "arm": "one way to run the model that a benchmark compares",
        "p50, p90, p99": "the time that 50, 90 or 99 of 100 requests stay below",
        "speedup": "the original's time over an arm's, measured side by side",
    },
}
