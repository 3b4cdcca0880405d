"""Where programs find ONNX Runtime's exceptions."""
