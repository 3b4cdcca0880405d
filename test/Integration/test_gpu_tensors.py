"""Tensors on a GPU in Python: read and written where they are, on the caller's stream. The GPU is the mock's."""
import contextlib
import ctypes
import gc
import os
import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest
import vitc
from vitc import _abi, _cuda
from vitc._dlpack import _Managed, _pointer, lend

from harness import Reference, compile_model, draw

FLOAT = _abi.DataType(2, 32, 1)


@pytest.fixture(scope="module", autouse=True)
def mock(build_dir):
    path = build_dir / "lib" / "libvitc-libcuda-mock.so"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITC_LIBCUDA", str(path))
        _cuda.driver.cache_clear()
        yield ctypes.CDLL(path)
    _cuda.driver.cache_clear()


@pytest.fixture(scope="module")
def library(small_model, run_tool, tmp_path_factory):
    return compile_model(run_tool, small_model("deit_batch"), tmp_path_factory.mktemp("gpu") / "deit.so", "--target=cuda-sm_90")


@pytest.fixture(scope="module")
def model(library):
    with vitc.load(library.library, device="cuda") as model:
        yield model


@pytest.fixture(scope="module")
def pair(library, model):
    """An input, and what ONNX Runtime makes of it."""
    inputs = draw(model, 1)
    expected, = Reference.open(library.model).run(inputs).values()
    return next(iter(inputs.values())), expected


def close_to(found, wanted):
    return found.shape == wanted.shape and np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()


class Foreign:
    """A tensor of another library's, of which nothing but DLPack is known. It keeps the streams that it was asked for on."""

    def __init__(self, array, device=(_abi.CUDA, 0), address=None):
        self.array, self.kind, self.shape = array, device, array.shape
        self.address = array.address if address is None else address
        self.streams = []

    def __dlpack_device__(self):
        return self.kind

    def __dlpack__(self, *, stream=None, max_version=None):
        self.streams.append(stream)
        return lend(self.address, self.shape, FLOAT, _abi.Device(*self.kind), self)


class Transposed(Foreign):
    """One whose rows are columns."""

    def __dlpack__(self, *, stream=None, max_version=None):
        capsule = super().__dlpack__(stream=stream)
        tensor = _Managed.from_address(_pointer(capsule, b"dltensor")).tensor
        self.strides = (ctypes.c_int64 * len(self.shape))(*range(1, 1 + len(self.shape)))
        tensor.strides = ctypes.cast(self.strides, ctypes.POINTER(ctypes.c_int64))
        return capsule


def test_device_arrays(model, pair):
    """vitc's own: taken where they are, and returned."""
    x, expected = pair
    y = model(vitc.to_device(x))
    assert isinstance(y, vitc.DeviceArray) and y.device == "cuda:0" and y.shape == expected.shape
    assert close_to(y.numpy(), expected)
    assert repr(y) == f"vitc.DeviceArray(shape={expected.shape}, dtype=float32, device='cuda:0')"


def test_tensors_of_other_libraries(model, pair):
    """They are asked for on the stream of the call, the legacy default one where none is named."""
    x, expected = pair
    tensor = Foreign(vitc.to_device(x))
    assert close_to(model(tensor).numpy(), expected)
    assert tensor.streams == [1]
    assert close_to(np.asarray(model(x)), expected)  # from the host, to the host


def test_results_are_written_where_they_belong(model, pair):
    x, expected = pair
    on_host, on_gpu = np.empty_like(expected), vitc.to_device(np.full_like(expected, np.nan))
    source = vitc.to_device(x)
    assert model(source, out=on_host) is on_host and close_to(on_host, expected)
    for value in (source, x):
        sink = Foreign(vitc.to_device(np.full_like(expected, np.nan)))
        assert model(value, out=sink) is sink and close_to(sink.array.numpy(), expected)
    assert model(x, out=on_gpu) is on_gpu and close_to(on_gpu.numpy(), expected)


