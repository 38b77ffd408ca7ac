"""Headquarters against a real PostgreSQL: its tables are the branch's own, whatever is killed, cut or said twice."""

import asyncio
import json
import os
import random
import shutil
import socket
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from branch_box import Branch

from ccappliance.apps.headquarters import link as link_module
from ccappliance.apps.headquarters.courier import ALARM, Courier, Means
from ccappliance.apps.headquarters.delivery import Delivery, needs_a_person
from ccappliance.apps.headquarters.link import PgLink, connect
from ccappliance.base.clock import SystemClock
from ccappliance.base.errors import LineFault, Refused
from ccappliance.call import facts
from ccappliance.call.alarms import Alarms
from ccappliance.call.cdr_store import COLUMNS
from ccappliance.call.journal import Journal, MemorySink
from ccappliance.service.aside import Aside
from ccappliance.store import identity

pytestmark = pytest.mark.slow


def same(branch: Branch, server: Any, url: str, scratch: Path, life: int = 1) -> None:
    """Every row of the box is there, once, and no other."""
    store = branch.local(scratch)
    name = branch.settings.branch
    there = server.ask(f"SELECT {', '.join(COLUMNS)} FROM ccappliance.call WHERE branch = '{name}' ORDER BY seq", url)
    here = [tuple(row) for row in store.query(f"SELECT {', '.join(COLUMNS)} FROM cdr ORDER BY seq")]
    assert [_plain(row) for row in there] == [_plain(row) for row in here]
    there = server.ask("SELECT seq, call, flow, question, answer, queue, agent FROM ccappliance.survey "
                       f"WHERE branch = '{name}' ORDER BY seq", url)
    here = [tuple(row) for row in store.query("SELECT seq, call, flow, question, answer, queue, agent FROM survey "
                                              "ORDER BY seq")]
    assert there == here
    there = server.ask("SELECT grain, subject, start, name, figure, sum(value) FROM ccappliance.rollup WHERE branch = "
                       f"'{name}' GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5", url)
    here = [tuple(row) for row in store.query("SELECT grain, subject, start, name, figure, value FROM rollup "
                                              "ORDER BY 1, 2, 3, 4, 5")]
    assert [row[:5] for row in there] == [row[:5] for row in here]
    assert [row[5] for row in there] == pytest.approx([row[5] for row in here], abs=1e-3)
    told = branch.entries()
    for table, kinds in (("queue_event", (facts.QueueEntered, facts.QueueLeft, facts.OfferMade, facts.OfferEnded)),
                         ("agent_state", (facts.AgentMoved,))):
        there = server.ask(f"SELECT seq FROM ccappliance.{table} WHERE branch = '{name}' ORDER BY seq", url)
        assert [row[0] for row in there] == [entry.seq for entry in told if isinstance(entry.fact, kinds)]
    legs = server.ask(f"SELECT leg FROM ccappliance.leg WHERE branch = '{name}' ORDER BY seq", url)
    assert [row[0] for row in legs] == [entry.fact.leg for entry in told if isinstance(entry.fact, facts.LegMoved)
                                        and entry.fact.state == "cleared"]
    store.close()


def _plain(row: tuple[Any, ...]) -> list[Any]:
    """As both sides may be compared: instants in UTC, lengths rounded, zero bytes gone."""
    found: list[Any] = []
    for name, value in zip(COLUMNS, row, strict=True):
        if name.endswith("_at") and value is not None:
            value = (datetime.fromisoformat(value) if isinstance(value, str) else value).timestamp()
        found.append(round(value, 6) if isinstance(value, float)
                     else value.replace("\0", "") if isinstance(value, str) else value)
    return found


def test_what_the_branch_has_headquarters_has(tmp_path: Path, server: Any, url: str) -> None:
    branch = Branch(tmp_path / "box", url)
    branch.begin()
    branch.calls(60)
    assert branch.deliver() > 3
    same(branch, server, url, tmp_path / "1.db")
    branch.calls(5)
    branch.deliver()
    assert branch.deliver() == 0
    same(branch, server, url, tmp_path / "2.db")
    (row,) = server.ask("SELECT applied, line, entry_at FROM ccappliance.branch", url)
    assert row[0] == branch.journal.seq
    branch.close()


