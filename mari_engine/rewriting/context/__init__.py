"""What every handler shares: the step, the tools at hand, the log of decisions."""

from mari_engine.rewriting.context.column_groups import columns_apart, distributed
from mari_engine.rewriting.context.decision_log import Entry, Ledger
from mari_engine.rewriting.context.step import Shop, Step, Strategy

__all__ = ["Entry", "Ledger", "Shop", "Step", "Strategy", "columns_apart", "distributed"]
