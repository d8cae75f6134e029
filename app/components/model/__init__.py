"""The Model page, drawn: the picker, the model's card, and session files."""

from app.components.model.card import show_card
from app.components.model.fixed_batch import show_fixed_batch
from app.components.model.picker import pick_model
from app.components.model.session_file import (
    bring_back,
    open_picked,
    resume,
    show_waiting,
    take_back,
)
from app.components.model.welcome import TRY, show_welcome

__all__ = [
    "TRY",
    "bring_back",
    "open_picked",
    "pick_model",
    "resume",
    "show_card",
    "show_fixed_batch",
    "show_waiting",
    "show_welcome",
    "take_back",
]
