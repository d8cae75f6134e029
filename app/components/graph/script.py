"""JavaScript bundling: the modules in assets/, vis-network and ELK, as one script.

Streamlit gives a component's script to the browser as text, which has no address to import from.
So the modules are joined in the order of their imports, each before those that import it, and
share one scope: a name at the top of one must be the only one of all (a second is an error of
syntax in the browser).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r"""^import \{[^}]*\} from "\./(\w+)\.js";\n""", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)


@cache
def load_script(entry: str) -> str:
    """Return the module `entry` with all that it imports, as one module without imports."""
    joined: dict[str, str] = {}
    _join(entry, joined)
    return "\n".join(joined.values())


def load_asset(name: str) -> str:
    """Return the text of a file of ours."""
    return (files("app.components.graph") / "assets" / name).read_text(encoding="utf-8")


def _join(name: str, joined: dict[str, str]) -> None:
    foreign = {"vis_network": _load_vis_network, "elk_worker": _load_elk}.get(name)
    text = foreign() if foreign else load_asset(f"{name}.js")
    for imported in _IMPORT.findall(text):
        if imported not in joined:
            _join(imported, joined)
    joined[name] = _EXPORT.sub("", _IMPORT.sub("", text))


def _load_vis_network() -> str:
    """Return vis-network as pyvis ships it, as a module of ours would be written.

    Nothing is copied here, and nothing comes from outside.
    """
    releases = [one for one in (files("pyvis") / "lib").iterdir() if one.name.startswith("vis-")]
    latest = max(releases, key=lambda one: [int(part) for part in re.findall(r"\d+", one.name)])
    text = (latest / "vis-network.min.js").read_text(encoding="utf-8")
    text = re.sub(r"//# sourceMappingURL=.*", "", text)
    return (
        "export const { DataSet, Network } = (function (exports, module) {\n"
        f"{text}\nreturn exports;\n}})({{}}, {{}});\n"
    )


def _load_elk() -> str:
    """Return ELK's layered layout (elkjs 0.12.1, EPL-2.0) as a module of ours would be written."""
    text = load_asset("elk/elk-worker.min.cjs")
    return (
        "export const { Worker: ElkWorker } = (function (module, exports) {\n"
        f"{text}\nreturn module.exports;\n}})({{ exports: {{}} }}, {{}});\n"
    )
