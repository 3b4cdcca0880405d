"""ONNX Runtime's exceptions, all of which are vitc.Error here, so that what catches one of them catches vitc's."""
from __future__ import annotations

from vitc import Error

EPFail = EngineError = Fail = InvalidArgument = InvalidGraph = InvalidProtobuf = ModelLoaded = NoModel = NoSuchFile = Error
ModelLoadCanceled = ModelRequiresCompilation = NotFound = NotImplemented = RuntimeException = Error
