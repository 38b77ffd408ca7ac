"""Fuzz the compiled floor: libFuzzer with the address and undefined-behaviour sanitizers on all kernels.

`python tools/fuzz.py --seconds 600` translates every kernel with Cython, compiles it with clang (instrumented for
coverage) into build/fuzz, makes a fuzzer that begins Python once and then calls the kernels directly
(tests/fuzz/kernels.pyx), and runs it on a corpus that is kept in build/fuzz/corpus. A crash leaves the input in
build/fuzz/crashes; `--again FILE` runs it once more. `--plant` breaks a kernel in the copy first: the proof that the
fuzzer finds what it should. Needs Debian's clang and libclang-rt-*-dev.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension

ROOT = Path(__file__).resolve().parent.parent
EXT = ROOT / "ext"
MEDIA = Path("ccappliance") / "media"
KERNELS = ("alaw", "bank", "conceal", "dtmf", "echo", "fsk", "glance", "heard", "judge", "levels", "match", "mf",
           "progress", "signal", "sines", "spectrum", "tone", "verdict", "voice")
# float-cast-overflow is not in `undefined`: a kernel must not cast a NaN or too large a number to an integer
SANITIZERS = "address,undefined,float-cast-overflow"
FLAGS = ["-O2", "-gline-tables-only", "-fno-omit-frame-pointer", "-std=gnu11", "-ffp-contract=off", "-Wno-everything",
         "-fno-sanitize=function", f"-fno-sanitize-recover={SANITIZERS}"]
# clang knows no `#pragma GCC target`: the AVX2 unit is the same header with the switch on its command line.
V3 = '#define LEVEL_NAME "v3"\n#define LEVEL_KERNELS kernels_v3\n#include "level.h"\n'
# Mistakes to be found, each (file, what it says, what a careless hand might have made of it): a message of caller ID
# that is longer than any in the seeds runs over the end of the ear; a mouth that writes one sample too many.
PLANTS = {"fsk": ("_fsk.pxd", "uint8_t message[FSK_MESSAGE]", "uint8_t message[24]"),
          "conceal": ("_conceal.pxd", "int16_t frozen[CONCEAL_PAST]", "int16_t frozen[CONCEAL_PAST - 1]")}


class Missing(Exception):
    """A tool that the fuzzer needs is not here."""


class Broken(Exception):
    """The kernels cannot be translated or compiled, or a mistake cannot be planted."""


def clang() -> str:
    """The compiler; Missing if it or its run-time library for fuzzing is not installed."""
    found = shutil.which("clang")
    if found is None:
        raise Missing("clang is not installed: apt install clang libclang-rt-14-dev (Debian 13: libclang-rt-19-dev)")
    asked = subprocess.run([found, "-print-file-name=libclang_rt.fuzzer-x86_64.a"], capture_output=True, text=True)
    folder = subprocess.run([found, "-print-runtime-dir"], capture_output=True, text=True).stdout.strip()
    if not Path(asked.stdout.strip()).is_absolute() and not list(Path(folder).glob("libclang_rt.fuzzer*")):
        raise Missing("clang has no libFuzzer here: apt install the libclang-rt-…-dev of its version")
    return found


def build(folder: Path, plant: str = "") -> Path:
    """The fuzzer, and instrumented modules beside it. Only what has changed is built again."""
    compiler = clang()
    source = folder / "source"
    _copy(source, plant)
    extensions = [Extension(f"ccappliance.media._{name}", [str(source / MEDIA / f"_{name}.pyx")]) for name in KERNELS]
    extensions.append(Extension("kernels", [str(source / "kernels.pyx")]))
    cythonize(extensions, include_path=[str(source)], language_level=3, quiet=True,
              compiler_directives={"boundscheck": False, "wraparound": False, "cdivision": True,
                                   "initializedcheck": False})
    include = [f"-I{sysconfig.get_path('include')}", f"-I{source / MEDIA}", f"-I{source / MEDIA / 'src'}"]
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    common = [compiler, *FLAGS, *include]
    v3 = source / "level_v3_clang.o"
    (source / "level_v3_clang.c").write_text(V3)
    _run([*common, f"-fsanitize=fuzzer-no-link,{SANITIZERS}", "-fPIC", "-mavx2", "-mbmi", "-mbmi2", "-c",
          str(source / "level_v3_clang.c"), "-o", str(v3)])
    levels = [str(source / MEDIA / "src" / f"level_{name}.c") for name in ("plain", "base")] + [str(v3)]
    jobs = []
    for name in KERNELS:
        units = [str(source / MEDIA / f"_{name}.c"), *(levels if name == "bank" else ())]
        jobs.append([*common, f"-fsanitize=fuzzer-no-link,{SANITIZERS}", "-shared", "-fPIC", *units, "-lm",
                     "-o", str(folder / MEDIA / f"_{name}{suffix}")])
    python = [f"-L{sysconfig.get_config_var('LIBDIR')}", f"-lpython{sysconfig.get_config_var('LDVERSION')}"]
    fuzzer = folder / "fuzzer"
    jobs.append([*common, f"-fsanitize=fuzzer,{SANITIZERS}", "-rdynamic", str(source / "kernels.c"),
                 str(source / "driver.c"), *python, "-lm", "-o", str(fuzzer)])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_run, jobs))
    return fuzzer


def _copy(source: Path, plant: str) -> None:
    """The sources with what they import of Python; files that have not changed keep their time."""
    for package in ("ccappliance", "ccappliance/media"):
        (source.parent / package).mkdir(parents=True, exist_ok=True)
        (source.parent / package / "__init__.py").touch()
        (source / package).mkdir(parents=True, exist_ok=True)
        (source / package / "__init__.pxd").touch()
    tests = ROOT / "tests" / "fuzz"
    wanted = [(path, source / path.relative_to(EXT)) for path in EXT.rglob("*") if path.suffix in (".pyx", ".pxd", ".h")
              or path.name.startswith("level_")]
    wanted += [(tests / name, source / name) for name in ("kernels.pyx", "driver.c")]
    broken, old, new = PLANTS[plant] if plant else ("", "", "")
    for path, copy in wanted:
        text = path.read_text()
        if path.name == broken:
            if old not in text:
                raise Broken(f"{path.name} does not say {old!r} any more: mend PLANTS")
            text = text.replace(old, new)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists() or copy.read_text() != text:
            copy.write_text(text)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Broken(f"{' '.join(command[-3:])}: {done.stderr[-2000:]}")


def fuzz(fuzzer: Path, seconds: int, kernel: str, *, seed: int = 0, again: Path | None = None) -> tuple[int, str]:
    """Run for so long, on one kernel or (empty) on all: exit code (0: nothing found) and what libFuzzer printed."""
    folder = fuzzer.parent
    corpus, crashes = folder / f"corpus{'-' if kernel else ''}{kernel}", folder / "crashes"
    corpus.mkdir(exist_ok=True)
    crashes.mkdir(exist_ok=True)
    for number, data in enumerate(seeds(1 if kernel else 17)):
        (corpus / f"seed-{number:02}").write_bytes(data)
    # Python keeps what it has allocated: leaks are not looked for, and its arena must not hide what it frees
    inside = {**os.environ, "FUZZ_FOLDER": str(folder), "FUZZ_KERNEL": kernel, "PYTHONMALLOC": "malloc",
              "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:allocator_may_return_null=1",
              "UBSAN_OPTIONS": "print_stacktrace=1"}
    what = [str(again)] if again else [str(corpus), f"-max_total_time={seconds}", "-max_len=2048", "-timeout=20",
                                       f"-seed={seed}", f"-artifact_prefix={crashes}/", "-print_final_stats=1"]
    done = subprocess.run([str(fuzzer), *what], env=inside, capture_output=True, text=True, errors="replace")
    return done.returncode, done.stderr


def seeds(kernels: int) -> list[bytes]:
    """Something worth hearing for every kernel: digits, busy tone, SIT, caller ID data, held values."""
    digits = b"".join(bytes([40, row | column << 4, 160, 0xC0, 40, 0, 0, 2])
                      for row in range(4) for column in range(4, 8))
    busy = bytes([255, 8, 120, 0x41, 94, 8, 120, 0x41, 255, 0, 0, 1, 94, 0, 0, 1]) * 5
    sit = b"".join(bytes([255, hz, 120, 0x41, 74, hz, 120, 0x41]) for hz in (9, 10, 11))
    fax = bytes([255, 13, 120, 0x41]) * 20
    message = bytes([128, 20, *range(58)])  # more than its length says: an input of another length is one byte away
    data = bytes([99, 14, 100, 0x40, 0, 255, len(message), 255]) + message
    held = bytes(range(256)) * 4
    return [bytes([kernel, how, 7, 34, 2, 5, 6, 7]) + sound for kernel in range(kernels)
            for how, sound in ((3, digits), (3, busy), (3, sit + fax), (3, data), (2, held), (1, held))]


def figures(said: str) -> str:
    """Executions and coverage in one line."""
    runs = re.findall(r"stat::number_of_executed_units: (\d+)", said)
    cover = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", said)
    edges, features, corpus = cover[-1] if cover else ("0", "0", "0")
    return f"{runs[-1] if runs else 0} executions, {edges} edges, {features} features, {corpus} inputs in the corpus"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="0: libFuzzer takes one and prints it")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--again", type=Path, help="an input that crashed, once more")
    parser.add_argument("--kernel", default="", help="only this one, as kernels.pyx names it")
    parser.add_argument("--plant", choices=sorted(PLANTS), default="", help="break this kernel first")
    asked = parser.parse_args()
    try:
        fuzzer = build(asked.folder / (asked.plant or "as-it-is"), asked.plant)
        kernel = asked.kernel or asked.plant  # a mistake is looked for where it is: in seconds, not in a night
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 3
    except Broken as broken:
        print(broken)
        return 2
    code, said = fuzz(fuzzer, asked.seconds, kernel, seed=asked.seed, again=asked.again)
    if code:
        print(said[-6000:])
    print(figures(said))
    return code


if __name__ == "__main__":
    sys.exit(main())
