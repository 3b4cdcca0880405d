"""Models with external data: `external.py FOLDER` writes FOLDER/model/NAME.onnx, files beside it and one outside."""
import os
import pathlib
import sys

import numpy as np
from onnx import TensorProto

from models import model, node, tensor, value, write


def external(**entries):
    weight = tensor("w", np.zeros(512, np.float32))
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, text in entries.items():
        weight.external_data.add(key=key, value=str(text))
    return model([node("Add", ["x", "w"], ["y"])], [value("x", (512,))], initializers=[weight])


root = pathlib.Path(sys.argv[1])
folder = root / "model"
os.makedirs(folder / "sub")
data = np.arange(1024, dtype=np.float32).tobytes()
for path in (root / "secret.bin", folder / "w.bin", folder / "sub" / "w.bin"):
    path.write_bytes(data)
os.symlink(root / "secret.bin", folder / "link.bin")
os.symlink(folder / "w.bin", folder / "inside.bin")
models = {
    "absolute": external(location=folder / "w.bin"),
    "beyond": external(location="w.bin", offset=4000, length=2048),
    "climbs": external(location="../secret.bin"),
    "climbs_inside": external(location="sub/../../secret.bin"),
    "folder": external(location="sub"),
    "length": external(location="w.bin", length=1024),
    "link": external(location="link.bin"),
    "missing": external(location="other.bin"),
    "negative": external(location="w.bin", offset=-4),
    "no_location": external(offset=4),
    "overflow": external(location="w.bin", offset=8, length=2**64 - 4),
    "valid": external(location="w.bin", offset=1024, length=2048),
    "valid_inside": external(location="inside.bin", offset=2048),
    "valid_odd": external(location="sub/w.bin", offset=1, length=2048),
}
for name, content in models.items():
    write(content, folder / f"{name}.onnx")
