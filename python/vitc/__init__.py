"""Compile ONNX vision transformers to shared libraries and run them on NumPy arrays.

>>> import vitc
>>> model = vitc.compile("vit.onnx", "vit.so")      # or, later: vitc.load("vit.so", threads=8)
>>> model.inputs
(Tensor(name='x', dtype=dtype('float32'), shape=('batch', 3, 224, 224)),)
>>> logits = model(pixels)                          # any batch; a dict by name where there are several outputs
"""
from ._compiler import compile
from ._errors import Error
from ._model import Model, Tensor, load

__all__ = ["Error", "Model", "Tensor", "compile", "load"]
