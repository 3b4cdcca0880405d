"""Interfaces of other packages over vitc: `vitc.compat.onnxruntime`."""
