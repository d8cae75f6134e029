"""What pages ask for: the engine behind caches, model sources, downloads, restored sessions."""

from app.services.background import start_benchmark, start_check, start_flips, start_node_measures
from app.services.downloads import MOST_BYTES, pack, save_once
from app.services.model_sources import Upload, clean_name, open_at_start, open_sample
from app.services.restore import find_model, follow_link, take_up
from app.services.review_digests import find_seen, find_subjects

__all__ = [
    "MOST_BYTES",
    "Upload",
    "clean_name",
    "find_model",
    "find_seen",
    "find_subjects",
    "follow_link",
    "open_at_start",
    "open_sample",
    "pack",
    "save_once",
    "start_benchmark",
    "start_check",
    "start_flips",
    "start_node_measures",
    "take_up",
]
