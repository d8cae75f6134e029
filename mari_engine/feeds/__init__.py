"""Requests: planned from a model's inputs, drawn at random, read from files, bound to a rewrite."""

from mari_engine.feeds.binding import bind_batch, bind_feeds
from mari_engine.feeds.feed_plan import FeedPlan, make_feeds, plan_feeds
from mari_engine.feeds.input_order import InputSlot, list_slots
from mari_engine.feeds.missing_histories import void_requests
from mari_engine.feeds.planned_inputs import Part, PlannedInput
from mari_engine.feeds.random_features import Values
from mari_engine.feeds.request_files import Request, check_request, load_requests

__all__ = [
    "FeedPlan",
    "InputSlot",
    "Part",
    "PlannedInput",
    "Request",
    "Values",
    "bind_batch",
    "bind_feeds",
    "check_request",
    "list_slots",
    "load_requests",
    "make_feeds",
    "plan_feeds",
    "void_requests",
]
