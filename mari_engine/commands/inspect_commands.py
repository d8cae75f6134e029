"""`mari samples`, `mari labels`, `mari inspect`: what comes before a rewrite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

import mari_engine as mari
from mari_engine.commands.console import show, show_progress, show_table
from mari_engine.commands.documents import STDOUT, check_json, inspection, write_json
from mari_engine.commands.headlines import axis_questions, inspect_headline, measure_headline
from mari_engine.commands.measurement_tables import show_measurement
from mari_engine.commands.options import (
    Called,
    Candidates,
    Corrected,
    Folder,
    Force,
    FreeBatch,
    JsonOption,
    LabelsOption,
    LoggedRequests,
    Measured,
    ModelArgument,
    OwnRequests,
    Verbose,
    Vouched,
    read_labels,
    read_model,
)
from mari_engine.commands.output_files import check_output, proposals_like
from mari_engine.commands.tables import (
    show_decisions,
    show_flops,
    show_labels,
    show_segments,
    show_selection,
)
from mari_engine.errors import VerificationError
from mari_engine.types import Side, Signature
from mari_engine.wording import NOBODY, format_count, name_label, nodes_in_words
from sample_models import sample_description, sample_names, write_samples


def samples(output: Folder, force: Force = False) -> None:
    """Write the sample models, each with its labels.

    NAME.onnx and NAME.labels.json lie side by side in DIR, ready for 'mari optimize'.
    """
    paths = write_samples(output, force=force)
    rows = [(name, sample_description(name)) for name in sample_names()]
    show_table("Samples", ("name", "what it is"), rows)
    show("", f"{len(paths)} files in {output}")


def labels(
    model: ModelArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="F", help="The labels.json to write.")
    ] = None,
    request: LoggedRequests = None,
    labels: Corrected = None,
    vouched: Vouched = None,
    free_batch: FreeBatch = False,
    force: Force = False,
) -> None:
    """Propose roles of inputs and columns, and the candidates' axis.

    Each proposal has a confidence from 0 to 1 and its evidence: names, facts of the graph, and,
    with --request, logged requests, in which what differs among the candidates is per candidate
    beyond doubt. 'mari optimize' takes no label that is still in doubt: answer each in the file
    (set its role and remove its confidence); --labels FILE --vouched NAME then says who did. That
    labels are true is the one thing that nothing can check for you. With --labels and --request
    the file's answers stay, requests answer the rest along the axes that the file states, and the
    exit status is 1 where one contradicts an answer.
    """
    if vouched is not None and labels is None:
        raise typer.BadParameter("--vouched is for a file that you have corrected; give --labels")
    loaded = read_model(model, free_batch)
    given = None if labels is None else read_labels(loaded, labels)
    logged = _read_requests(loaded, request)
    proposed = _propose(loaded, given, list(logged.values()))
    if vouched is not None:
        proposed = mari.vouch(loaded, proposed, vouched)
    show_labels(proposed, evidence=True)
    _hold_to_requests(loaded, proposed, logged)
    vouchers = mari.list_vouchers(loaded, proposed)
    show("", f"Vouched for: {mari.vouchers_in_words(vouchers)}")
    if logged and given is None and "request" not in vouchers:
        show(
            "",
            "The requests taught nothing: each ranks a single candidate, or all alike; log "
            "requests that rank several.",
        )
    if output is not None:
        check_output(output, proposals_like(proposed), force=force)
        proposed.save(output)
        show("", f"written: {output}")
    if proposed.confidence < 1:
        show(
            "",
            "Those with a confidence below 1 are in doubt: answer each in the file (set 'role', "
            "remove 'confidence'), or let logged requests answer them (--request F).",
        )
    show(*axis_questions(proposed))


def _read_requests(model: mari.Model, paths: Sequence[Path] | None) -> dict[Path, mari.Feeds]:
    return {path: mari.load_requests(path, model) for path in paths or ()}


def _propose(
    model: mari.Model, given: mari.Labels | None, logged: Sequence[mari.Feeds]
) -> mari.Labels:
    """Return what is proposed beside the answers that are given, with an axis for each input."""
    if given is None:
        return mari.propose_labels(model, logged)
    if not logged:
        return mari.propose_axes(model, given)
    learnt = mari.propose_labels(model, logged, stated=given)
    return mari.Labels({**learnt.inputs, **_answers(model, given)})


def _answers(model: mari.Model, labels: mari.Labels) -> dict[str, mari.InputLabel]:
    """Return the inputs of which a label, or more, is somebody's answer and no proposal."""
    vouchers = mari.list_vouchers(model, labels)
    proposed = {label for by in (*mari.EVIDENCE_VOUCHERS, NOBODY) for label in vouchers.get(by, ())}
    return {
        name: label
        for name, label in labels.inputs.items()
        if any(name_label(name, part) not in proposed for part in label.columns or (label,))
    }


