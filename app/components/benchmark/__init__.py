"""The Benchmark page, drawn: what to run, how it went, and runs on other machines."""

from app.components.benchmark.elsewhere import offer_elsewhere
from app.components.benchmark.results import show_results
from app.components.benchmark.run_form import choose_run

__all__ = ["choose_run", "offer_elsewhere", "show_results"]