def test_streams(model, pair, mock):
    """The run is on the stream that is named: its results are there once that has been waited for."""
    x, expected = pair
    with _cuda.driver().current(0):
        stream = ctypes.c_void_p()
        assert not mock.cuStreamCreate(ctypes.byref(stream), 1)
        tensor, array = Foreign(vitc.to_device(x)), vitc.to_device(x)
        named = types.SimpleNamespace(__cuda_stream__=lambda: (0, stream.value))
        objects = [types.SimpleNamespace(**{name: stream.value}) for name in ("cuda_stream", "ptr")]
        for given in (stream.value, *objects, named):
            assert close_to(model(tensor, stream=given).numpy(), expected)
        result = model.run({model.inputs[0].name: array}, stream=stream.value)[model.outputs[0].name]
        assert result.stream == stream.value and close_to(result.numpy(), expected)
        assert tensor.streams == [stream.value] * 4
        assert close_to(model(array, stream=1).numpy(), expected)  # CU_STREAM_LEGACY
        sink = vitc.to_device(np.full_like(expected, np.nan))
        assert model(array, out=sink, stream=stream.value) is sink and sink.stream == stream.value
        assert close_to(sink.numpy(), expected)
        assert not mock.cuStreamDestroy_v2(stream)


@pytest.mark.parametrize("broken", [False, True])
def test_a_run_that_fails_is_waited_for(model, pair, monkeypatch, broken):
    """Part of it may be on the stream, and memory goes with the error; which stays the one that is told."""
    waited, x = [], vitc.to_device(pair[0])

    def synchronize(ordinal, stream):
        waited.append((ordinal, stream))
        if broken:
            raise vitc.Error("so is the wait")

    def run(self, *_):
        assert not waited
        raise vitc.Error("the run failed")

    monkeypatch.setattr(vitc._session.Session, "run", run)
    monkeypatch.setattr(_cuda.driver(), "synchronize", synchronize)
    assert error_of(model, x) == "the run failed"
    assert waited == [(0, 0)]


def test_dlpack_of_device_arrays(model, pair):
    """They can be taken over, and live until they are given back."""
    x, _ = pair
    array = vitc.to_device(x)
    assert array.__dlpack_device__() == (_abi.CUDA, 0)
    gc.collect()  # what errors of earlier tests hold
    before = len(vitc._dlpack._lent)
    capsule = array.__dlpack__(stream=1)
    assert len(vitc._dlpack._lent) == before + 1
    del capsule
    gc.collect()
    assert len(vitc._dlpack._lent) == before
    for wrong in ({"copy": True}, {"dl_device": (_abi.CPU, 0)}):
        with pytest.raises(BufferError, match="is passed on where it is"):
            array.__dlpack__(**wrong)


def test_a_child_frees_nothing():
    """CUDA does not survive a fork, and the memory is the parent's: the driver is not called."""
    _cuda._free(None, os.getpid() + 1, 0, 0)


def error_of(call, *arguments, **options):
    with pytest.raises(vitc.Error) as raised:
        call(*arguments, **options)
    return str(raised.value)


def test_wrong_tensors(model, pair, library):
    x, expected = pair
    array = vitc.to_device(x)
    assert "is said to be on CUDA device 0, but its address is not of a GPU's memory" in error_of(
        model, Foreign(x, address=x.ctypes.data))
    assert "expected cuda:0 or the CPU" in error_of(model, Foreign(array, device=(_abi.CUDA, 1)))
    said = error_of(model, Transposed(array))
    expectation = "on a GPU that is not compact in row-major order and aligned to 16 bytes; expected one that is"
    assert f"is a Transposed {expectation}" in said
    beside = Foreign(array, address=array.address + 4)
    assert f"is a Foreign {expectation}" in error_of(model, beside)
    result = Foreign(vitc.DeviceArray((expected.size + 1,), np.float32))
    result.shape, result.address = expected.shape, result.address + 4
    assert "is not compact in row-major order and aligned to 16 bytes" in error_of(model, array, out=result)
    assert "has shape" in error_of(model, array, out=vitc.DeviceArray((1, 1), np.float32))
    assert "has type float64" in error_of(model, array, out=vitc.DeviceArray(expected.shape, np.float64))
    for stream in ("0", -1, True, object()):
        assert "expected the handle of a CUDA stream, or a stream of PyTorch or CuPy" in error_of(model, array, stream=stream)


