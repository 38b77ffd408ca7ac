"""Lines of AGI: how a command is read, how it is answered (as Asterisk 22 does, byte for byte)."""

MAX_WORDS = 128

INVALID = "510 Invalid or unknown command"
DEAD = "511 Command Not Permitted on a dead channel or intercept routine"
NO_GOSUB = "503 result=-2 Gosub is not loaded"


def words(line: str) -> list[str] | None:
    """The words of a command, as Asterisk splits them: quotes toggle wherever they stand, a backslash takes what
    follows as it is. None if there are too many.
    """
    found: list[str] = []
    quoted = escaped = False
    apart = True  # the next character begins a word
    for character in line:
        if character == '"' and not escaped:
            quoted = not quoted
            if quoted and apart:
                found.append("")
                apart = False
        elif character in " \t" and not quoted and not escaped:
            apart = True
        elif character == "\\" and not escaped:
            escaped = True
            continue
        else:
            if apart:
                found.append("")
                apart = False
            found[-1] += character
        escaped = False
    return found if len(found) <= MAX_WORDS else None


def result(value: int | str, told: str | None = None, **more: int) -> str:
    """`200 result=1 (value) endpos=0`."""
    tail = "".join(f" {name}={number}" for name, number in more.items())
    return f"200 result={value}{f' ({told})' if told is not None else ''}{tail}"


def key_result(digit: str, **more: int) -> str:
    """A key as its ASCII number; 0 for none."""
    return result(ord(digit) if digit else 0, None, **more)


def usage(text: str) -> str:
    """What is told of a command that was written wrongly."""
    return f"520-Invalid command syntax.  Proper usage follows:\n{text}\n520 End of proper usage."


def one_line(text: str) -> str:
    """A value within an answer: what would begin a new line, or end this one, is a space."""
    return "".join(character if character.isprintable() else " " for character in text)
