"""Write the shared drive of the fictional Talvern Regional Health Authority as real files.

Usage: ``python examples/organisation/generate.py OUT_DIR``. Two runs write the same bytes.
"""

import runpy

if __name__ == "__main__":
    runpy.run_module("writers", run_name="__main__")
