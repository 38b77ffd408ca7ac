"""Our header of DAHDI's interface against DAHDI's own, compiled side by side; and the driver's numbers against ours."""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from ccappliance.drivers import dahdi_words as words

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "ext" / "ccappliance" / "drivers" / "src" / "dahdi_abi.h"
SOURCE = Path("/usr/src/dahdi.tar.bz2")  # of Debian's dahdi-source, which has the headers inside
RENAMED = {"EVENT_": words.Told, "SIG_": words.Sig, "ALARM_": words.Alarm}


def dahdi_headers(folder: Path) -> Path | None:
    """A directory that has dahdi/user.h."""
    if Path("/usr/include/dahdi/user.h").exists():
        return Path("/usr/include")
    if SOURCE.exists():
        with tarfile.open(SOURCE) as archive:
            for member in archive.getmembers():
                if "/include/dahdi/" in member.name and member.isfile():
                    target = folder / "dahdi" / Path(member.name).name
                    target.parent.mkdir(exist_ok=True)
                    inside = archive.extractfile(member)
                    assert inside is not None
                    target.write_bytes(inside.read())
        return folder if (folder / "dahdi" / "user.h").exists() else None
    return None


def structs(text: str) -> dict[str, list[str]]:
    """Name → fields of every struct of our header."""
    found = {}
    for body, name in re.findall(r"typedef struct \{(.*?)\}[^;]*?abi_(\w+)_t;", text, re.DOTALL):
        found[name] = re.findall(r"(\w+)(?:\[\w+\])?;", body)
    return found


@pytest.mark.slow
def test_our_header_says_what_dahdi_says(tmp_path: Path) -> None:
    folder = dahdi_headers(tmp_path)
    if folder is None or shutil.which("gcc") is None:
        pytest.skip("DAHDI's headers are not here: apt install dahdi-source")
    text = HEADER.read_text(encoding="utf-8")
    numbers = [name for name in re.findall(r"^#define ABI_(\w+)", text, re.MULTILINE) if name != "ELAST"]
    kinds = structs(text)
    assert len(numbers) > 60
    assert {"params", "spaninfo", "bufferinfo", "gains", "dialoperation", "ring_cadence", "echocanparams"} == set(kinds)
    lines = ["#include <stddef.h>", "#include <dahdi/user.h>", f'#include "{HEADER}"',
             '_Static_assert(ABI_ELAST == ELAST, "ELAST");']
    lines += [f'_Static_assert(ABI_{name} == DAHDI_{name}, "{name}");' for name in numbers]
    for kind, fields in kinds.items():
        lines.append(f'_Static_assert(sizeof(abi_{kind}_t) == sizeof(struct dahdi_{kind}), "{kind}");')
        lines += [f'_Static_assert(offsetof(abi_{kind}_t, {field}) == offsetof(struct dahdi_{kind}, {field}), '
                  f'"{kind}.{field}");' for field in fields]
    source = tmp_path / "both.c"
    source.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(["gcc", "-std=gnu11", "-fsyntax-only", f"-I{folder}", str(source)], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_driver_uses_the_numbers_of_the_header(tmp_path: Path) -> None:
    """Every member of Told, Sig and Alarm is in the header with the same value."""
    text = HEADER.read_text(encoding="utf-8")
    defined = dict(re.findall(r"^#define ABI_(\w+) (\(.*\)|\w+)(?: /\*.*)?$", text, re.MULTILINE))

    def value(name: str) -> int:
        expression = re.sub(r"ABI_(\w+)", lambda found: str(value(found.group(1))), defined[name])
        return int(eval(expression, {"__builtins__": {}}))

    for prefix, kind in RENAMED.items():
        for member in kind:
            name = f"{prefix}{member.name}"
            if name != "ALARM_NONE":
                assert value(name) == member, name
    for member in words.Hook:
        assert value(str(member.name)) == member
    assert (value("LAW_ALAW"), value("POLICY_IMMEDIATE"), value("POLICY_HALF_FULL"), value("FLUSH_BOTH"),
            value("FLUSH_ALL"), value("DIAL_OP_APPEND"), value("DIAL_OP_CANCEL"), value("ELAST")) == \
           (words.LAW_ALAW, words.POLICY_IMMEDIATE, words.POLICY_HALF_FULL, words.FLUSH_BOTH, words.FLUSH_ALL,
            words.DIAL_APPEND, words.DIAL_CANCEL, words.ELAST)
