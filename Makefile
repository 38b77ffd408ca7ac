# Two commands matter: `make run` (set up, then a day's first minutes on simulated lines) and `make test` (set up, then
# the tests). The rest is for those who work on the house; `make nightly` runs the long proofs.

PYTHON := /usr/bin/python3
PY     := .venv/bin/python
STATE  := var

# What runs on a customer's box comes from Debian; so it does here, at the same versions.
RUN_PACKAGES  := python3 python3-venv python3-dev python3-pip python3-setuptools python3-wheel python3-yaml \
                 python3-click python3-systemd cython3 gcc libc6-dev espeak-ng tzdata
TEST_PACKAGES := python3-pytest python3-hypothesis python3-numpy python3-scipy ?libspandsp2 ?libspeexdsp1 \
                 ?flite ?festival ?festvox-italp16k ?festvox-czech-ph ?asterisk-prompt-it-menardi-wav \
                 $(patsubst %,?asterisk-core-sounds-%-wav,en es fr it ru)

SOURCES := setup.py pyproject.toml $(wildcard ext/ccappliance/media/*.pyx ext/ccappliance/media/*.pxd \
           ext/ccappliance/media/src/*)

.PHONY: setup setup-test build run test lint docs bench nightly clean

setup: .venv/built

setup-test: setup .venv/tools

.venv/packages: tools/packages.sh Makefile
	tools/packages.sh $(RUN_PACKAGES)
	test -x $(PY) || $(PYTHON) -m venv --system-site-packages .venv
	touch $@

.venv/built: .venv/packages $(SOURCES)
	$(PY) -m pip install -q --no-deps --no-build-isolation --no-index -e .
	touch $@

.venv/tools: .venv/packages requirements-dev.txt
	tools/packages.sh $(foreach package,$(TEST_PACKAGES),"$(package)")
	$(PY) -m pip install -q -r requirements-dev.txt
	touch $@

build: setup

run: setup
	.venv/bin/ccappliance run --story --state $(STATE)

test: setup-test lint
	$(PY) -m pytest

lint: setup-test
	.venv/bin/ruff check .
	.venv/bin/mypy

docs: setup
	$(PY) tools/docs.py

bench: setup-test
	$(PY) -m benchmarks

nightly: setup-test
	$(PY) -m pytest --nightly -m "nightly or slow"

clean:
	rm -rf build .venv $(STATE) ccappliance.egg-info
	find ccappliance -name '*.so' -delete
	find ext -name '_*.c' -delete
