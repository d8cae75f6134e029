"""Files and folders that are written as a whole: what is there is the old one or the new one."""

from mari_engine.files.locks import claimed, hold, reading
from mari_engine.files.whole_file import write_whole
from mari_engine.files.whole_folder import finish_replacement, replace_files, replace_folder
from mari_engine.files.workplace import open_workplace, sync

__all__ = [
    "claimed",
    "finish_replacement",
    "hold",
    "open_workplace",
    "reading",
    "replace_files",
    "replace_folder",
    "sync",
    "write_whole",
]