def test_two_branches_tell_one_store(tmp_path: Path, server: Any, url: str) -> None:
    branches = [Branch(tmp_path / name, url, name, seed) for seed, name in enumerate(("beijing", "shanghai"), 1)]
    problems: list[Exception] = []

    def live(branch: Branch) -> None:
        try:
            branch.begin()
            for _ in range(5):
                branch.calls(8)
                branch.deliver()
        except Exception as error:  # noqa: BLE001  a thread's, told below
            problems.append(error)

    threads = [threading.Thread(target=live, args=(branch,)) for branch in branches]  # both make the tables, at once
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    for number, branch in enumerate(branches):
        same(branch, server, url, tmp_path / f"{number}.db")
        branch.close()
    assert server.ask("SELECT branch, count(*) FROM ccappliance.call GROUP BY 1 ORDER BY 1", url) == [
        ("beijing", 40), ("shanghai", 40)]


def test_the_daemon_may_end_after_any_batch_and_with_calls_open(tmp_path: Path, server: Any, url: str,
                                                                chance: random.Random) -> None:
    """A new process each time: it knows only what headquarters and the journal know. Calls are open in between."""
    branch = Branch(tmp_path / "box", url, batch=10)
    branch.begin()
    open_calls = [branch.call() for _ in range(30)]
    while any(open_calls):
        said = chance.choice([call for call in open_calls if call])
        branch.write(said.pop(0))
        if chance.random() < 0.1:
            delivery = branch.new_delivery()
            for _ in range(chance.randrange(1, 4)):
                delivery.step()
            delivery.end()
    branch.deliver()
    same(branch, server, url, tmp_path / "1.db")
    branch.close()


def test_nobody_knows_whether_a_commit_came_through(tmp_path: Path, server: Any, url: str, chance: random.Random
                                                   ) -> None:
    """The line is lost before or after the server has committed; what is told again is not doubled."""
    branch = Branch(tmp_path / "box", url, batch=20)

    class Torn(PgLink):
        def deliver(self, *words: Any) -> None:
            fate = chance.random()
            if fate < 0.3:
                raise LineFault("lost before")
            super().deliver(*words)
            if fate < 0.6:
                raise LineFault("lost after")

    delivery = branch.new_delivery(Torn)
    branch.begin()
    branch.calls(40)
    faults = 0
    while True:
        try:
            if not delivery.step():
                break
        except LineFault:
            faults += 1
    assert faults > 5
    same(branch, server, url, tmp_path / "1.db")
    branch.close()


def test_two_that_tell_of_one_branch_double_nothing(tmp_path: Path, server: Any, url: str) -> None:
    """A connection that was believed dead, or a copy of the box: who comes second is told, and begins anew."""
    branch = Branch(tmp_path / "box", url, batch=20)
    branch.begin()
    branch.calls(10)
    one, other = branch.new_delivery(), branch.new_delivery()
    one.step()
    other.step()
    other.step()
    with pytest.raises(Refused) as refused:
        one.step()
    assert refused.value.code == "superseded"
    assert not needs_a_person(refused.value)
    other.end()
    branch.deliver(one)
    same(branch, server, url, tmp_path / "1.db")
    one.end()
    branch.close()


def test_the_server_is_killed_in_the_middle(tmp_path: Path, server: Any, url: str) -> None:
    branch = Branch(tmp_path / "box", url, batch=20)
    branch.begin()
    branch.calls(30)
    for _ in range(3):
        branch.delivery.step()
        branch.delivery.step()
        server.kill()
        with pytest.raises(LineFault):
            branch.delivery.step()
        with pytest.raises(LineFault):
            branch.delivery.step()
        server.start()
        branch.calls(3)
    branch.deliver()
    same(branch, server, url, tmp_path / "1.db")
    branch.close()


def test_what_the_disk_does_not_have_is_not_told(tmp_path: Path, server: Any, url: str, monkeypatch: pytest.MonkeyPatch
                                                 ) -> None:
    """Each line that is told was synced before: after a power cut headquarters never knows more than the journal."""
    branch = Branch(tmp_path / "box", url)
    branch.begin()
    branch.calls(3)
    synced: list[int] = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda file: (synced.append(os.fstat(file).st_size), real(file))[1])
    told: list[int] = []
    deliver = PgLink.deliver

    def watched(self: PgLink, me: Any, before: int, batch: Any, line: str) -> None:
        told.append(synced[-1])
        deliver(self, me, before, batch, line)

    monkeypatch.setattr(PgLink, "deliver", watched)
    branch.deliver()
    path = next((branch.state / "journal").glob("*.jsonl"))
    assert told[-1] >= path.stat().st_size or len(list((branch.state / "journal").glob("*.jsonl"))) > 1
    branch.close()


