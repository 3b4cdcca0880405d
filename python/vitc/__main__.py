"""`python -m vitc …` is the driver `vitc …`."""
import os
import sys

from ._compiler import find_driver
from ._errors import Error

try:
    driver = find_driver()
except Error as error:
    sys.exit(f"vitc: {error}")
os.execv(driver, [driver, *sys.argv[1:]])
