"""Loading a directory: which files, in which order, laid over each other how, and what is said of a wrong directory."""

import os
from pathlib import Path

import pytest
from config_sample import Queue, Site

from ccappliance.base.errors import ConfigError
from ccappliance.config.load import load, load_file


def write(directory: Path, **files: str) -> None:
    for name, text in files.items():
        path = directory / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")


def problems(directory: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(directory, Site)
    return str(caught.value)


def test_files_are_laid_over_each_other_in_order(tmp_path: Path) -> None:
    write(tmp_path, queues="queues: {a: {wrapup: 1, tags: [x, y]}, b: {}}", ccappliance="system: {name: first}",
          flows__main="nodes: {start: {type: play, prompt: p}}")
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/20-b.yaml").write_text("queues:\n  a: {wrapup: 3, tags: [z]}\n")
    (tmp_path / "conf.d/10-a.yaml").write_text("system: {name: second}\nqueues: {a: {wrapup: 2, max_len: 7}}\n")
    (tmp_path / "conf.d/README").write_text("not YAML: [")
    (tmp_path / ".hidden.yaml").write_text("nonsense: [")
    loaded = load(tmp_path, Site)
    assert loaded.files == ("ccappliance.yaml", "queues.yaml", "flows/main.yaml", "conf.d/10-a.yaml",
                            "conf.d/20-b.yaml")
    assert loaded.value.system.name == "second"
    assert loaded.value.queues == {"a": Queue(wrapup=3.0, max_len=7, tags=("z",)), "b": Queue()}
    assert list(loaded.value.flows) == ["main"]
    places = {path: str(place) for path, place in loaded.origins.items()}
    assert places["queues.a.wrapup"] == "conf.d/20-b.yaml:2:15"
    assert places["queues.a.max_len"] == "conf.d/10-a.yaml:2:34"
    assert places["flows.main.nodes.start.prompt"] == "flows/main.yaml:1:37"
    assert "queues.b.wrapup" not in places
    assert loaded.warnings == ()


def test_nothing_written_in_conf_d_takes_nothing_away(tmp_path: Path) -> None:
    write(tmp_path, queues="queues: {a: {tags: [x], overflow: o}}")
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/a.yaml").write_text("queues:\n  a:\n    tags:\n    overflow:\n")
    assert load(tmp_path, Site).value.queues == {"a": Queue(tags=("x",))}


def test_two_files_that_give_one_key_are_warned_of(tmp_path: Path) -> None:
    write(tmp_path, a="system: {name: one}", b="system: {name: two}")
    loaded = load(tmp_path, Site)
    assert loaded.value.system.name == "two"
    assert [str(warning) for warning in loaded.warnings] == [
        "b.yaml:1:16: system.name: also given at a.yaml:1:16, which has no effect "
        "(keep one of them; files in conf.d/ may override)"]


def test_the_digest_is_of_names_and_contents(tmp_path: Path) -> None:
    write(tmp_path, a="system: {name: one}")
    first = load(tmp_path, Site).digest
    assert load(tmp_path, Site).digest == first
    write(tmp_path, a="system: {name: two}")
    second = load(tmp_path, Site).digest
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    assert len({first, second, load(tmp_path, Site).digest}) == 3


def test_syntax_errors_of_all_files_are_told_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, a="a: [", b="b: }", c="unknown: 1")
    told = problems(tmp_path)
    assert "a.yaml:1:" in told
    assert "b.yaml:1:4" in told
    assert "unknown" not in told


def test_wrong_directories(tmp_path: Path) -> None:
    assert "there is no such directory (give the directory with --config)" in problems(tmp_path / "none")
    assert "no *.yaml file" in problems(tmp_path)
    (tmp_path / "file").write_text("")
    assert "not a directory" in problems(tmp_path / "file")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "dir.yaml").mkdir()
    (tmp_path / "link.yaml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.yaml")
    told = problems(tmp_path)
    assert "dir.yaml: configuration: this is not a plain file" in told
    assert "pipe.yaml: configuration: this is not a plain file" in told
    assert "link.yaml: configuration: cannot be read: No such file or directory (a link that leads nowhere?)" in told


def test_yml_is_warned_of(tmp_path: Path) -> None:
    write(tmp_path, a="")
    (tmp_path / "b.yml").write_text("")
    assert [str(warning) for warning in load(tmp_path, Site).warnings] == [
        "b.yml: configuration: not read (rename it to .yaml)"]


def test_one_file_alone(tmp_path: Path) -> None:
    (tmp_path / "day.yaml").write_text("system: {name: day}")
    assert load_file(tmp_path / "day.yaml", Site).value.system.name == "day"
    with pytest.raises(ConfigError, match=r"none\.yaml: configuration: cannot be read"):
        load_file(tmp_path / "none.yaml", Site)
