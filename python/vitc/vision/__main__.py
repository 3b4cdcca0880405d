"""`python -m vitc.vision COMMAND …`"""
import sys

from .cli import main

sys.exit(main())
