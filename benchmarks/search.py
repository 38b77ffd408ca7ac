"""Finding calls among a million: how long each kind of question takes, beside the plain scan it replaces."""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ccappliance.call import grams
from ccappliance.call.cdr import Cdr
from ccappliance.call.cdr_store import COLUMNS, cell
from ccappliance.call.search import Asked
from ccappliance.call.search_store import SearchStore
from ccappliance.store.database import Store

CALLS = 1_000_000
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
ASKED = 0.2  # seconds, p95
REPEATS = 20  # of each kind of question, each with other values
BATCH = 20_000
NOTED = 0.1  # share of calls with a note
_WORDS = ("退款", "投诉", "发票", "地址", "订单", "快递", "已回访", "不满意", "转接", "密码", "套餐", "续费",
          "宽带", "安装", "预约",
          "维修", "取消", "refund", "invoice", "callback")
_CHARACTERS = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而"


def _cdr(seq: int, chance: random.Random) -> Cdr:
    at = BEGAN + timedelta(seconds=seq * 63)
    prefix = chance.choice(("138", "139", "150", "186", "010", "021"))
    lasted = round(chance.expovariate(1 / 200), 3)
    return Cdr(seq, f"call{seq}", "in", "fxo/1", f"{prefix}{chance.randrange(10**8):08d}",
               f"4008001{chance.randrange(10):03d}", "", "queue:sales", f"queue{chance.randrange(10)}",
               f"{1000 + chance.randrange(200)}", f"{8000 + chance.randrange(200)}", "fxs/1", at, at,
               at + timedelta(seconds=lasted), 5.0, 3.0, lasted, lasted, lasted,
               chance.choices(("ANSWERED", "ABANDONED", "BUSY", "INTERRUPTED"), (9000, 900, 99, 1))[0], 16, "caller",
               0, (f"{seq}.wav",), {"account": str(chance.randrange(CALLS))})


def _note(chance: random.Random) -> str:
    return " ".join(chance.sample(_WORDS, 3)) + "".join(chance.choices(_CHARACTERS, k=12))


def _fill(path: Path, calls: int) -> Store:
    """The tables as the readers leave them. Postings are put sorted, at the end of a batch: it is quicker."""
    chance = random.Random(1)
    store = Store(path, threaded=False)
    writer = store._writer  # directly: a million transactions would measure the disk
    writer.execute("PRAGMA synchronous=OFF")
    writer.execute("PRAGMA cache_size=-400000")
    for start in range(1, calls + 1, BATCH):
        cdrs = [_cdr(seq, chance) for seq in range(start, min(start + BATCH, calls + 1))]
        posted = [(piece, cdr.seq) for cdr in cdrs for piece in grams.cdr_grams(cdr)]
        notes = []
        for cdr in cdrs:
            if chance.random() < NOTED:
                folded = grams.folded(_note(chance))
                notes.append((cdr.seq, cdr.call, "", "cli:root", folded, folded))
                posted += [(piece, cdr.seq) for piece in grams.text_grams(folded)]
            if chance.random() < 0.02:
                posted.append((grams.TAG + chance.choice(("vip", "投诉")), cdr.seq))
        writer.executemany(f"INSERT INTO cdr ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",
                           [[cell(getattr(cdr, name)) for name in COLUMNS] for cdr in cdrs])
        writer.executemany("INSERT INTO call_note VALUES (?, ?, ?, ?, ?, ?)", notes)
        writer.executemany("INSERT INTO call_gram VALUES (?, ?)", sorted(posted))
        writer.executemany("INSERT INTO call_day VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last",
                           [(cdr.started_at.isoformat()[:10], cdr.seq, cdr.seq) for cdr in cdrs])
        writer.commit()
    writer.execute("PRAGMA cache_size=-2000")  # as the daemon's reader has it
    return store


def _questions() -> dict[str, Callable[[random.Random], Asked]]:
    def month(chance: random.Random) -> dict[str, Any]:
        since = BEGAN + timedelta(days=chance.randrange(690))
        return {"since": since, "until": since + timedelta(days=30)}

    return {
        "4 digits": lambda chance: Asked(number=f"{chance.randrange(10**4):04d}"),
        "6 digits": lambda chance: Asked(number=f"{chance.randrange(10**6):06d}"),
        "8 digits": lambda chance: Asked(number=f"{chance.randrange(10**8):08d}"),
        "2 digits": lambda chance: Asked(number=f"{chance.randrange(10**2):02d}"),
        "agent, month": lambda chance: Asked(agent=f"{1000 + chance.randrange(200)}", **month(chance)),
        "queue, abandoned, month": lambda chance: Asked(queue=f"queue{chance.randrange(10)}", disposition="ABANDONED",
                                                        **month(chance)),
        "interrupted": lambda chance: Asked(disposition="INTERRUPTED"),
        "20 to 25 minutes, agent": lambda chance: Asked(shortest=1200.0, longest=1500.0,
                                                        agent=f"{1000 + chance.randrange(200)}"),
        "word of two characters": lambda chance: Asked(words=chance.choice(_WORDS[:6])),
        "two words": lambda chance: Asked(words=" ".join(chance.sample(_WORDS, 2))),
        "rare pair": lambda chance: Asked(words="".join(chance.sample(_CHARACTERS, 2))),
        "refund, agent, month": lambda chance: Asked(words="refund", agent=f"{1000 + chance.randrange(200)}",
                                                     **month(chance)),
        "tag, word, queue": lambda chance: Asked(tags=("投诉",), words="退款", queue=f"queue{chance.randrange(10)}"),
        "variable": lambda chance: Asked(variable=f"account={chance.randrange(CALLS)}")}


def _took(index: SearchStore, asked: Asked) -> float:
    began = time.thread_time()
    asyncio.run(index.find(asked, 20))
    return time.thread_time() - began


def _scanned(store: Store, number: str) -> float:
    began = time.thread_time()
    store.query("SELECT seq FROM cdr WHERE calling LIKE ? OR called LIKE ? OR partner LIKE ? ORDER BY seq DESC "
                "LIMIT 20", [f"%{number}%"] * 3)
    return time.thread_time() - began


def measure(calls: int = CALLS) -> Iterator[str]:
    """Processor time of the newest 20 calls for each kind of question: p95 of all, the slowest kinds, and one scan."""
    with tempfile.TemporaryDirectory(prefix="ccappliance-search-") as folder:
        path = Path(folder) / "cc.db"
        store = _fill(path, calls)
        index, chance = SearchStore(store), random.Random(2)
        took: dict[str, list[float]] = {}
        for words, make in _questions().items():
            took[words] = [_took(index, make(chance)) for _ in range(REPEATS)]
        scan = statistics.median(_scanned(store, number) for number in ("12345678", "23456789", "34567890"))
        store.close()
        size = path.stat().st_size / 1e9
    every = statistics.quantiles([one for several in took.values() for one in several], n=20)[18]
    worst = {words: statistics.quantiles(several, n=20)[18] for words, several in took.items()}
    yield (f"search among {calls:,} calls ({size:.1f} GB), newest 20, processor time: p95 of all {every * 1e3:.0f} ms "
           f"(asked: {ASKED * 1e3:.0f}); p95 of each: "
           + ", ".join(f"{words} {seconds * 1e3:.0f}" for words, seconds in worst.items())
           + f"; ratio of 8 digits to a scan by LIKE {statistics.median(took['8 digits']) / scan:.4f}")
