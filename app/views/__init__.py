"""Engine results to figures, tables and words; pure, without Streamlit."""
