"""Graphs that TorchDynamo captured: what their inputs are, which part is to be compiled, and that part as an ONNX file."""
from __future__ import annotations

import contextlib
import dataclasses
import logging
import pathlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn


class Refused(Exception):
    """vitc cannot run a graph; the message says why, as a part of a sentence."""


class Empty(Refused):
    """There is nothing to compile."""


@dataclasses.dataclass
class Inputs:
    """The places of a graph's inputs by what they are.

    constants: parameters, buffers and other tensors of modules, which are compiled in.
    tensors: what differs from call to call.
    sizes: numbers, each with the tensor (an index of `tensors`) and the dimension that it is the extent of, or with the value
        that the graph needs it to have, or None.
    scalars: numbers of Python's that Dynamo passes as tensors and the graph takes out of them again, such as the ε of a norm.
    open: the dimensions of each of `tensors` that differ from call to call.
    """

    constants: list[int]
    tensors: list[int]
    sizes: dict[int, tuple[int, int] | int | None]
    scalars: list[int]
    open: list[list[int]]

    @property
    def symbolic(self) -> bool:
        """Whether every number follows from the tensors' shapes, so that one library serves all of them."""
        return None not in self.sizes.values()


def example(node: fx.Node) -> Any:
    """What Dynamo computed for a node on tensors without data."""
    return node.meta.get("example_value")


def placeholders(graph: fx.GraphModule) -> list[fx.Node]:
    return [node for node in graph.graph.nodes if node.op == "placeholder"]


def classify(graph: fx.GraphModule, values: Sequence[Any]) -> Inputs:
    """Raises Refused where an input is no dense tensor in the CPU's memory and no integer."""
    inputs, nodes = Inputs([], [], {}, [], []), placeholders(graph)
    for place, value in enumerate(values):
        if isinstance(value, Tensor):
            check_tensor(value)
            _kind_of(nodes[place], value, inputs).append(place)
        elif not isinstance(value, (int, torch.SymInt)):
            raise Refused(f"an input is a {type(value).__name__}")
    shapes = [example(nodes[place]).shape for place in inputs.tensors]
    inputs.open = [[dim for dim, extent in enumerate(shape) if _is_open(extent)] for shape in shapes]
    for place, value in enumerate(values):
        if not isinstance(value, Tensor):
            inputs.sizes[place] = _extent_of(example(nodes[place]), shapes)
    return inputs


def _kind_of(node: fx.Node, value: Tensor, inputs: Inputs) -> list[int]:
    if isinstance(value, nn.Parameter) or getattr(value, "_dynamo_static_input_type", None):
        return inputs.constants
    is_scalar = value.dim() == 0 and any(user.op == "call_method" and user.target == "item" for user in node.users)
    return inputs.scalars if is_scalar else inputs.tensors


def check_tensor(value: Tensor) -> None:
    if type(value) not in (Tensor, nn.Parameter):
        raise Refused(f"an input is a {type(value).__name__}")
    if value.device.type != "cpu":
        raise Refused(f"an input is on the device {value.device}; vitc runs on the CPU")
    if value.layout != torch.strided or value.is_quantized or value.is_complex():
        raise Refused(f"an input is {value.dtype} in the layout {value.layout}")


def _is_open(extent: int | torch.SymInt) -> bool:
    """Whether it differs from call to call; the graph may need a value of what Dynamo took for open at first."""
    return isinstance(extent, torch.SymInt) and extent.node.maybe_as_int() is None


def _extent_of(size: int | torch.SymInt, shapes: list[torch.Size]) -> tuple[int, int] | int | None:
    if not _is_open(size):
        return int(size)
    for index, shape in enumerate(shapes):
        for dim, extent in enumerate(shape):
            if _is_open(extent) and extent.node.expr == size.node.expr:
                return index, dim
    return None


