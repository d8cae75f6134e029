"""Work that runs beside the page: cancellable jobs, and what keeps them undisturbed."""

from app.jobs.gc_freeze import give_back_memory, settle_garbage
from app.jobs.job import Job, undisturbed
from app.jobs.safe_regex import regex

__all__ = ["Job", "give_back_memory", "regex", "settle_garbage", "undisturbed"]
