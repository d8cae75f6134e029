"""Streamlit parts of pages: each draws one thing and returns what the user did."""