def test_a_week_without_a_line_is_caught_up(tmp_path: Path, server: Any, url: str) -> None:
    """Seven days in seven segments, and a server that is there only then; a second thread adds to the journal."""
    branch = Branch(tmp_path / "box", url, batch=500)
    for _ in range(7):
        branch.begin()
        branch.calls(150)
        branch.clock.seconds = (branch.clock.seconds // 86400 + 1) * 86400.0
    assert len(list((branch.state / "journal").glob("*.jsonl"))) >= 7
    batches = 0
    while branch.delivery.step():
        batches += 1
        if batches % 5 == 0:
            branch.calls(1)
    assert batches >= 7 * 150 * 15 // 500
    same(branch, server, url, tmp_path / "1.db")
    branch.close()


def test_the_queries_of_the_page_answer(tmp_path: Path, server: Any, url: str) -> None:
    branch = Branch(tmp_path / "box", url)
    branch.begin()
    branch.calls(20)
    branch.deliver()
    page = (Path(__file__).resolve().parents[2] / "docs" / "headquarters.md").read_text("utf-8")
    queries = [query for block in page.split("```sql")[1:] for query in block.split("```")[0].split(";")
               if "SELECT" in query]
    assert len(queries) == 5
    answers = [server.ask(query, url) for query in queries]
    assert all(answers[number] for number in (0, 3, 4))
    rated = [row[2] for row in answers[0]]
    assert all(0.0 <= share <= 1.0 for share in rated)
    server.ask("UPDATE ccappliance.branch SET branch = 'guangzhou'", url)
    assert server.ask("SELECT DISTINCT branch FROM ccappliance.call", url) == [("guangzhou",)]
    branch.close()


# ---- who is who ----

def test_a_second_box_of_the_same_name_is_refused_in_words(tmp_path: Path, server: Any, url: str) -> None:
    one, other = Branch(tmp_path / "1", url, seed=1), Branch(tmp_path / "2", url, seed=2)
    one.begin()
    one.deliver()
    other.begin()
    with pytest.raises(Refused, match="knows another box by the name 'shenzhen'") as refused:
        other.deliver()
    assert refused.value.code == "another_box"
    renamed = Branch(tmp_path / "3", url, name="dongguan", seed=3)
    shutil.copy(one.state / identity.FILE, renamed.state / identity.FILE)
    renamed.begin()
    with pytest.raises(Refused, match="knows this box by the name 'shenzhen'"):
        renamed.deliver()
    for branch in (one, other, renamed):
        branch.close()


@pytest.mark.parametrize("told", [0, 150, 10_000])
def test_a_restored_box_begins_another_life(tmp_path: Path, server: Any, url: str, told: int) -> None:
    """Backup at one moment, headquarters told up to another, then restored: nothing is lost, nothing is taken twice."""
    one = Branch(tmp_path / "1", url, batch=50)
    one.begin()
    one.calls(20)
    shutil.copytree(one.state, tmp_path / "2")
    since = one.journal.seq
    one.calls(10)  # which the backup has not
    while one.delivery.applied < told and one.delivery.step():
        pass
    one.close()
    box = identity.parse((tmp_path / "2" / identity.FILE).read_text(), "")
    identity.write(tmp_path / "2", identity.Identity(box.id, 2, since))
    other = Branch(tmp_path / "2", url, seed=5)
    other.count = 100
    other.begin()
    other.calls(15)
    other.deliver()
    assert server.ask("SELECT life, applied FROM ccappliance.branch", url) == [(2, other.journal.seq)]
    restored = {(entry.seq, entry.fact.call) for entry in other.entries() if isinstance(entry.fact, facts.CallEnded)}
    found = server.ask("SELECT life, seq, call FROM ccappliance.call", url)
    assert restored <= {(seq, call) for _, seq, call in found}
    first = [seq for life, seq, _ in found if life == 1]
    assert len({call for _, _, call in found}) == len(found)
    assert (max(first, default=0) > since) == (told == 10_000)  # the calls between backup and loss are still known
    old = Branch(tmp_path / "1", url)  # the one that was believed lost
    with pytest.raises(Refused, match="stop one of the two"):
        old.deliver()
    old.close()
    other.close()


def test_a_journal_that_was_exchanged_is_refused(tmp_path: Path, server: Any, url: str) -> None:
    branch = Branch(tmp_path / "1", url)
    branch.begin()
    branch.calls(5)
    branch.deliver()
    branch.close()
    shutil.rmtree(tmp_path / "1" / "journal")
    again = Branch(tmp_path / "1", url, seed=9)
    again.begin()
    again.calls(10)
    with pytest.raises(Refused, match="is not the one headquarters was told"):
        again.deliver()
    again.close()


def test_a_newer_schema_makes_the_box_wait(tmp_path: Path, server: Any, url: str) -> None:
    branch = Branch(tmp_path / "1", url)
    branch.begin()
    branch.deliver()
    server.ask("INSERT INTO ccappliance.version VALUES (999)", url)
    branch.delivery.end()
    branch.calls(1)
    with pytest.raises(Refused, match="update this box"):
        branch.deliver()
    server.ask("DELETE FROM ccappliance.version WHERE version = 999", url)
    branch.deliver()
    same(branch, server, url, tmp_path / "1.db")
    branch.close()


def test_rights_that_are_missing_are_told(tmp_path: Path, server: Any, url: str) -> None:
    server.ask("DO $$ BEGIN CREATE ROLE guest LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$", url)
    branch = Branch(tmp_path / "1", url.replace("hq@", "guest@"))
    branch.begin()
    with pytest.raises(Refused, match="see the rights"):
        branch.deliver()
    branch.close()


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "psycopg", None)
    with pytest.raises(Refused, match="apt install python3-psycopg"):
        connect("postgresql://x", 5.0)


