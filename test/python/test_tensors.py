"""What a model may be called with besides NumPy arrays: objects with `__dlpack__`, lists, and arrays to write results to."""
import ctypes
import gc

import numpy as np
import pytest
import vitc
from vitc import _abi
from vitc._dlpack import _Managed, _Versioned
from vitc._tensors import read

F = np.float32
ONES = np.ones((2, 4), F)


class Foreign:
    """An array of another library's, of which nothing but DLPack is known."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)


class Old(Foreign):
    """One that knows no versions of DLPack."""

    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()


_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi))


class Handmade:
    """A capsule with any fields over the memory of an array."""

    def __init__(self, array, type, device=_abi.CPU, flags=None, strides=None, offset=0, major=1):
        self.array = array
        self.extents = (ctypes.c_int64 * array.ndim)(*array.shape)
        self.strides = (ctypes.c_int64 * array.ndim)(*strides) if strides else None
        self.managed = _Managed() if flags is None else _Versioned(major=major, flags=flags)
        tensor = self.managed.tensor
        tensor.data, tensor.byte_offset, tensor.ndim = array.ctypes.data - offset, offset, array.ndim
        tensor.device.device_type, tensor.dtype = device, _abi.DataType(*type)
        tensor.shape = ctypes.cast(self.extents, ctypes.POINTER(ctypes.c_int64))
        if strides:
            tensor.strides = ctypes.cast(self.strides, ctypes.POINTER(ctypes.c_int64))
        self.name = b"dltensor" if flags is None else b"dltensor_versioned"

    def __dlpack__(self, **options):
        return _new_capsule(ctypes.addressof(self.managed), self.name, None)


FLOAT, BFLOAT16, FLOAT4 = (2, 32, 1), (4, 16, 1), (17, 4, 1)


@pytest.fixture(scope="module")
def model(add_so):
    return vitc.load(add_so, threads=1)


@pytest.fixture(scope="module")
def pick(add_so):
    """pick(x: int64 (count)) -> heads: (count//2), evens: as many as there are."""
    return vitc.load(add_so, threads=1, function="pick")


@pytest.fixture(scope="module")
def compiled(run_tool, tmp_path_factory):
    """compiled(type): y = x + x of three elements of that ONNX type."""
    onnx = pytest.importorskip("onnx", reason="tools/build installs it")
    folder = tmp_path_factory.mktemp("typed")

    def build(name):
        values = [onnx.helper.make_tensor_value_info(value, getattr(onnx.TensorProto, name), [3]) for value in "xy"]
        graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "copy", values[:1], values[1:])
        onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 23)]), folder / f"{name}.onnx")
        done = run_tool("vitc", folder / f"{name}.onnx", "-o", folder / f"{name}.so")
        assert done.returncode == 0, done.stderr
        return vitc.load(folder / f"{name}.so")

    return build


@pytest.mark.parametrize("form", [Foreign, Old], ids=["versioned", "old"])
def test_dlpack_is_read_in_place(model, form):
    array = np.arange(8, dtype=F).reshape(2, 4)
    memory = read(model.inputs[0], form(array))
    assert (memory.address, memory.form[0]) == (array.ctypes.data, (2, 4))
    result = model(form(array), ONES)
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, array + [1, 10, 100, 1000])


def test_numpy_is_read_in_place(model):
    array = np.arange(8, dtype=F).reshape(2, 4)
    array.flags.writeable = False
    assert read(model.inputs[0], array).address == array.ctypes.data


def test_dlpack_frees_what_it_lent(model):
    freed = []

    class Lender(Foreign):
        def __dlpack__(self, **options):
            array = self.array.copy().view(Watched)
            return array.__dlpack__(**options)

    class Watched(np.ndarray):
        def __del__(self):
            freed.append(self.shape)

    model(Lender(ONES), ONES)
    gc.collect()
    assert (2, 4) in freed


@pytest.mark.parametrize(
    "view",
    [lambda x: x[:, ::2], lambda x: x[::-1, 4:], lambda x: x.reshape(4, 4)[:, :2].T,
     lambda x: np.broadcast_to(x[0, :4], (2, 4))],
    ids=["strided", "backwards", "transposed", "broadcast"])
