"""What was made of a model, kept for all sessions that have it open, and no longer."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from app.session import Opened

T = TypeVar("T")


class _Entry(Generic[T]):
    """A place for one thing, which is made once by whoever asks first."""

    def __init__(self) -> None:
        self.made: list[T] = []
        self.making = threading.Lock()


class ModelCache:
    """Things made of one model, the latest of each kind. Safe in all threads."""

    def __init__(self) -> None:
        self._kinds: dict[str, OrderedDict[Hashable, _Entry[Any]]] = {}
        self._lock = threading.Lock()

    def get(self, kind: str, key: Hashable, make: Callable[[], T], *, most: int = 8) -> T:
        """Return the thing of this kind and key, made now unless it is there.

        Whoever asks for what is being made waits for it. What `make` raises is raised, and nothing
        is kept. Of each kind the `most` that were asked for last are kept.
        """
        with self._lock:
            entries = self._kinds.setdefault(kind, OrderedDict())
            entry: _Entry[T] = entries.setdefault(key, _Entry())
            entries.move_to_end(key)
            while len(entries) > most:
                entries.popitem(last=False)
        with entry.making:
            if not entry.made:
                entry.made.append(make())
            return entry.made[0]

    def has(self, kind: str, key: Hashable) -> bool:
        """Return True where the thing is there already."""
        with self._lock:
            entry = self._kinds.get(kind, OrderedDict()).get(key)
            return entry is not None and bool(entry.made)


_LOCK = threading.Lock()
_BY_KEY: weakref.WeakValueDictionary[str, ModelCache] = weakref.WeakValueDictionary()
_BY_OPENING: weakref.WeakKeyDictionary[Opened, ModelCache] = weakref.WeakKeyDictionary()


def cache_of(opened: Opened) -> ModelCache:
    """Return the cache of a model, which is the same for all sessions that have it open."""
    with _LOCK:
        held = _BY_OPENING.get(opened)
        if held is None:
            held = _BY_KEY.setdefault(opened.key, ModelCache())
            _BY_OPENING[opened] = held
        return held


def forget_all() -> None:
    """Forget what was made of all models."""
    with _LOCK:
        _BY_KEY.clear()
        _BY_OPENING.clear()