@dataclasses.dataclass
class Parts:
    """A graph as two: `compute` returns tensors that share no memory, `finish` makes the results of the inputs and of these.

    finish: views alone, so that results share memory as they do in PyTorch; None where the tensors are the results.
    """

    compute: fx.GraphModule
    computed: list[Tensor]  # without data
    finish: fx.GraphModule | None


def split(graph: fx.GraphModule) -> Parts:
    """Raises Refused where results need gradients or are views of memory that the graph writes, Empty where all are of inputs."""
    results = next(node for node in graph.graph.nodes if node.op == "output").args[0]
    if not isinstance(results, (tuple, list)) or any(isinstance(result, (tuple, list, dict)) for result in results):
        raise Refused("its results are no tuple of tensors")
    wanted = [result for result in results if isinstance(result, fx.Node)]
    if any(isinstance(example(node), Tensor) and example(node).requires_grad for node in wanted):
        raise Refused("its results need gradients, and vitc computes none; call the model under torch.no_grad()")
    owners = _owners(graph)
    given = {_storage(example(node)) for node in placeholders(graph) if isinstance(example(node), Tensor)}
    shared = [_storage(example(node)) for node in wanted if isinstance(example(node), Tensor)]

    def is_computed(node: fx.Node) -> bool:
        """Tensors that nothing else shares, and those that views are made of."""
        if not isinstance(example(node), Tensor):
            return False
        storage = _storage(example(node))
        return storage not in given and (owners[storage] is node or node in wanted and shared.count(storage) == 1)

    computed, views = _trace_back(wanted, is_computed)
    if any(_is_written(node) for node in views):
        raise Refused("its results share memory that it writes in place")
    if not computed:
        raise Empty("it computes nothing")
    finish = None if computed == list(results) else _finish(graph, results, computed, views)
    return Parts(_compute(graph, computed), [example(node) for node in computed], finish)


def _storage(value: Tensor) -> int:
    return value.untyped_storage()._cdata


def _owners(graph: fx.GraphModule) -> dict[int, fx.Node]:
    """The first node of each storage; what follows it there are views, or writes in place."""
    owners: dict[int, fx.Node] = {}
    for node in graph.graph.nodes:
        if isinstance(example(node), Tensor):
            owners.setdefault(_storage(example(node)), node)
    return owners


def _trace_back(wanted: list[fx.Node], is_computed: Any) -> tuple[list[fx.Node], list[fx.Node]]:
    """The computed nodes that the wanted ones are made of, and the others on the way."""
    computed: dict[fx.Node, None] = {}
    views: dict[fx.Node, None] = {}
    todo = list(reversed(wanted))
    while todo:
        node = todo.pop()
        if node.op == "placeholder" or node in views:
            continue
        if is_computed(node):
            computed[node] = None
        else:
            views[node] = None
            todo += reversed(node.all_input_nodes)
    return list(computed), list(views)


def _is_written(node: fx.Node) -> bool:
    """Whether the tensor, or one that the node reads, was written in place after it was made."""
    values = [example(each) for each in (node, *node.all_input_nodes)]
    return any(isinstance(value, Tensor) and value._version > 0 for value in values)


def _compute(graph: fx.GraphModule, computed: list[fx.Node]) -> fx.GraphModule:
    copy, copies = fx.Graph(), {}
    copy.graph_copy(graph.graph, copies)
    copy.output(tuple(copies[node] for node in computed))
    return fx.GraphModule(graph, copy)


def _finish(graph: fx.GraphModule, results: Sequence[Any], computed: list[fx.Node], views: list[fx.Node]) -> fx.GraphModule:
    """(*inputs, *computed) -> results"""
    copy = fx.Graph()
    copies = {node: copy.placeholder(node.name) for node in (*placeholders(graph), *computed)}
    for node in graph.graph.nodes:
        if node in views:
            copies[node] = copy.node_copy(node, copies.__getitem__)
    copy.output(tuple(copies[result] if isinstance(result, fx.Node) else result for result in results))
    return fx.GraphModule(graph, copy)


