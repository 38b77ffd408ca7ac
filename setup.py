"""How the compiled floor is built: every ext/ccappliance/ROOM/_*.pyx becomes ccappliance.ROOM._*.

`python setup.py build_ext --inplace` puts the modules beside their Python; all else is in pyproject.toml.
The PRI helper (ext/pri) becomes the program ccappliance/signalling/_pri_helper where libpri-dev is installed.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

EXT = Path("ext")
MEDIA = EXT / "ccappliance" / "media"
ROOMS = (MEDIA, *(EXT / "ccappliance" / room for room in ("drivers", "call", "sim")))
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


PRI = EXT / "pri" / "src"
PRI_HELPER = Path("ccappliance") / "signalling" / "_pri_helper"
PRI_FLAGS = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-fstack-protector-strong"]
# libpri asks the machine for the time: the daemon gives it instead. The static library, because only then can that be.
PRI_LINK = ["-Wl,--wrap=gettimeofday,--wrap=time", "-Wl,-Bstatic", "-lpri", "-Wl,-Bdynamic"]


class BuildAll(build_ext):
    """The modules, and then the PRI helper, a program of its own because libpri's licence is GPL-2.0 only."""

    def run(self) -> None:
        super().run()
        program = PRI_HELPER if self.inplace else Path(self.build_lib) / PRI_HELPER
        sources = sorted(PRI.glob("*.c"))
        newest = max(source.stat().st_mtime for source in [*sources, *PRI.glob("*.h"), Path("setup.py")])
        if program.exists() and program.stat().st_mtime > newest and not self.force:
            return
        try:
            objects = self.compiler.compile([str(source) for source in sources], output_dir=self.build_temp,
                                            extra_postargs=PRI_FLAGS)
            self.compiler.link_executable(objects, program.name, output_dir=str(program.parent),
                                          extra_postargs=PRI_LINK)
        except (CompileError, LinkError) as error:
            self.warn(f"the PRI helper was not built, ISDN spans will not work: {error}; "
                      "install the package libpri-dev and build again. Everything else is built.")


setup(
    cmdclass={"build_ext": BuildAll},
    ext_modules=cythonize(
        [extension(source) for room in ROOMS for source in sorted(room.glob("_*.pyx"))],
        include_path=[str(EXT)],
        language_level=3,
        compiler_directives={"boundscheck": False, "wraparound": False, "cdivision": True, "initializedcheck": False},
    ),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)
