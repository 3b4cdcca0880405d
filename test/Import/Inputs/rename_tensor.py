"""rename_tensor.py MODEL FROM TO OUTPUT: the model with one tensor of its nodes called otherwise."""
import sys

import onnx

path, before, after, output = sys.argv[1:]
model = onnx.load(path)
for node in model.graph.node:
    for names in (node.input, node.output):
        names[:] = [after if name == before else name for name in names]
onnx.save(model, output)
