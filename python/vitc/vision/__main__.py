"""`python -m vitc.vision COMMAND …`"""
import sys

try:
    from .cli import main

    status = main()
except KeyboardInterrupt:  # before the command began
    status = 130
sys.exit(status)
