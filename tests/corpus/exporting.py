"""From recipes to NAME.onnx and NAME.labels.json, each by the exporter that its form names."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from corpus.forms import Exporter, Form, Recipe


def export_all(recipes: Iterable[Recipe], folder: Path, *, only: str = "") -> list[str]:
    """Write each recipe in each of its forms; return what failed, a line each, and go on."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for recipe in recipes:
        for form in recipe.forms:
            name = recipe.name_of(form)
            if only not in name or (folder / f"{name}.labels.json").exists():
                continue
            try:
                _export_one(recipe, form, folder)
                print(f"{name}: exported", flush=True)
            except Exception as error:  # a library's model that its framework does not export
                told = traceback.format_exception_only(error)[-1].strip().splitlines()[0]
                failed.append(f"{name}: {told}")
                print(failed[-1], flush=True)
    return failed


def _export_one(recipe: Recipe, form: Form, folder: Path) -> None:
    """Write the files by the framework of this form, which need not be there for another's."""
    framework = "keras" if form.exporter == Exporter.TF2ONNX else "torch"
    import_module(f"corpus.{framework}_exporting").export_one(recipe, form, folder)
