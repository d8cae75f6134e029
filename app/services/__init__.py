"""What pages ask for: the engine behind caches, model sources, downloads, restored sessions."""

from app.services.background import (
    start_benchmark,
    start_flips,
    start_load,
    start_node_measures,
)
from app.services.compared_runs import find_run, go_back, note_run, rename_run
from app.services.comparison import Other, start_comparison, take_other
from app.services.confirmation import confirm_labels
from app.services.downloads import MOST_BYTES, pack, pack_parts, save_once
from app.services.export_zips import read_exports
from app.services.keeping import find_kept, is_begun, is_kept, keep
from app.services.logged_requests import (
    compare_requests,
    forget_requests,
    learn_again,
    take_compared,
    take_requests,
)
from app.services.model_cache import cache_of, forget_all
from app.services.model_sources import (
    Upload,
    free_batch,
    open_at_start,
    open_sample,
    server_files,
)
from app.services.offloading import start_cuts, start_offload
from app.services.restore import find_model, follow_link, take_up
from app.services.review_digests import find_seen, find_subjects
from app.services.server_files import NO_FOLDER, read_arguments

__all__ = [
    "MOST_BYTES",
    "NO_FOLDER",
    "Other",
    "Upload",
    "cache_of",
    "compare_requests",
    "confirm_labels",
    "find_kept",
    "find_model",
    "find_run",
    "find_seen",
    "find_subjects",
    "follow_link",
    "forget_all",
    "forget_requests",
    "free_batch",
    "go_back",
    "is_begun",
    "is_kept",
    "keep",
    "learn_again",
    "note_run",
    "open_at_start",
    "open_sample",
    "pack",
    "pack_parts",
    "read_arguments",
    "read_exports",
    "rename_run",
    "save_once",
    "server_files",
    "start_benchmark",
    "start_comparison",
    "start_cuts",
    "start_flips",
    "start_load",
    "start_node_measures",
    "start_offload",
    "take_compared",
    "take_other",
    "take_requests",
    "take_up",
]
