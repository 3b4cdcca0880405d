"""The command line of `vitc.vision`. Exit codes: 0 done, 1 it failed and a sentence says why, 2 usage, 130 interrupted."""
from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence

from .._errors import Error
from .options import UsageError

COMMANDS = ("preview", "features", "attention", "norms", "probe", "similarity", "knn", "linear", "retrieve", "discover", "davis")
PROGRAM = "python -m vitc.vision"


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """States the defaults of options, but not that there is none, nor what a switch is without being given."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default in (None, False) else super()._get_help_string(action)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Images through compiled vision transformers.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f".commands.{name.replace('-', '_')}", __package__)
        command = commands.add_parser(name, help=module.HELP, description=f"{module.HELP[0].upper()}{module.HELP[1:]}.",
                                      formatter_class=Help)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def sentence(error: Exception) -> str:
    """An error in one line, that of a file with its name."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    return str(error)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit code. Usage errors leave by SystemExit(2), as argparse's do."""
    arguments = make_parser().parse_args(argv)
    warnings.filterwarnings("ignore", module=r"PIL\.")  # about files that it then reads or refuses, which is all that counts
    try:
        arguments.run(arguments)
        if sys.stdout is not None:  # as where the shell closed it
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (Error, OSError) as error:
        print(f"vitc.vision {arguments.command}: {sentence(error)}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0
