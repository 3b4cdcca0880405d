"""Every sentence with which a dialect or the conversion from ONNX refuses something is expected by a test."""
import re

from sources import cpp_sources, read, with_suffix

CALL = re.compile(r"\b(?:emitOpError|emitError|refuse)\s*\(")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')

# Sentences that no model reaches today, by what stands before them.
UNREACHED = {
    # The verifier of the op says it first, once operands have their shapes; these keep inference right by itself.
    "expected operands of one rank", "expected starts, ends, axes and steps of the same length", "expected matrices",
    "expected the term '", "expected a term for each of", "expected past_key of rank 4",
    "expected x and w of the same rank, at least 3", "expected sizes of constants and extents",
    # Shape inference says it first.
    "the shape of its result depends on data", "its sizes are not constant", "the extents of its kernel are not static",
    "the extents of its mask cannot be shown to agree",
    # Elements of other types are refused before kernels are chosen.
    "has no kernel for elements of",
    # Every op that reaches these has loops; sizes that do not follow from the inputs are refused with the buffer.
    "cannot be restricted to a range of loop", "cannot be lowered to loops",
    "expected scratch whose size follows from the inputs' shapes", "expected a bound of",
}


def sentences(path):
    """(line, sentence up to what it got) of each diagnostic in a source."""
    text = read(path)
    for call in CALL.finditer(text):
        statement = re.sub(r'"\s*\n\s*"', "", text[call.start():text.find(";", call.start())])
        literals = (re.sub(r",? got.*", "", literal).replace('\\"', '"').strip() for literal in LITERAL.findall(statement))
        sentence = next((literal for literal in literals if len(literal) >= 6), None)
        if sentence:
            yield text.count("\n", 0, call.start()) + 1, sentence


def test_every_sentence_is_expected():
    tests = " ".join(read(path) for path in with_suffix((".mlir", ".test", ".py", ".cpp"), "test") if "test/Lint/" not in path)
    tests = re.sub(r"\s+", " ", tests)
    untested = [
        f"{path}:{line}: {sentence}"
        for path in cpp_sources("lib/Dialect", "lib/Conversion/ONNXToLinalg")
        for line, sentence in sentences(path)
        if sentence not in tests and sentence not in UNREACHED
    ]
    assert not untested, "no test expects\n" + "\n".join(untested)


def test_exemptions_are_sentences():
    said = {sentence for path in cpp_sources("lib/Dialect", "lib/Conversion/ONNXToLinalg") for _, sentence in sentences(path)}
    assert UNREACHED <= said, f"no source says {UNREACHED - said}"