# ---- what is told ----

def test_an_entry_that_no_table_takes_costs_only_itself(tmp_path: Path, server: Any, url: str) -> None:
    branch = Branch(tmp_path / "1", url)
    branch.begin()
    branch.calls(10)
    branch.write(facts.QueueEntered("1.x", "sales", 10**30, 0.0, 0, 0.0))  # no number of PostgreSQL's
    branch.calls(10)
    branch.deliver()
    assert branch.delivery.refused == 1
    assert server.ask("SELECT count(*) FROM ccappliance.call", url) == [(20,)]
    assert server.ask("SELECT count(*) FROM ccappliance.queue_event WHERE call = '1.x'", url) == [(0,)]
    branch.close()


@pytest.mark.parametrize(("numbers", "shown"), [("masked", "138****"), ("none", "")])
def test_numbers_are_told_as_far_as_allowed(tmp_path: Path, server: Any, url: str, numbers: str, shown: str) -> None:
    branch = Branch(tmp_path / "1", url, numbers=numbers)
    branch.begin()
    branch.calls(5)
    branch.deliver()
    everything = json.dumps(server.ask("SELECT to_jsonb(c) FROM ccappliance.call c", url)
                            + server.ask("SELECT to_jsonb(l) FROM ccappliance.leg l", url), ensure_ascii=False)
    for entry in branch.entries():
        if isinstance(entry.fact, facts.CallOffered):
            assert entry.fact.calling not in everything
    assert "王芳" not in everything
    (row,) = server.ask("SELECT calling, called FROM ccappliance.call LIMIT 1", url)
    assert row[0].startswith(shown[:3])
    assert row[1] == "55512345"  # our own
    branch.close()


def test_only_what_is_wanted_is_told_and_old_rows_go(tmp_path: Path, server: Any, url: str) -> None:
    branch = Branch(tmp_path / "1", url, tables=("calls", "rollups"), keep=1)
    branch.begin()
    branch.calls(5)
    branch.deliver()
    assert server.ask("SELECT (SELECT count(*) FROM ccappliance.leg), (SELECT count(*) FROM ccappliance.call)", url) \
        == [(0, 5)]
    sums = server.ask("SELECT count(*) FROM ccappliance.rollup", url)
    server.ask("UPDATE ccappliance.call SET ended_at = now() - interval '2 days' WHERE seq < "
               "(SELECT max(seq) FROM ccappliance.call)", url)
    server.ask("UPDATE ccappliance.call SET ended_at = now() WHERE seq = (SELECT max(seq) FROM ccappliance.call)", url)
    assert branch.delivery.prune() == 4
    assert branch.delivery.prune() == 0
    assert server.ask("SELECT count(*) FROM ccappliance.rollup", url) == sums
    branch.close()


# ---- beside the loop ----

