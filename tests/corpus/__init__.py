"""The development corpus: real exports of ranking models, made anew and measured.

The models are no part of the repository; the command that makes them is, and the table of what was
measured. To export, in an environment of its own (torch's CPU build; the plain name pulls CUDA):

    pip install torch==2.13.0 onnxscript onnx scikit-learn pandas h5py pyyaml tqdm requests \
        colorlog absl-py polars texttable
    pip install --no-deps deepctr-torch torch-rechub fuxictr recbole tensorboard
    PYTHONPATH=tests python -m corpus export -o DIR

    pip install tensorflow-cpu==2.15.1 tf2onnx==1.16.1 deepctr==0.9.4 onnx==1.17.0
    PYTHONPATH=tests python -m corpus export -o DIR --only tf_

The second pair is of another environment, since TensorFlow and the first ask for different versions
of what both need. A library that is absent is told and left out. To measure, with what the engine
itself needs:

    PYTHONPATH=tests python -m corpus measure DIR --json FILE
    PYTHONPATH=tests python -m corpus table FILE [--before FILE] -o tests/corpus/results.md

`measure` uses the engine that PYTHONPATH names, so that an earlier one gives the figures before.
"""
