"""The certificate as rows and sentences; pure functions."""

from app.views.download.certificate import check_rows, explain, missed_rows, verdict

__all__ = ["check_rows", "explain", "missed_rows", "verdict"]
