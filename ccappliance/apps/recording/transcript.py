"""The words of a transcript for the index of calls: of those that lie in clear; what is sealed stays sealed."""

import json
from pathlib import Path

MOST = 16 << 20  # bytes of a transcript that are read: ten hours of speech have a tenth of it


def clear_words(directory: Path | None, file: str) -> str:
    """All that was said, line by line; "" if the file is gone, sealed, or none of ours. `file`: below `directory`."""
    if directory is None:
        return ""
    try:
        with (directory / file).open("rb") as opened:
            told = json.loads(opened.read(MOST))
        return "\n".join(str(line["text"]) for line in told["lines"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""