class House:
    """A courier in a real loop, with the alarms it raises; and how late the loop ever was."""

    def __init__(self, branch: Branch, delivery: Delivery | None = None, **aside: bool) -> None:
        self.journal, self.alarms = Journal(SystemClock(), MemorySink()), Alarms()
        self.journal.follow(self.alarms.hear)
        self.aside = Aside(threaded=True)
        self.courier = Courier(branch.settings, delivery or branch.delivery, Means(
            SystemClock(), self.alarms, self.journal.write, self.aside, lambda: branch.journal.seq))
        self.worst = 0.0

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(0.005)
            self.worst = max(self.worst, loop.time() - began - 0.005)


def test_a_server_that_stands_still_is_left(tmp_path: Path, server: Any, url: str) -> None:
    """Frozen in the middle: the thread comes back, the loop never waited, an alarm says so, and later all is told."""
    branch = Branch(tmp_path / "1", url, timeout=1.0, alarm_after=0.0)
    branch.begin()
    branch.calls(5)
    branch.deliver()
    branch.calls(5)

    async def scene() -> House:
        house = House(branch)
        watching = asyncio.ensure_future(house.watch())
        server.freeze(True)
        try:
            wait = await house.courier.round(branch.delivery)
        finally:
            server.freeze(False)
        assert wait > branch.settings.every
        assert house.courier.status()["state"] == "waiting"
        assert house.alarms.has(ALARM, "shenzhen")
        await house.courier.round(branch.delivery)
        assert not house.alarms.has(ALARM, "shenzhen")
        assert house.courier.status() | {"behind": 0, "trouble": "", "state": "up to date"} == house.courier.status()
        watching.cancel()
        await house.courier.close()
        house.aside.close()
        return house

    house = asyncio.run(scene())
    print(f"the loop was late by {house.worst * 1000:.1f} ms at the most")
    same(branch, server, url, tmp_path / "1.db")
    branch.close()


def test_a_black_hole_takes_a_time_out_and_no_call(tmp_path: Path, url: str) -> None:
    """Somebody listens and never says a word; the daemon may be stopped meanwhile."""
    hole = socket.socket()
    hole.bind(("127.0.0.1", 0))
    hole.listen(8)
    port = hole.getsockname()[1]
    branch = Branch(tmp_path / "1", f"postgresql://hq@127.0.0.1:{port}/x", timeout=2.0)
    branch.begin()

    async def scene() -> House:
        house = House(branch)
        watching = asyncio.ensure_future(house.watch())
        await house.courier.round(branch.delivery)
        assert house.courier.status()["state"] == "waiting"
        assert not house.alarms.has(ALARM, "shenzhen")  # not yet: it may heal
        watching.cancel()
        await house.courier.close()
        house.aside.close()
        return house

    house = asyncio.run(scene())
    print(f"the loop was late by {house.worst * 1000:.1f} ms at the most")
    hole.close()
    branch.close()


def test_a_password_never_stands_in_words(tmp_path: Path) -> None:
    branch = Branch(tmp_path / "1", "postgresql://hq:geheim@127.0.0.1:1/x?nonsense=1", timeout=2.0)
    branch.begin()
    with pytest.raises((LineFault, Refused, link_module.BadRow)) as error:
        branch.deliver()
    assert "geheim" not in str(error.value)
    branch.close()


def test_a_server_that_is_too_slow_is_tried_again_and_nobody_waits(tmp_path: Path, server: Any, url: str) -> None:
    """Every row takes it a second; our time-out is half of that. Then it is mended."""
    branch = Branch(tmp_path / "1", url, timeout=1.0)
    branch.begin()
    branch.deliver()
    branch.calls(5)
    server.ask("CREATE FUNCTION ccappliance.slow() RETURNS trigger AS 'BEGIN PERFORM pg_sleep(2); RETURN NEW; END' "
               "LANGUAGE plpgsql; CREATE TRIGGER slow BEFORE INSERT ON ccappliance.call FOR EACH ROW EXECUTE FUNCTION "
               "ccappliance.slow()", url)

    async def scene() -> House:
        house = House(branch)
        watching = asyncio.ensure_future(house.watch())
        await house.courier.round(branch.delivery)
        assert house.courier.status()["state"] == "waiting"
        assert "timeout" in house.courier.status()["trouble"]
        server.ask("DROP TRIGGER slow ON ccappliance.call", url)
        await house.courier.round(branch.delivery)
        assert house.courier.status()["state"] == "up to date"
        watching.cancel()
        await house.courier.close()
        house.aside.close()
        return house

    house = asyncio.run(scene())
    print(f"the loop was late by {house.worst * 1000:.1f} ms at the most")
    same(branch, server, url, tmp_path / "1.db")
    branch.close()
