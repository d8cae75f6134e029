"""What needs a framework or a library of models is not looked at by pytest."""

collect_ignore = ["recipes", "keras_exporting.py", "torch_exporting.py"]
