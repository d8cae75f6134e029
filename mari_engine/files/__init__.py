"""Files and folders that are written as a whole: what is there is the old one or the new one."""

from mari_engine.files.locks import reading
from mari_engine.files.whole_file import write_whole
from mari_engine.files.whole_folder import finish_replacement, replace_files

__all__ = ["finish_replacement", "reading", "replace_files", "write_whole"]
