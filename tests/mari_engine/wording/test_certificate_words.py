import dataclasses

from mari_engine.runtime import describe_machine, describe_versions
from mari_engine.types import Certificate, Coverage, MissedBranch
from mari_engine.verification import verify
from mari_engine.wording import certificate_in_words
from support.split_pairs import LABELS, split_pair


def certificate(spoil: float = 0.0) -> Certificate:
    pair = split_pair(spoil=spoil)
    return verify(pair.original, pair.optimized, LABELS, batches=(2, 3))


def test_a_passed_check_reads_as_one() -> None:
    words = certificate_in_words(certificate())
    assert words[0] == "Lossless: the same numbers as the original, if the labels are true."
    assert words[1].startswith("Exactness: evaluated in float64 (the graph converted to float64")
    assert words[1].endswith("(limit 1.0e-09), so the rewrite is an identity of real numbers.")
    assert words[2].startswith("Rounding: in its own precision the original is up to ")
    assert words[3].startswith("Ranking: every output sorts the candidates in the same order")
    assert words[4] == "Requests: 11 checked; generated ones of 2, 3 candidates with seeds 0, 1."
    assert words[5].startswith("Calling contract: 2 inputs are the original's")


def rounding(*checks: tuple[str, float, float]) -> str:
    """Return the sentence about the rounding of requests of one output."""
    found = certificate()
    made = tuple(
        dataclasses.replace(
            found.checks[0], request=request,
            outputs=(
                dataclasses.replace(
                    found.checks[0].outputs[0], original=original, optimized=optimized
                ),
            ),
        )
        for request, original, optimized in checks
    )  # fmt: skip
    return certificate_in_words(dataclasses.replace(found, checks=made))[2]


def test_rounding_of_unusual_requests_is_told_apart() -> None:
    assert "up to 2.0e-07 away from the float64 truth, the optimized model up to 3.0e-07; on " in (
        rounding(("generated", 2e-7, 3e-7), ("generated, of other magnitudes", 1.0, 0.5))
    )
    assert "rounds more, 1.0e+00 and 5.0e-01 (allowed: 4 times" in (
        rounding(("generated", 2e-7, 3e-7), ("generated, of other magnitudes", 1.0, 0.5))
    )
    assert "up to 3.0e-07 (allowed: 4 times" in (
        rounding(("generated", 2e-7, 3e-7), ("generated, of zeros", 1e-7, 1e-7))
    )


def test_a_failed_check_says_why_first() -> None:
    words = certificate_in_words(certificate(spoil=0.1))
    assert words[0].startswith("Not lossless: output 'y': in float64 the results differ by ")
    assert words[1].endswith("(limit 1.0e-09), so they are not equal.")


def test_notes_and_own_requests_are_told() -> None:
    found = certificate()
    given = dataclasses.replace(found.checks[0], seed=None, request="mine.npz")
    told = dataclasses.replace(found, checks=(*found.checks, given), notes=("a remark",))
    words = certificate_in_words(told)
    assert words[4].endswith("with seeds 0, 1, and the requests mine.npz.")
    assert words[-1] == "A remark."


def branches(coverage: Coverage | None) -> list[str]:
    words = certificate_in_words(dataclasses.replace(certificate(), coverage=coverage))
    return [word for word in words if word.startswith("Branches: ")]


def test_branches_that_were_not_reached_are_named() -> None:
    assert branches(None) == branches(Coverage(0, 0)) == []
    kinds = "(conditions, masks, clips, the ends of tables, loops, lengths)"
    assert branches(Coverage(4, 4)) == [f"Branches: all 4 were reached by some request {kinds}."]
    missed = [MissedBranch(f"w{at}", "Where", "true") for at in range(4)]
    found = Coverage(9, 5, (MissedBranch("hist", "", "length 0"), *missed), ("inner",))
    told = (
        f"Branches: 5 of 9 were reached by some request {kinds}; not by any: hist: length 0; "
        "w0 (Where): true; w1 (Where): true; 2 more; not observed, within loops and conditionals: "
        "inner."
    )
    assert branches(found) == [told]


def test_what_is_not_shown_is_not_claimed() -> None:
    found = certificate()
    checks = tuple(
        dataclasses.replace(
            check,
            outputs=tuple(
                dataclasses.replace(e, exact=None, original=None, optimized=None)
                for e in check.outputs
            ),
        )
        for check in found.checks
    )
    method = "exactness could not be shown: no kernel"
    words = certificate_in_words(dataclasses.replace(found, checks=checks, exact_method=method))
    assert words[0].startswith("Equal within rounding; that the two are exactly the same")
    assert words[1] == "Exactness could not be shown: no kernel."
    assert not any(word.startswith("Rounding") for word in words)


def test_the_machine_is_described_in_texts() -> None:
    found = describe_machine()
    assert {"processor", "cores", "memory", "system", *describe_versions()} == set(found)
    assert all(isinstance(value, str) and value for value in found.values())
    assert int(found["cores"]) >= 1
