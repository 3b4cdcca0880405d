"""What an ONNX file says of itself: its maker, its names, its metadata.

Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding) with the field numbers of onnx.proto, so that
the package needs NumPy alone; what it does not look for, such as weights, it steps over without copying.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Union

Field = tuple[int, Union[int, memoryview]]


@dataclasses.dataclass(frozen=True)
class ModelMetadata:
    """Texts are empty and the version is 0 where the file leaves them out, and for a compiled library, which has none of it."""

    producer_name: str = ""
    graph_name: str = ""
    domain: str = ""
    description: str = ""
    graph_description: str = ""
    version: int = 0
    custom_metadata_map: dict[str, str] = dataclasses.field(default_factory=dict)


def read_metadata(model: bytes | memoryview) -> ModelMetadata:
    """Reads a ModelProto; what cannot be read is left out: it is the compiler that says what is wrong with a file."""
    try:
        fields = list(_fields(memoryview(model)))
        graphs = [value for number, value in fields if number == 7]
        graph = list(_fields(graphs[-1])) if graphs else []
        entries = [list(_fields(value)) for number, value in fields if number == 14]
        return ModelMetadata(_text(fields, 2), _text(graph, 2), _text(fields, 4), _text(fields, 6), _text(graph, 10),
                             _last(fields, 5, 0), {_text(entry, 1): _text(entry, 2) for entry in entries})
    except (IndexError, TypeError, ValueError):
        return ModelMetadata()


def _last(fields: list[Field], wanted: int, default: int | bytes) -> int | bytes | memoryview:
    """Of a field that is there several times, protobuf takes the last."""
    return next((value for number, value in reversed(fields) if number == wanted), default)


def _text(fields: list[Field], wanted: int) -> str:
    return bytes(memoryview(_last(fields, wanted, b""))).decode(errors="replace")


def _fields(message: memoryview) -> Iterator[Field]:
    """The number and the value of each field: an integer, or the bytes of what has a length or a fixed width."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        wire = tag & 7
        if wire == 0:
            value, position = _varint(message, position)
        else:
            if wire == 2:
                size, position = _varint(message, position)
            elif wire in (1, 5):
                size = {1: 8, 5: 4}[wire]
            else:
                raise ValueError(f"a field of unknown wire type {wire}")
            value, position = message[position : position + size], position + size
            if position > len(message):
                raise ValueError("a field reaches beyond its message")
        yield tag >> 3, value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """The integer at a position, and where it ends: seven bits a byte, the lowest first."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("an integer of more than ten bytes")
