"""Packs files of this machine as the guest's memory: `system MODULES KERNEL FILE`, or `house JOB PATH… FILE`.

The guest has no disk and no shared folder while tests run: with its clock counted in instructions, every answer the
host owes it would be a moment in which its time runs away, and how far depends on how busy the host is. So what the
tests read is in its memory from the beginning: an archive of the kind Linux unpacks at boot (cpio, "newc": the kernel's
driver-api/early-userspace/buffer-format).

`system`: programs and libraries, the same for weeks. `house`: this checkout, its .venv, each PATH, and JOB as /job.
"""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# Debian packages whose files the guest has, as far as they are installed. The libraries that their programs load come
# by themselves, and so do the Python packages that these depend on.
PACKAGES = ("bash", "dash", "coreutils", "util-linux", "mount", "kmod", "busybox-static", "grep", "sed", "procps",
            "iproute2", "dahdi", "libc6", "libc-bin", "libgcc-s1", "netbase", "tzdata", "espeak-ng", "espeak-ng-data",
            "libopenr2-bin", "python3", "python3-pytest", "python3-hypothesis", "dmsetup", "e2fsprogs",
            "libssl3", "openssl-provider-legacy")  # whose modules are opened by name
PYTHON = re.compile(r"(lib)?python3")  # of which dependencies are followed
RUN = re.compile(r"^RUN_PACKAGES *:=((?:.*\\\n)*.*)", re.MULTILINE)  # of the Makefile: what a customer's box needs …
TO_BUILD = re.compile(r"python3-(dev|venv|pip|setuptools|wheel)$")  # … and what of it is for building only
NEVER = re.compile(r"/usr/(share/(doc|man|info|locale|lintian|bug|bash-completion|perl)"
                   r"|lib/python3\.\d+/(idlelib|test))/")
ALSO = ("/usr/bin/sh", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/passwd", "/etc/group",
        "/etc/nsswitch.conf", "/etc/hosts", "/etc/localtime", "/etc/dahdi", "/etc/modprobe.d")
MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "crc-ccitt", "brd", "ext4", "dm-log-writes",
           "dm-flakey")
