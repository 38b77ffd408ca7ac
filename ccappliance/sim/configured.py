"""A configuration with changes laid over it, as a story tells them: like files in conf.d/ that are read last."""

from dataclasses import dataclass
from pathlib import Path

from ccappliance.config.load import OVERRIDES, Loaded, Source, bind_sources, read_directory
from ccappliance.config.tree import Findings
from ccappliance.site import Site


@dataclass(frozen=True)
class Overlay:
    """Some YAML of a story. `text` keeps its place in the file, so that findings name the story's own lines."""

    name: str  # the story's file
    text: str


class Configured:
    """The files of a configuration's directory, read once. ConfigError if they can't be read."""

    def __init__(self, directory: Path) -> None:
        findings = Findings()
        self._sources = read_directory(directory, findings)
        findings.raise_errors()

    def site(self, *overlays: Overlay) -> Site:
        """The whole configuration with `overlays` on top, the last one winning. ConfigError."""
        return self.load(*overlays).value

    def load(self, *overlays: Overlay) -> Loaded[Site]:
        """The same, with the place of each value."""
        laid = [Source(f"{OVERRIDES}/{overlay.name}", overlay.text.encode()) for overlay in overlays]
        return bind_sources([*self._sources, *laid], Site)
