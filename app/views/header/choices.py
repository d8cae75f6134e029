"""Options in words, and whether those that are chosen were confirmed."""

from __future__ import annotations

from app.session import Options, Work
from app.views.text import count


def tell_options(options: Options) -> str:
    """Return options in words: "drop-in, 500 candidates"."""
    words = [str(options.signature), count(options.candidates, "candidate")]
    if options.keep:
        words.append(f"{count(len(options.keep), 'product')} left alone")
    return ", ".join(words)


def tell_unconfirmed(work: Work) -> str:
    """Return that other options were chosen since the check; "" where none were."""
    if work.confirmed is None or work.chosen == work.options:
        return ""
    return (
        f"Figures, check and files are still those of {tell_options(work.options)}. You chose"
        f" {tell_options(work.chosen)} since: confirm again on the Labels page to have that."
    )
