"""Writes what vitc takes from the schemas of the onnx wheel: generate_operators.py FILE.

Functions: the bodies of operators that ONNX defines as functions of others, as serialized FunctionProto, with the opsets
from which on and up to which they hold, and the defaults of their attributes.
Old operators: those that were the same before opset 7, the oldest that vitc reads in full, and since which opset.
"""
import collections
import sys

import onnx
from onnx import defs

OLDEST = 7
FOREVER = 1 << 30


def versions():
    """The schemas of each operator of ONNX's own domain, the oldest first."""
    schemas = collections.defaultdict(list)
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            schemas[schema.name].append(schema)
    return {name: sorted(found, key=lambda s: s.since_version) for name, found in sorted(schemas.items())}


def function_of(schema, version):
    """The body for models of an opset, its attributes with their defaults."""
    function = onnx.FunctionProto.FromString(schema.get_function_with_opset_version(version))
    function.ClearField("doc_string")
    function.ClearField("attribute")
    for name, attribute in sorted(schema.attributes.items()):
        if attribute.default_value.name:
            function.attribute_proto.append(attribute.default_value)
        else:
            function.attribute.append(name)
    return function.SerializeToString(deterministic=True)


def functions(schemas):
    """(operator, first opset, opset after the last, body)"""
    for name, history in schemas.items():
        for schema, following in zip(history, [*history[1:], None]):
            end = following.since_version if following else FOREVER
            starts = schema.function_opset_versions if schema.has_function else []
            for index, version in enumerate(starts):
                first = schema.since_version if index == 0 else version
                last = starts[index + 1] if index + 1 < len(starts) else end
                yield name, first, min(last, end), function_of(schema, version)


def old_operators(schemas):
    for name, history in schemas.items():
        known = [schema for schema in history if schema.since_version <= OLDEST]
        if known and not known[-1].deprecated and known[-1].since_version < OLDEST:
            yield name, known[-1].since_version


def main():
    schemas = versions()
    entries, data = [], b""
    for name, first, end, body in functions(schemas):
        entries.append(f'    {{"{name}", {first}, {end}, {len(data)}, {len(body)}}},')
        data += body
    lines = [f"// From the schemas of onnx {onnx.__version__}.", "static constexpr unsigned char functionBytes[] = {"]
    lines += ["    " + " ".join(f"{byte}," for byte in data[start:start + 24]) for start in range(0, len(data), 24)]
    lines += ["};", "static constexpr StandardFunction standardFunctions[] = {", *entries, "};"]
    lines += ["static constexpr OldOperator oldOperators[] = {"]
    lines += [f'    {{"{name}", {since}}},' for name, since in old_operators(schemas)]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, "};", ""]))


main()