def test_a_model_on_the_cpu(compiled, pair):
    """It takes no tensors of a GPU, and no stream."""
    on_cpu = vitc.load(compiled("deit").library)
    x = np.ones((1, 3, 64, 64), np.float32)
    assert "expected the CPU" in error_of(on_cpu, vitc.to_device(x))
    assert error_of(on_cpu, x, stream=0) == ("a stream was given to a model on the CPU; expected one that was loaded with "
                                             "device='cuda'")


def test_compiled_in_python(small_model, tmp_path):
    """A model for GPUs alone is loaded on one, one for several kinds of devices where it is said."""
    def compile(target, **options):
        return vitc.compile(small_model("deit"), tmp_path / "model.so", target=target, **options)

    x = np.ones((1, 3, 64, 64), np.float32)
    with compile("cuda-sm_90") as on_gpu, compile(["cpu", "cuda-sm_90"]) as on_cpu, \
            compile("cpu,cuda-sm_90", device="cuda") as either:
        assert (on_gpu.device, on_cpu.device, either.device) == ("cuda", "cpu", "cuda")
        assert close_to(on_gpu(x), on_cpu(x)) and close_to(either(vitc.to_device(x)).numpy(), on_cpu(x))
    assert "device is 'gpu'; expected cpu, cuda" in error_of(compile, "cuda-sm_90", device="gpu")


def test_memory_that_is_not_there():
    assert error_of(vitc.to_device, np.ones(1), "cpu") == "device is 'cpu'; expected cuda, or cuda:1 and so on"
    assert "the CUDA driver failed in cuDeviceGet" in error_of(vitc.to_device, np.ones(1), "cuda:7")
    assert "the CUDA driver failed in cuMemAlloc_v2: out of memory" in error_of(vitc.DeviceArray, (1 << 60,), np.uint8)
    assert vitc.to_device(np.empty((0, 3), np.float32)).numpy().shape == (0, 3)


class FakeTorch(types.ModuleType):
    """As much of PyTorch as a call on a GPU uses, over vitc's arrays: a current stream, and memory made on it."""

    def __init__(self):
        super().__init__("torch")
        self.strided, self.float32, self.contiguous_format = "strided", "float32", "contiguous"
        self.now, self.made_on, self.told = 0, [], []
        self.cuda = types.SimpleNamespace(
            current_stream=lambda ordinal: types.SimpleNamespace(cuda_stream=self.now),
            ExternalStream=lambda handle, device: types.SimpleNamespace(cuda_stream=handle), stream=self.stream)
        torch = self

        class Tensor(Transposed):
            layout, requires_grad, is_cpu, is_cuda, dtype = "strided", False, False, True, "float32"
            compact = True

            def is_contiguous(self):
                return self.compact

            def is_neg(self):
                return False

            def data_ptr(self):
                return self.array.address

            def record_stream(self, stream):
                torch.told.append(stream.cuda_stream)

            def __dlpack__(self, *, stream=None, max_version=None):
                return (Foreign if self.compact else Transposed).__dlpack__(self, stream=stream)

            def clone(self, memory_format):
                torch.made_on.append(torch.now)
                return Tensor(self.array)

        self.Tensor = Tensor

    @contextlib.contextmanager
    def stream(self, stream):
        before, self.now = self.now, stream.cuda_stream
        yield
        self.now = before

    def empty(self, shape, dtype, device):
        assert device == "cuda:0"
        self.made_on.append(self.now)
        return self.Tensor(vitc.DeviceArray(tuple(shape), np.dtype(dtype)))


@pytest.fixture
def torch(monkeypatch):
    fake = FakeTorch()
    monkeypatch.setitem(sys.modules, "torch", fake)
    vitc._tensors.torch_type.cache_clear()
    yield fake
    vitc._tensors.torch_type.cache_clear()


