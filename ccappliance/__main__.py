"""The console script: hands the roof's functions to the command line, each imported only when it is called."""

import importlib
import os
from pathlib import Path
from typing import Any

from ccappliance.interfaces.cli.main import build
from ccappliance.interfaces.cli.roof import Roof
from ccappliance.places import cache_directory, state_directory

_ADMINISTRATORS = Path("/etc/ccappliance")
_EMBEDDED = Path(__file__).parent / "defaults"


def config_directory() -> Path:
    """What is read when nobody names a directory: $CCAPPLIANCE_CONFIG, the administrator's, or the embedded demo."""
    named = os.environ.get("CCAPPLIANCE_CONFIG")
    if named:
        return Path(named)
    return _ADMINISTRATORS if _ADMINISTRATORS.is_dir() else _EMBEDDED


class Later:
    """A function of a heavy module, imported at the first call: `ccappliance status` must not load the media core."""

    def __init__(self, where: str) -> None:
        """`where`: "module:attribute"."""
        self._module, _, self._attribute = where.partition(":")

    def find(self) -> Any:
        return getattr(importlib.import_module(self._module), self._attribute)

    def __call__(self, *args: Any) -> Any:
        return self.find()(*args)


def roof() -> Roof:
    """The roof as the installed program has it."""
    run_day = Later("ccappliance.sim.day:run_file")
    rehearse = Later("ccappliance.sim.rehearsal:play_files")
    return Roof(run=Later("ccappliance.daemon:run"), test=lambda options: rehearse(options, config_directory()),
                simulate=lambda options: run_day(options, config_directory()), site=Later("ccappliance.site:Site").find,
                config_directory=config_directory,
                state_directory=lambda: state_directory(os.environ, os.getuid()),
                cache_directory=lambda: cache_directory(os.environ, os.getuid()))


def main() -> None:
    """`ccappliance` and `python -m ccappliance`."""
    build(roof()).main(prog_name="ccappliance")


if __name__ == "__main__":
    main()
