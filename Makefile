# Two commands matter: `make run` (set up, then a day's first minutes on simulated lines) and `make test` (set up, then
# the tests). The rest is for those who work on the house; `make nightly` runs the long proofs.

PYTHON := /usr/bin/python3
PY     := .venv/bin/python
STATE  := var
BASELINE := docs/accuracy/baseline.json
HOURS  := 1
POWER_RUNS := 1
SECONDS := 60

# What runs on a customer's box comes from Debian; so it does here, at the same versions.
RUN_PACKAGES  := python3 python3-venv python3-dev python3-pip python3-setuptools python3-wheel python3-yaml \
                 python3-click python3-systemd cython3 gcc libc6-dev libpri-dev espeak-ng tzdata \
                 python3-phonenumbers python3-aiohttp python3-yarl python3-argon2 python3-cryptography
TEST_PACKAGES := python3-pytest python3-six python3-hypothesis python3-numpy python3-scipy ?libspandsp2 ?libspeexdsp1 \
                 ?flite ?festival ?libpocketsphinx3 ?pocketsphinx-en-us ?flac ?opus-tools ?postgresql ?python3-psycopg \
                 ?chromium ?chromium-driver ?fonts-noto-cjk
# Recorded sound for the talk-off, each where this Debian has it; what is absent is told by the test. The first for every
# run (32 MB), the rest for the night (260 MB).
TEST_PACKAGES    += ?sox ?libsox-fmt-base ?asterisk-core-sounds-en-wav ?asterisk-moh-opsound-wav
# A client of AMI in another language
TEST_PACKAGES    += ?nodejs ?npm
NPM_CLIENT       := asterisk-manager@0.2.0
NIGHTLY_PACKAGES := ?festvox-italp16k ?festvox-czech-ph ?asterisk-core-sounds-es-wav ?asterisk-core-sounds-fr-wav ?asterisk-core-sounds-it-wav \
                    ?asterisk-core-sounds-ru-wav ?asterisk-prompt-it-menardi-wav ?asterisk-prompt-es-co \
                    ?asterisk-prompt-fr-armelle ?fillets-ng-data-cs ?fillets-ng-data-nl ?singularity-music ?drascula-music \
                    ?clang ?libclang-rt-14-dev ?libclang-rt-19-dev

# The guest of `make test-cards`: qemu, Debian's generic kernel, and DAHDI's sources and tools.
CARDS_PACKAGES := qemu-system-x86 linux-image-amd64 linux-headers-amd64 dahdi dahdi-source libtonezone-dev \
                  busybox-static kmod make binutils iproute2 ?libopenr2-bin

# Power cuts of the guest's disk: the same guest, and what looks at its file system afterwards.
POWER_PACKAGES := $(CARDS_PACKAGES) e2fsprogs dmsetup

SOURCES := setup.py pyproject.toml $(wildcard ext/ccappliance/*/*.pyx ext/ccappliance/*/*.pxd ext/ccappliance/*/src/* ext/pri/src/*)

.PHONY: setup setup-test build run test test-cards test-power ci lint docs bench accuracy instructions talkoff fuzz nightly clean

setup: .venv/built

setup-test: setup .venv/tools .venv/api/built

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
	@mkdir -p .venv/npm && cd .venv/npm && npm pack --silent $(NPM_CLIENT) >/dev/null 2>&1 && tar xzf *.tgz || \
		echo "npm's asterisk-manager can't be had here; its test will say so."
	touch $@

.venv/api/built: .venv/packages requirements-api.txt
	test -x .venv/api/bin/python || $(PYTHON) -m venv .venv/api
	.venv/api/bin/python -m pip install -q -r requirements-api.txt
	touch $@

build: setup

run: setup
	.venv/bin/ccappliance run --story --state $(STATE)

test: setup-test lint
	$(PY) -m pytest

# Against DAHDI's own kernel modules in a virtual machine; tests/cards/README.md. TESTS=… chooses other tests.
test-cards: setup-test
	@tools/packages.sh $(CARDS_PACKAGES) || echo "Some packages are missing; what they are needed for will say so."
	@tools/cards/test $(TESTS)

# Power cuts while a daemon in the same guest records 30 calls, and disks that fail; tests/powercut/README.md.
test-power: setup-test
	@tools/packages.sh $(POWER_PACKAGES) || echo "Some packages are missing; what they are needed for will say so."
	@POWER_RUNS=$(POWER_RUNS) tools/powercut/test

# What every submission must pass. Where there can be no guest, cards and power cuts are skipped, and the last lines say so.
ci: test
	@timeout 600 tools/packages.sh $(POWER_PACKAGES) || echo "Some packages are missing; what they are needed for will say so."
	@CARDS_WITHIN=900 tools/cards/test || test $$? = 77
	@tools/powercut/test || test $$? = 77

lint: setup-test
	.venv/bin/ruff check .
	.venv/bin/mypy

docs: setup
	$(PY) tools/docs.py

bench: setup-test
	$(PY) -m benchmarks

# Measures every ear, writes docs/accuracy and accepts what is better; BECAUSE="…" says what a worse figure was traded for.
accuracy: setup-test
	.venv/bin/ccappliance dsp report --quick --no-peers --baseline $(BASELINE) --accept --because "$(BECAUSE)"
	.venv/bin/ccappliance dsp report --full --out docs/accuracy --baseline $(BASELINE) --accept --because "$(BECAUSE)"

instructions: setup-test
	tools/packages.sh valgrind
	$(PY) -m benchmarks.instructions docs/accuracy/instructions.md

.venv/night: .venv/packages Makefile
	tools/packages.sh $(foreach package,$(NIGHTLY_PACKAGES),"$(package)")
	touch $@

talkoff: setup-test
	$(PY) tools/talkoff.py --hours $(HOURS)

fuzz: setup-test .venv/night
	$(PY) tools/fuzz.py --seconds $(SECONDS)

nightly: setup-test .venv/night
	$(PY) -m pytest --nightly -m "nightly or slow"
	@tools/packages.sh $(POWER_PACKAGES) || echo "Some packages are missing; what they are needed for will say so."
	@POWER_RUNS=5 tools/powercut/test || test $$? = 77

clean:
	rm -rf build .venv $(STATE) ccappliance.egg-info
	find ccappliance -name '*.so' -delete
	find ext -name '_*.c' -delete
