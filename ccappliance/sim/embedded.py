"""Stories and days by name: the embedded ones, or any file by its path."""

from pathlib import Path

from ccappliance.base.errors import ConfigError, Finding

STORIES = Path(__file__).parent / "stories"
DAYS = Path(__file__).parent / "days"


def find(name: str, folder: Path) -> Path:
    """`first-call` is folder/first-call.yaml; what has an ending is a path. ConfigError if there is no such file."""
    path = Path(name)
    if not path.suffix and not path.is_file():
        path = folder / f"{name}.yaml"
    if not path.is_file():
        embedded = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise ConfigError([Finding(str(path), name, "there is no such file", f"embedded {folder.name}: {embedded}")])
    return path
