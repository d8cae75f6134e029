"""What went wrong is told without the server's own folders."""

from __future__ import annotations

from pathlib import Path

from app.session import Work


def test_a_message_names_an_upload_without_its_folder(tmp_path: Path) -> None:
    work = Work()
    work.folders.append(tmp_path)
    told = work.tell(f"{tmp_path}/ranker.onnx: cannot be read")
    assert told == "ranker.onnx: cannot be read"
