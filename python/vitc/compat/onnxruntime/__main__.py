"""`python -m vitc.compat.onnxruntime PROGRAM ARGUMENTS…` runs a Python program whose `onnxruntime` is vitc's."""
import os
import runpy
import sys

from vitc.compat import onnxruntime

if len(sys.argv) < 2:
    print("usage: python -m vitc.compat.onnxruntime PROGRAM ARGUMENTS…", file=sys.stderr)
    sys.exit(2)
if not os.path.isfile(sys.argv[1]):
    print(f"vitc: error: there is no program {sys.argv[1]}", file=sys.stderr)
    sys.exit(2)
onnxruntime.install()
del sys.argv[0]
sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))  # as Python does for a program
runpy.run_path(sys.argv[0], run_name="__main__")
