"""A model summed up as figures and rows; pure functions."""

from app.views.model.summary import count_operators, figures, fixed_rows, tensor_rows

__all__ = ["count_operators", "figures", "fixed_rows", "tensor_rows"]
