"""An offloaded model and its item store behind HTTP: an example to start from.

    python -m sample_models.scoring_service DIR STORE --port 8000
    curl -d '{"keys": [17, 4], "inputs": {"user_age": [[0.3]], "price": [[9.5], [3.0]]}}' \\
        localhost:8000

`DIR` is what `mari offload` wrote, `STORE` what `mari items` published. A request gives the keys of
its candidates and inputs of the original model: of the user one row, of the candidates a row each.
Item features that the store stands for are needed only for items that are not in it.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import mari_engine as mari
from mari_engine import PartKind


class Scorer:
    """Scores requests: the request part once, the items by key, the online part over both."""

    def __init__(self, directory: str | Path, store: str | Path) -> None:
        """Open the parts and the store; raises MariError where they are not of one model."""
        offloaded = mari.load_offloaded(directory)
        self._parts = offloaded.parts
        self._sessions = {
            kind: mari.open_session(mari.load(offloaded.path_of(kind)), threads=1)
            for kind in offloaded.parts
        }
        self._path, self._hash = store, offloaded.item_hash
        self._store = mari.ItemStore.open(store, item_hash=self._hash)

    def score(self, keys: list[Any], inputs: mari.Feeds) -> mari.Feeds:
        """Return the model's outputs for these candidates, by name.

        `inputs` are by the original's names: `[1, ...]` of the request, `[len(keys), ...]` of the
        candidates. Raises MariError where one is missing, or has another number of rows.
        """
        self._check_rows(len(keys), inputs)
        given = {}
        if PartKind.REQUEST in self._parts:
            given[PartKind.REQUEST] = self._run(PartKind.REQUEST, inputs, {})
        given[PartKind.ITEM] = self._current_store().lookup(
            keys, compute=lambda missing: self._run_items(inputs, missing)
        )
        return self._run(PartKind.ONLINE, inputs, given)

    def read(self, inputs: dict[str, Any]) -> mari.Feeds:
        """Return the inputs of a JSON request as arrays of the model's types.

        Raises ValueError for a name that is no input of the model.
        """
        dtypes = {
            each.source: each.dtype
            for part in self._parts.values()
            for each in part.inputs
            if isinstance(each, mari.InputBinding)
        }
        if unknown := sorted(inputs.keys() - dtypes.keys()):
            raise ValueError(f"{unknown[0]!r} is no input of this model")
        return {
            name: np.array(value, object if dtypes[name] == "string" else dtypes[name])
            for name, value in inputs.items()
        }

    def _check_rows(self, candidates: int, inputs: mari.Feeds) -> None:
        """Return if inputs have the rows that they need: onnxruntime would repeat a single one."""
        for part in self._parts.values():
            for each in part.inputs:
                if not isinstance(each, mari.InputBinding) or not each.shape:
                    continue
                if each.source not in inputs:
                    continue
                array = inputs[each.source]
                rows = array if each.columns is None else np.take(array, each.columns, axis=-1)
                if each.rows == "candidate" and len(rows) != candidates:
                    raise ValueError(f"{each.source!r} needs {candidates} rows, not {len(rows)}")
                if each.rows == "request" and not (rows == rows[:1]).all():
                    raise ValueError(f"{each.source!r} is the request's, and its rows differ")

    def _run_items(self, inputs: mari.Feeds, missing: np.ndarray) -> mari.Feeds:
        """Return what the store lacks, from the item features of these candidates."""
        needed = {
            each.source
            for each in self._parts[PartKind.ITEM].inputs
            if isinstance(each, mari.InputBinding)
        }
        rows = {name: array[missing] for name, array in inputs.items() if name in needed}
        return self._run(PartKind.ITEM, rows, {})

    def _run(
        self, kind: PartKind, inputs: mari.Feeds, given: dict[PartKind, mari.Feeds]
    ) -> mari.Feeds:
        """Run a part on the original's inputs and on what other parts gave."""
        part = self._parts[kind]
        bound = tuple(each for each in part.inputs if isinstance(each, mari.InputBinding))
        feeds = mari.bind_feeds(inputs, mari.Interface(bound, ()), mari.Signature.COMPACT)
        for each in part.inputs:
            if not isinstance(each, mari.InputBinding):
                feeds[each.name] = given[each.part][each.output]
        return self._sessions[kind].run(feeds)

    def _current_store(self) -> mari.ItemStore:
        """Return the store, opened anew where another version was published.

        What was published for another model is not taken: this one goes on with what it has.
        """
        if not self._store.is_current():
            try:
                self._store = mari.ItemStore.open(self._path, item_hash=self._hash)
            except mari.StoreError as error:
                print(f"the store stays as it was: {error}", flush=True)
        return self._store


def make_server(scorer: Scorer, port: int) -> ThreadingHTTPServer:
    """Return a server on this machine's own address that answers POST requests with scores."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)))
                if not isinstance(body, dict) or not isinstance(body.get("inputs"), dict):
                    raise ValueError('a request is {"keys": [...], "inputs": {"NAME": ...}}')
                found = scorer.score(body["keys"], scorer.read(body["inputs"]))
                self._answer(200, {name: array.tolist() for name, array in found.items()})
            except (mari.MariError, ValueError, KeyError, TypeError) as error:
                self._answer(400, {"error": f"{type(error).__name__}: {error}"})

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *words: object) -> None:
            """Say nothing of each request."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main(
    directory: Annotated[Path, typer.Argument(metavar="DIR")],
    store: Annotated[Path, typer.Argument(metavar="STORE")],
    port: int = 8000,
) -> None:
    """Serve until it is stopped."""
    try:
        server = make_server(Scorer(directory, store), port)
    except mari.MariError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from error
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    typer.run(main)
