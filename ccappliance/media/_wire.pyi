class Wire: ...

class WireEnd:
    taken: bool
    def __init__(self, wire: Wire, end: int) -> None: ...

class Card:
    gone: bool

class FileWire(Wire):
    fd: int
    held: bool
    @property
    def missing(self) -> int: ...
    @property
    def counters(self) -> tuple[int, int, int, int, int]: ...
    def __init__(self, fd: int, card: Card) -> None: ...
