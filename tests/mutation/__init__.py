"""Mutation: optimized models made wrong on purpose, to measure how much the check sees."""

from mutation.campaign import Campaign, Mutant, Outcome, Target
from mutation.kinds import KINDS

__all__ = ["KINDS", "Campaign", "Mutant", "Outcome", "Target"]
