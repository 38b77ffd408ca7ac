"""How the compiled floor is built: every ext/ccappliance/ROOM/_*.pyx becomes ccappliance.ROOM._*.

`python setup.py build_ext --inplace` puts the modules beside their Python; all else is in pyproject.toml.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

EXT = Path("ext")
MEDIA = EXT / "ccappliance" / "media"
ROOMS = (MEDIA, EXT / "ccappliance" / "drivers")
HEADERS = sorted(str(header) for room in ROOMS for header in (room / "src").glob("*.h"))
UNITS = {"_bank": sorted(str(unit) for unit in (MEDIA / "src").glob("level_*.c"))}  # one per level of the machine

# No -march=native: the package is built on one machine and runs on another; kernels that want more choose at run time.
# No -ffast-math: a NaN must stay one to be found, and results must not depend on what the compiler felt like;
# for the same reason products and sums are not contracted, which would round otherwise where the machine can.
FLAGS = ["-O3", "-std=gnu11", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off",
         "-Wno-unused-function"]


def extension(source: Path) -> Extension:
    name = ".".join((*source.relative_to(EXT).parent.parts, source.stem))
    return Extension(name, [str(source), *UNITS.get(source.stem, ())], include_dirs=[str(source.parent)],
                     depends=HEADERS, extra_compile_args=FLAGS, libraries=["m"])


setup(
    ext_modules=cythonize(
        [extension(source) for room in ROOMS for source in sorted(room.glob("_*.pyx"))],
        include_path=[str(EXT)],
        language_level=3,
        compiler_directives={"boundscheck": False, "wraparound": False, "cdivision": True, "initializedcheck": False},
    ),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)