def inspect(
    model: ModelArgument,
    labels: LabelsOption = None,
    json: JsonOption = None,
    signature: Called = Signature.DROP_IN,
    candidates: Candidates = 500,
    measure: Measured = False,
    request: OwnRequests = None,
    free_batch: FreeBatch = False,
    force: Force = False,
    verbose: Verbose = False,
) -> None:
    """Show what a rewrite would gain, and write nothing.

    Says which inputs are the request's, the expected time and the FLOPs before and after, what
    would become of the products, and what needs a look; -v prints it input by input and node by
    node. Without --labels the roles that 'mari labels' proposes are taken. Where a request
    (--request) contradicts a label, the exit status is 1.
    """
    if request and not measure:
        raise typer.BadParameter("--request is read by --measure; add it")
    check_json(json, force=force)
    loaded = read_model(model, free_batch)
    known = read_labels(loaded, labels)
    own = _read_requests(loaded, request)
    with show_progress() as progress:
        found = mari.plan(
            loaded, known, signature=signature, candidates=candidates, progress=progress
        )
    measured = None
    if measure:
        with show_progress() as progress:
            measured = mari.measure(found, requests=tuple(own.values()), progress=progress)
    if json is not None:
        write_json(inspection(found, measured), json, force=force)
    if json != STDOUT:
        show(*inspect_headline(found, confirmed=labels is not None))
        if measured is not None:
            show(*measure_headline(measured))
        if verbose:
            _show_tables(found, measured)
    _hold_to_requests(loaded, known, own)


def _hold_to_requests(
    model: mari.Model, labels: mari.Labels, requests: Mapping[Path, mari.Feeds]
) -> None:
    """Raise VerificationError where a request contradicts a label, however much was measured."""
    from mari_engine.feeds import check_request  # here, so that help starts without ONNX

    for path, feeds in requests.items():
        try:
            check_request(feeds, model, labels, where=str(path))
        except mari.ContradictedLabel as error:
            raise VerificationError(str(error)) from error


def _show_tables(found: mari.Plan, measured: mari.Measurement | None) -> None:
    info = mari.describe(found.original)
    show(
        "",
        f"{found.original.name}: {nodes_in_words(info)}, opset {info.opset}, "
        f"{format_count(info.parameters)} parameters, {format_count(info.bytes, 'B')}",
    )
    inputs = [
        (tensor.name, tensor.dtype, tensor.shape or "?", found.coloring.values[tensor.name].side)
        for tensor in info.inputs
        if tensor.name in found.coloring.values
    ]
    show_table("Inputs", ("input", "type", "shape", "side"), inputs)
    show_labels(found.labels, evidence=False)
    sides = [color.side for color in found.coloring.values.values()]
    show_table("Colors", ("side", "values#"), [(side, sides.count(side)) for side in Side])
    show_segments(found.coloring.segments)
    show_decisions(found.decisions, found.candidates)
    unknown = list(found.coloring.unknown.items())
    if unknown:
        show_table("Not understood, and left as they are", ("node", "reason"), unknown)
    show_flops(found)
    show_selection(found.selection)
    if measured is not None:
        show_measurement(measured)