def test_dlpack_with_strides(model, view):
    array = view(np.arange(16, dtype=F).reshape(2, 8))
    np.testing.assert_array_equal(model(Foreign(array), ONES), array + [1, 10, 100, 1000])


def test_dlpack_fields(model):
    array = np.arange(8, dtype=F).reshape(2, 4)
    expected = array + [1, 10, 100, 1000]
    for fields in {}, {"strides": (4, 1), "offset": 4}, {"device": 3, "flags": 1}:
        form = Handmade(array, FLOAT, **fields)
        np.testing.assert_array_equal(model(form, ONES), expected)
    unaligned = np.frombuffer(b"\0" + array.tobytes(), np.uint8)[1:].view(F).reshape(2, 4)
    np.testing.assert_array_equal(model(Handmade(unaligned, FLOAT), ONES), expected)
    np.testing.assert_array_equal(model(Handmade(array[:1], FLOAT, strides=(77, 1)), ONES[:1]), expected[:1])


@pytest.mark.parametrize(
    "wrong, message",
    [
        (Handmade(ONES, FLOAT, device=2), "input 'a' is on a device of DLPack's type 2; expected the CPU"),
        (Handmade(ONES, (2, 64, 1)), "input 'a' has type float64; expected float32"),
        (Handmade(ONES, FLOAT, flags=0, major=2),
         "input 'a' is a Handmade that DLPack cannot pass on: it is of version 2.0 of DLPack; expected 1.x"),
        (Handmade(ONES, FLOAT4), "input 'a' packs several elements into a byte; expected one a byte"),
        (Foreign(np.ones((2, 4), F).astype(">f4")), "input 'a' is a Foreign that DLPack cannot pass on: "),
        (None, "input 'a' is a NoneType; expected an array, a tensor or a list of numbers"),
        ([[1, 2], [3]], "input 'a' cannot be made an array: "),
        (["x"], "the array for 'a' has elements of type <U1; expected float32"),
        ({1, 2}, "input 'a' is a set; expected an array, a tensor or a list of numbers"),
    ])
def test_wrong_inputs(model, wrong, message):
    with pytest.raises(vitc.Error) as error:
        model(wrong, ONES)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)
    np.testing.assert_array_equal(model(ONES, ONES)[0], [2, 11, 101, 1001])


def test_a_capsule_that_was_taken(model):
    class Taken(Foreign):
        def __dlpack__(self, **options):
            capsule = self.array.__dlpack__()
            np.from_dlpack(Lent(capsule))
            return capsule

    class Lent(Foreign):
        def __dlpack__(self, **options):
            return self.array

        def __dlpack_device__(self):
            return _abi.CPU, 0

    with pytest.raises(vitc.Error, match="expected a capsule that nobody has taken"):
        model(Taken(ONES), ONES)


def test_lists_get_the_type_of_the_input(pick, model):
    np.testing.assert_array_equal(pick([4, 3])["evens"], [4])
    np.testing.assert_array_equal(pick([4.0, 3.0])["evens"], [4])
    np.testing.assert_array_equal(model([[1] * 4], [[True] * 4]), [[2, 11, 101, 1001]])
    with pytest.raises(vitc.Error, match="input 'x' has type int64, which lacks values of the list given"):
        pick([1.5, 2.0])
    with pytest.raises(vitc.Error, match="input 'x' has type float64; expected int64"):
        pick(np.array([1.0, 2.0]))


def test_types_that_numpy_lacks(compiled, monkeypatch):
    model = compiled("BFLOAT16")
    bits = np.array([0x3F80, 0x4000, 0xC040], np.uint16)  # 1, 2, -3
    for form in bits, Handmade(bits, BFLOAT16), Foreign(bits):
        np.testing.assert_array_equal(model(form).view(np.uint16), bits)
    np.testing.assert_array_equal(model([1, 2, -3]).view(np.uint16), bits)
    monkeypatch.setattr("vitc._abi.dtype_of", lambda name: np.dtype(np.uint16))  # as without ml_dtypes
    without = vitc.load(model.path)
    np.testing.assert_array_equal(without(bits), bits)
    with pytest.raises(vitc.Error, match="input 'x' has type bfloat16, which NumPy has from the package ml_dtypes alone"):
        without([1, 2, -3])