def test_tensors_of_pytorch(model, pair, mock, torch):
    """Results are PyTorch's, in memory that it gives out on the stream of the call: its current one, or the one named."""
    x, expected = pair
    with _cuda.driver().current(0):
        stream = ctypes.c_void_p()
        assert not mock.cuStreamCreate(ctypes.byref(stream), 1)
        torch.now = stream.value
        tensor = torch.Tensor(vitc.to_device(x))
        y = model(tensor)
        assert type(y) is torch.Tensor and torch.made_on == [stream.value] and set(tensor.streams) <= {stream.value}
        assert torch.told == []
        assert not mock.cuStreamSynchronize(stream)
        assert close_to(y.array.numpy(), expected)
        torch.now = 0
        y = model(tensor, stream=stream.value)
        assert torch.made_on[1:] == [stream.value] and torch.now == 0
        assert torch.told == [stream.value]  # its memory is not used again before that stream is there
        assert not mock.cuStreamSynchronize(stream)
        assert close_to(y.array.numpy(), expected)
        tensor.compact = False
        y = model(tensor)
        assert torch.made_on[2:] == [0, 0] and close_to(y.array.numpy(), expected)
        tensor.compact, tensor.address = True, tensor.address + 4
        y = model(tensor)
        assert torch.made_on[4:] == [0, 0] and close_to(y.array.numpy(), expected)
        assert not mock.cuStreamDestroy_v2(stream)


def fake_cupy():
    """As much of CuPy as a call on a GPU uses, over vitc's arrays."""
    cupy = types.ModuleType("cupy")
    cupy.streams = [0]

    class ndarray(Foreign):  # noqa: N801  (CuPy's name)
        @property
        def data(self):
            return types.SimpleNamespace(ptr=self.array.address)

    @contextlib.contextmanager
    def external_stream(handle, ordinal):
        cupy.streams.append(handle)
        yield
        cupy.streams.pop()

    def empty(shape, dtype):
        assert cupy.streams[1:]  # memory is given out on a stream
        return ndarray(vitc.DeviceArray(tuple(shape), np.dtype(dtype)))

    cupy.ndarray, cupy.empty = ndarray, empty
    cupy.cuda = types.SimpleNamespace(get_current_stream=lambda: types.SimpleNamespace(ptr=cupy.streams[-1]),
                                      Device=lambda ordinal: contextlib.nullcontext(), ExternalStream=external_stream)
    return cupy


def test_arrays_of_cupy(model, pair, monkeypatch):
    x, expected = pair
    cupy = fake_cupy()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    waited, synchronize = [], _cuda.driver().synchronize
    monkeypatch.setattr(_cuda.driver(), "synchronize", lambda *stream: waited.append(stream) or synchronize(*stream))
    source = cupy.ndarray(vitc.to_device(x))
    y = model(source)
    assert type(y) is cupy.ndarray and cupy.streams == [0] and waited == [] and close_to(y.array.numpy(), expected)
    cupy.streams[0] = 2  # CU_STREAM_PER_THREAD: what is freed there is used again there, whatever the run still reads
    waited.clear()
    model(source, stream=1)
    assert waited == [(0, 0)]


def test_nothing_is_left_behind(library):
    """The mock tells of what a process leaves, and of memory that is read after it was freed."""
    script = textwrap.dedent("""
        import sys
        import numpy as np
        import vitc
        model = vitc.load(sys.argv[1], device="cuda")
        for batch in (1, 2, 2, 1):
            y = model(vitc.to_device(np.ones((batch, 3, 64, 64), np.float32)))
        assert np.isfinite(y.numpy()).all()
    """)
    run = subprocess.run([sys.executable, "-c", script, library.library], capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "VITC_MOCK_DEFER": "1"})
    assert (run.returncode, run.stderr) == (0, "")


def test_without_a_driver():
    script = "import vitc\ntry: vitc.to_device([1.0])\nexcept vitc.Error as error: print(error)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "VITC_LIBCUDA": "/nowhere/libcuda.so.1"})
    assert run.stdout.startswith("the CUDA driver cannot be loaded: /nowhere/libcuda.so.1") and run.stderr == ""