class _Frozen(nn.Module):
    """The graph as a function of the tensors that differ from call to call. `sizes`: numbers by their place."""

    def __init__(self, graph: fx.GraphModule, inputs: Inputs, values: Sequence[Any], symbolic: bool) -> None:
        super().__init__()
        self.graph, self.inputs, self.symbolic = graph, inputs, symbolic
        self.numbers = {place: int(values[place]) for place in inputs.sizes}
        self.scalars = {place: (values[place].item(), values[place].dtype) for place in inputs.scalars}
        for place in inputs.constants:
            self.register_buffer(f"constant_{place}", values[place].detach())

    def forward(self, *tensors: Tensor) -> Any:
        values: dict[int, Any] = dict(zip(self.inputs.tensors, tensors))
        for place, found in self.inputs.sizes.items():
            of_tensor = self.symbolic and isinstance(found, tuple)
            values[place] = tensors[found[0]].shape[found[1]] if of_tensor else self.numbers[place]
        for place, (number, dtype) in self.scalars.items():  # made here, so that the export knows their values
            values[place] = torch.tensor(number, dtype=dtype)
        for place in self.inputs.constants:
            values[place] = getattr(self, f"constant_{place}")
        return self.graph(*(values[place] for place in sorted(values)))


@dataclasses.dataclass
class Names:
    """Of the ONNX file's inputs and outputs, in the order of the graph's tensors and of what it computes."""

    inputs: list[str]
    outputs: list[str]


def export(graph: fx.GraphModule, inputs: Inputs, values: Sequence[Any], symbolic: bool, path: pathlib.Path) -> Names:
    """Writes the graph with its constants as an ONNX file, for the shapes of the values, or for all where it is symbolic.

    Raises Refused where it draws random numbers or writes to its inputs, and with what PyTorch says where it cannot export it.
    """
    frozen = _Frozen(graph, inputs, values, symbolic)
    tensors = tuple(values[place].detach() for place in inputs.tensors)
    dynamic = tuple({dim: torch.export.Dim.DYNAMIC for dim in dims} for dims in inputs.open)
    with torch.no_grad(), torch._guards.tracing(None), _quiet():
        try:
            program = torch.export.export(frozen, tensors, dynamic_shapes=(dynamic,) if symbolic else None, strict=False)
            check_program(program)
            exported = torch.onnx.export(program, dynamo=True, verbose=False)
            exported.save(path)
        except Refused:
            raise
        except Exception as error:  # exporters raise whatever they meet
            raise Refused(f"PyTorch cannot export it: {_sentence(error)}") from error
    graph_of = exported.model.graph
    return Names([value.name for value in graph_of.inputs], [value.name for value in graph_of.outputs])


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter says of packages that are not there and of its own parts."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        exporter.setLevel(level)


def check_program(program: torch.export.ExportedProgram) -> None:
    """Raises Refused where a run does more than return the same results for the same inputs."""
    for node in program.graph.nodes:
        if isinstance(node.target, torch._ops.OpOverload) and _is_random(node):
            raise Refused(f"it draws random numbers ({node.target}); vitc runs models as they are after model.eval()")
    signature = program.run_decompositions({}).graph_signature
    written = [*signature.buffers_to_mutate.values(), *signature.user_inputs_to_mutate.values()]
    if written:
        raise Refused("it writes to its inputs or to buffers of the model, as batch norm does before model.eval()")


def _is_random(node: fx.Node) -> bool:
    if torch.Tag.nondeterministic_seeded not in node.target.tags:
        return False
    arguments = node.target._schema.arguments
    given = {argument.name: argument.default_value for argument in arguments if argument.has_default_value()}
    given |= dict(zip((argument.name for argument in arguments), node.args)) | node.kwargs
    off = [given.get(name) is False for name in ("train", "training")] + [given.get(name) == 0 for name in ("p", "dropout_p")]
    return not any(off)


def _sentence(error: BaseException) -> str:
    """The first line of the exception that was raised first."""
    while error.__cause__ is not None:
        error = error.__cause__
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
