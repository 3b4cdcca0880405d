"""Files that a script of this folder reads."""
import contextlib


@contextlib.contextmanager
def reading(parser, path, mistake):
    """Ends the script with a sentence where the body cannot read `path`, or finds something else in it: "PATH is MISTAKE"."""
    try:
        yield
    except OSError as error:
        parser.error(f"cannot read {path}: {error.strerror}")
    except (KeyError, TypeError, ValueError):
        parser.error(f"{path} is {mistake}")
