"""What needs torch or a library of models is not looked at by pytest."""

collect_ignore = ["recipes", "exporting.py"]
