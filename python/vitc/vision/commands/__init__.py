"""The commands of `python -m vitc.vision`: a module each, with HELP, add_arguments(parser) and run(arguments).

They import what needs an extra inside `run`, so that `--help` works without it.
"""
