# Two commands matter: `make run` (set up, then a day's first minutes on simulated lines) and `make test`.
PY := .venv/bin/python
.PHONY: setup setup-dev build run test
setup: build
build: .venv/ready
	$(PY) setup.py -q build_ext --inplace
.venv/ready:
	/usr/bin/python3 -m venv --system-site-packages .venv
	.venv/bin/python -m pip install -q -r requirements-dev.txt
	touch $@