def test_elements_of_less_than_a_byte(compiled):
    model = compiled("FLOAT4E2M1")
    bits = np.array([1, 2, 15], np.uint8)
    for form in bits, Foreign(bits), Handmade(bits, FLOAT4, flags=4):
        np.testing.assert_array_equal(model(form).view(np.uint8), bits)


@pytest.mark.parametrize("form", [lambda x: x, Foreign], ids=["numpy", "dlpack"])
def test_out(model, form):
    out = np.full((2, 4), 7, F)
    given = form(out)
    assert model(ONES, ONES, out=given) is given
    np.testing.assert_array_equal(out[0], [2, 11, 101, 1001])
    assert model.run({"a": out.copy(), "b": ONES}, out={"sum": given})["sum"] is given
    np.testing.assert_array_equal(out[0], [3, 21, 201, 2001])
    assert model(ONES, ONES, out=(given,)) is given
    assert model(ONES, ONES) is not given


def test_out_of_several(add_so):
    pair = vitc.load(add_so, threads=1, function="pair")
    x, total = np.arange(6).reshape(3, 2), np.zeros((), np.int64)
    for out in {"total": total}, (None, total), [None, total]:
        total[()] = 0
        results = pair(x, out=out)
        assert results["total"] is total and total == 15
        np.testing.assert_array_equal(results["twice"], 2 * x)


def test_out_of_as_many_as_there_are(pick):
    """The beginning of the memory that was given."""
    room = np.full(4, -1)
    results = pick([4, 3, 8, 2], out={"evens": room})
    np.testing.assert_array_equal(results["evens"], [4, 8, 2])
    assert results["evens"].base is room
    np.testing.assert_array_equal(room, [4, 8, 2, -1])
    assert pick([2, 4], out={"evens": room[:2]})["evens"].tolist() == [2, 4]
    assert [pick(values)["evens"].tolist() for values in ([1, 3], [2, 4], [1, 3], [5, 6])] == [[], [2, 4], [], [6]]


def read_only(shape):
    array = np.zeros(shape, F)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "out, message",
    [
        (read_only((2, 4)), "the array for output 'sum' is read-only"),
        (Handmade(np.zeros((2, 4), F), FLOAT, flags=1), "the array for output 'sum' is read-only"),
        (Handmade(np.zeros((2, 4), F), FLOAT, flags=2), "the array for output 'sum' is read-only"),
        (np.zeros((2, 8), F)[:, ::2], "the array for output 'sum' is not compact in row-major order"),
        (Foreign(np.zeros((4, 2), F).T), "the array for output 'sum' is not compact in row-major order"),
        (np.zeros((3, 4), F), "the array for output 'sum' has shape (3, 4); expected (2, 4)"),
        (np.zeros((2, 4)), "the array for output 'sum' has type float64; expected float32"),
        ([0.0] * 8, "`out` has 8 arrays; expected 1, for 'sum'"),
        (7, "output 'sum' cannot be written to a int; expected an array"),
        ({"total": None}, "the model has no output 'total'; it has 'sum'"),
    ])
def test_wrong_out(model, out, message):
    with pytest.raises(vitc.Error) as error:
        model(ONES, ONES, out=out)
    assert str(error.value).startswith(message)
    np.testing.assert_array_equal(model(ONES, ONES)[0], [2, 11, 101, 1001])


def test_out_must_not_be_an_input(model):
    array = np.ones((2, 4), F)
    with pytest.raises(vitc.Error, match="output 'sum' overlaps input 'a'"):
        model(array, ONES, out=array)


def test_calls_of_other_shapes_between(model):
    """What a session keeps between calls is of the last call's shapes and types."""
    for rows in 1, 1, 3, 3, 1, 3:
        a = np.full((rows, 4), rows, F)
        assert model(a, np.zeros_like(a)).tolist() == a.tolist()
        with pytest.raises(vitc.Error, match="has type int32; expected float32"):
            model(a, np.zeros((rows, 4), np.int32))
