"""Compile vision transformers to shared libraries and run them on arrays of NumPy or tensors of PyTorch.

>>> import vitc
>>> model = vitc.compile("vit.onnx", "vit.so")      # or, later: vitc.load("vit.so", threads=8)
>>> model.inputs
(Tensor(name='x', dtype=dtype('float32'), shape=('batch', 3, 224, 224), type='float32'),)
>>> logits = model(pixels)                          # any batch; a dict by name where there are several outputs
"""
from ._compiler import compile, explain
from ._cuda import DeviceArray, to_device
from ._errors import Error
from ._explain import Report
from ._model import Model, load
from ._profile import Profile
from ._tensors import Tensor

__all__ = ["DeviceArray", "Error", "Model", "Profile", "Report", "Tensor", "compile", "explain", "load", "to_device"]
