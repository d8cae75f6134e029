"""Logged requests, uploaded: they answer doubts, and are held against confirmed labels."""

from app.components.requests.upload import offer_requests

__all__ = ["offer_requests"]