# Of the checkout: what no test reads.
LEFT_OUT = {".git", ".venv", ".ci", "var", "build", "benchmarks", "docs", "ext"}
CACHES = {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
TOOLS = re.compile(r"mypy|ruff|.*mypyc|pip|ast_serialize|librt|types_")  # of .venv
ROOT = Path(__file__).resolve().parent.parent.parent  # this checkout
ELF = b"\x7fELF"
ALIGN = 4


class Archive:
    """An archive being written. Links, folders, plain files and devices; owners are root, times are forgotten."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._known: set[str] = set()

    def add(self, path: str, name: str = "") -> None:
        """A file of this machine, under its own name or another, and the folders above it."""
        if (name := name or path) in self._known:
            return
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            self._entry(name, status.st_mode, os.readlink(path).encode())
        elif stat.S_ISREG(status.st_mode):
            self._entry(name, status.st_mode, Path(path).read_bytes(), int(status.st_mtime))
        elif stat.S_ISDIR(status.st_mode):
            self._entry(name, status.st_mode, b"")

    def folder(self, name: str) -> None:
        self._entry(name, stat.S_IFDIR | 0o755, b"")

    def device(self, name: str, major: int, minor: int) -> None:
        self._entry(name, stat.S_IFCHR | 0o600, b"", 0, (major, minor))

    def close(self) -> None:
        self._put("TRAILER!!!", 0, b"", 0, (0, 0))
        self._file.close()

    def _entry(self, name: str, mode: int, content: bytes, changed: int = 0, device: tuple[int, int] = (0, 0)) -> None:
        if name in self._known:
            return
        self._known.add(name)
        above = os.path.dirname(name)
        if above not in ("/", "") and above not in self._known:
            self.folder(above)
        self._put(name.lstrip("/"), mode, content, changed, device)

    def _put(self, name: str, mode: int, content: bytes, changed: int, device: tuple[int, int]) -> None:
        number = len(self._known)
        fields = (number, mode, 0, 0, 1, changed, len(content), 0, 0, *device, len(name.encode()) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        self._file.write(head + bytes(-len(head) % ALIGN) + content + bytes(-len(content) % ALIGN))


def query(what: str, *packages: str) -> str:
    return subprocess.run(["dpkg-query", what, *packages], capture_output=True, text=True, check=False).stdout


def installed(packages: Iterable[str]) -> list[str]:
    """These packages and the Python packages they depend on, as far as they are installed."""
    found: list[str] = []
    wanted = list(packages)
    behind = provided()
    while wanted:
        name = wanted.pop(0)
        told = query("-W", "-f=${Status}\n${Depends}, ${Pre-Depends}", name) if name not in found else ""
        if " installed\n" not in told:
            continue
        found.append(name)
        needed = re.findall(r"(?:^|[,|]) *([a-z0-9.+-]+)", told.split("\n", 1)[1])
        wanted += [name for one in needed if PYTHON.match(one) for name in behind.get(one, [one])]
    return found


def provided() -> dict[str, list[str]]:
    """The packages behind each name that is no package's own."""
    behind: dict[str, list[str]] = {}
    for line in query("-W", "-f=${Package}: ${Provides}\n").splitlines():
        package, _, names = line.partition(": ")
        for name in re.findall(r"(?:^|, )([a-z0-9.+-]+)", names):
            behind.setdefault(name, []).append(package)
    return behind


def of_the_house(makefile: str) -> list[str]:
    """The Python packages the house runs with, from the one list of them: a new one is in the guest as well."""
    found = RUN.search(makefile)
    words = found[1].split() if found else []
    return [word for word in words if word.startswith("python3-") and not TO_BUILD.match(word)]


def real_place(path: str) -> str:
    """The path below links of folders: /bin/bash is /usr/bin/bash."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def files_of(packages: Iterable[str]) -> Iterator[str]:
    """Everything a package brings, and the bytecode beside its modules."""
    for name in packages:
        for path in query("-L", name).splitlines():
            if NEVER.match(path) or not os.path.lexists(path) or path == "/.":
                continue
            path = real_place(path)
            yield path
            if path.endswith(".py"):
                folder, base = os.path.split(path)
                compiled = f"{folder}/__pycache__/{base[:-3]}.{sys.implementation.cache_tag}.pyc"
                if os.path.exists(compiled):
                    yield compiled


def libraries(paths: Iterable[str]) -> list[str]:
    """What these programs load, as the loader of this machine finds it."""
    programs = []
    for path in paths:
        if os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as file:
                if file.read(4) == ELF:
                    programs.append(path)
    told = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    return sorted({real_place(path) for path in re.findall(r"(/\S+) \(0x", told)})


def with_targets(path: str) -> Iterator[str]:
    """A link, and what it leads to."""
    yield path
    while os.path.islink(path):
        path = real_place(os.path.join(os.path.dirname(path), os.readlink(path)))
        if os.path.lexists(path):
            yield path


def modules(kernel: str) -> Iterator[str]:
    for module in MODULES:
        told = subprocess.run(["modprobe", "-S", kernel, "--show-depends", module], capture_output=True, text=True,
                              check=True)
        yield from (real_place(line.split()[1]) for line in told.stdout.splitlines() if line.startswith("insmod"))
    for path in Path(f"/usr/lib/modules/{kernel}").glob("modules.*"):
        yield str(path)


def pack_system(folder: Path, kernel: str, target: Path) -> None:
    """What the guest boots into. `folder` has DAHDI's modules, which go to /dahdi."""
    archive = Archive(target)
    for name in ("/bin", "/sbin", "/lib", "/lib64"):
        archive.add(name)
    for name in ("/dev", "/proc", "/sys", "/run", "/tmp", "/root", "/var/lib", "/var/log"):
        archive.folder(name)
    archive.device("/dev/console", 5, 1)
    archive.device("/dev/null", 1, 3)
    house = of_the_house((ROOT / "Makefile").read_text(encoding="utf-8"))
    mine = list(files_of(installed((*PACKAGES, *house))))
    for path in (*mine, *libraries(mine), *modules(kernel)):
        for one in with_targets(path):
            archive.add(one)
    for path in ALSO:
        _tree(archive, path)
    for module in sorted(folder.iterdir()):
        archive.add(str(module), f"/dahdi/{module.name}")
    archive.close()


def pack_house(job: str, paths: Iterable[str], target: Path) -> None:
    """This checkout and its .venv at their own places, `paths`, and what is to be done."""
    archive = Archive(target)
    archive.add(job, "/job")
    for path in sorted(ROOT.iterdir()):
        if path.name not in LEFT_OUT | CACHES:
            _tree(archive, str(path))
    venv = ROOT / ".venv"
    linked = [str(path) for path in sorted((venv / "bin").glob("python*"))]
    archive.add(str(venv / "pyvenv.cfg"))
    for path in linked:
        archive.add(path)
    for packages in sorted(venv.glob("lib/python3*/site-packages")):
        for path in sorted(packages.iterdir()):
            if not TOOLS.match(path.name):
                _tree(archive, str(path))
    for path in paths:
        _tree(archive, path)
    programs = [str(path) for path in (*ROOT.glob("ccappliance/**/*.so"), *ROOT.glob("ccappliance/**/_pri_helper"))]
    for path in libraries(programs):
        for one in with_targets(path):
            archive.add(one)
    archive.close()


def _tree(archive: Archive, path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        archive.add(path)
        for name in sorted(os.listdir(path)):
            if name not in CACHES:
                _tree(archive, f"{path}/{name}")
    elif os.path.lexists(path):
        archive.add(path)


def main(words: list[str]) -> int:
    match words:
        case ["system", folder, kernel, target]:
            pack_system(Path(folder), kernel, Path(target))
        case ["house", job, *paths, target]:
            pack_house(job, paths, Path(target))
        case _:
            sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
