# The whole life of a checkout in a few words; `make help` lists them.
PYTHON ?= python3
VENV   ?= .venv
RUN    := $(VENV)/bin/python
# Images for containers often set this; each of our processes would then compile all that it imports, twice its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*## .*/\1/p' Makefile)

help: ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-16s %s\n", $$1, $$2}'

demo: $(VENV)/.run ## Make, screen, sign, approve, release and verify pictures, on embedded defaults
	$(RUN) manage.py demo

up: $(VENV)/.run ## Serve the product on http://127.0.0.1:8000 with its workers, in this terminal
	$(RUN) manage.py up

# Tests that start workers, browsers or trainings have the machine to themselves: two at a time starve each other.
SHARED := -n 2 --dist loadfile
HEAVY  := alone or broker or browser or faults

test: $(VENV)/.dev ## Run the test suite on SQLite, and on PostgreSQL what depends on the database
	$(RUN) -m pytest $(SHARED) -m "not ($(HEAVY))"
	$(RUN) -m pytest $(SHARED) -p tests.postgresql -m "dialect and not ($(HEAVY))" tests/studio
	$(RUN) -m pytest -m "($(HEAVY)) and not long"

test-long: $(VENV)/.dev ## Run what `make test` leaves out: the same ways through the pages, on other screens
	$(RUN) -m pytest -m long

test-postgresql: $(VENV)/.dev ## Run every test that touches a database on PostgreSQL
	$(RUN) -m pytest $(SHARED) -p tests.postgresql -m "database and not ($(HEAVY))"
	$(RUN) -m pytest -p tests.postgresql -m "database and ($(HEAVY))"

lint: $(VENV)/.dev ## Check style, types and the dependency rule
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(RUN) -m mypy
	PYTHONPATH=platform $(VENV)/bin/lint-imports
	$(RUN) -S -c "import platform; platform.system()"
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) -m tests.supply check
	$(RUN) -m tests.supply audit --where-possible
	$(RUN) -m tests.supply sbom

sbom: $(VENV)/.dev ## Write a bill of materials (CycloneDX) of everything installed to var/sbom.cdx.json
	$(RUN) -m tests.supply sbom

audit: $(VENV)/.dev ## Ask PyPI's advisories about everything that is shipped; fails where nobody can be asked
	$(RUN) -m tests.supply audit

format: $(VENV)/.dev ## Put the code in the house style
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

faults: $(VENV)/.dev ## The long form of the fault tests: workers are killed, engines go away, clocks are stepped, a disk runs full
	$(RUN) -m tests.promises --only 1 2 --long --write docs/reliability.md
	$(RUN) -m tests.faults.full --write docs/reliability.md
	$(RUN) -m tests.production --seconds 0 --outage all --write docs/reliability.md

load: $(VENV)/.dev ## The long form of the load test: 50 submits, 20 checks and 20 galleries a second for five minutes
	$(RUN) -m tests.promises --only 6 9 --long --write docs/reliability.md

promises: $(VENV)/.dev ## Measure what docs/reliability.md promises, and write the table there (hours with LONG=--long)
	$(RUN) -m tests.promises $(LONG) --write docs/reliability.md

mutation: $(VENV)/.dev ## Make small changes in policy, ledger and states and count those that tests notice (SAMPLE=600: so many)
	OMP_NUM_THREADS=1 $(RUN) -m tests.mutation $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

production-demo: $(VENV)/.dev ## Run on PostgreSQL, Valkey and S3 storage, under load, while processes are killed
	$(RUN) -m tests.production

scaling: $(VENV)/.dev ## Compare one worker with three, with a model whose step only waits
	$(RUN) -m tests.production.scaling

scale: $(VENV)/.dev ## Measure one to three workers, let a model predict them, and ask it about a thousand (half an hour)
	$(RUN) -m tests.production.scale --write docs/scale.md

separation: $(VENV)/.dev ## Take 5,000 random steps to find a maker who decides about their own picture
	STEPS=5000 $(RUN) -m pytest tests/studio/review/test_separation.py

bench: $(VENV)/.dev ## Measure what governance costs, as ratios in one run
	$(RUN) -m generation bench
	$(RUN) manage.py bench

bench-starter: $(VENV)/.dev ## Time one picture of the starter model, as somebody who waits for it
	$(RUN) -m generation speed --json

bench-provenance: $(VENV)/.dev ## Time sealing, checking, recording and auditing beside their goals, and write docs/provenance.md
	$(RUN) -m provenance bench --write docs/provenance.md

bench-fingerprint: $(VENV)/.dev ## Measure how often, and how fast among a million, changed copies find their record
	$(RUN) -m tests.provenance.finding recall $(if $(PHOTOGRAPHS),--photographs $(PHOTOGRAPHS)) $(if $(DRAWINGS),--drawings $(DRAWINGS))
	$(RUN) -m tests.provenance.finding scale $(if $(PHOTOGRAPHS),--photographs $(PHOTOGRAPHS)) $(if $(DRAWINGS),--drawings $(DRAWINGS))

fuzz: $(VENV)/.dev ## Send 50,000 broken files through the check; goes on where it was stopped
	$(RUN) -m tests.provenance.fuzz --files 50000 --folder var/fuzz

fuzz-api: $(VENV)/.dev ## Ask the interface for programs 5,000 things that its description allows, or forbids
	$(RUN) -m tests.studio.api.fuzz --examples 5000

bench-finetune: $(VENV)/.dev ## Teach the starter model a concept and measure whether it appears
	$(RUN) -m tests.generation.training.taught --write docs/starter.md

bench-moderation: $(VENV)/.dev ## Time both screens beside their goals, with each part's share, and write docs/moderation.md
	$(RUN) -m moderation bench --write docs/moderation.md

bench-lists: $(VENV)/.dev ## Time every long list and every export with 100,000 pictures, on both databases, and write docs/speed.md
	$(RUN) -m tests.studio.speed --write docs/speed.md

# Photographs and peers for the watermark's measurement, outside of the environment that the product runs in.
BENCH := var/bench
SURVIVAL := OMP_NUM_THREADS=1 $(RUN) -m tests.provenance.watermark.survival
WALLPAPERS := mate-backgrounds plasma-workspace-wallpapers lomiri-wallpapers-16.04 lomiri-wallpapers-20.04
DRAWN := cow tent baby tree fish hospital sun mosquito

bench-watermark: $(BENCH)/.pictures ## Measure what the watermark survives, beside its peers, and write docs/watermark.md
	$(SURVIVAL) --photographs $(BENCH) --drawings $(BENCH)/drawings --peers $(BENCH)/wheels --out $(BENCH)/survival.jsonl
	$(RUN) -m tests.provenance.watermark.survival.report docs/watermark.md $(BENCH)/survival.jsonl $(wildcard $(BENCH)/alarms.jsonl)

bench-watermark-alarms: $(BENCH)/.pictures ## Look for false alarms of the watermark in 20,000 pictures without one
	OMP_NUM_THREADS=1 $(RUN) -m tests.provenance.watermark.survival.alarms --photographs $(BENCH) --out $(BENCH)/alarms.jsonl

# Without Debian's apt there are fewer photographs, and the tables say how many.
$(BENCH)/.pictures: $(VENV)/.dev requirements-bench.txt
	mkdir -p $(BENCH)/debian $(BENCH)/drawings
	$(RUN) -m pip install --quiet --disable-pip-version-check --upgrade --no-deps --target $(BENCH)/wheels -r requirements-bench.txt
	cd $(BENCH)/debian && { command -v apt-get >/dev/null && apt-get download $(WALLPAPERS) && for file in *.deb; do dpkg-deb -x $$file .; done; } || true
	for word in $(DRAWN); do $(RUN) -m generation generate --prompt "a $$word" --seed 1 --count 3 --out $(BENCH)/drawings/$$word.png; done
	touch $@

tour: $(VENV)/.dev ## Photograph the pages of everybody at work, and write docs/tour.md (needs Chromium)
	$(RUN) -m tests.e2e.tour --out docs/tour

messages: $(VENV)/.dev ## Collect what the pages say for translators (needs GNU gettext), and compile what they wrote
	cd platform/studio && $(abspath $(RUN)) ../../manage.py makemessages --all --add-location file --no-wrap --no-obsolete
	$(RUN) -m tests.studio.translations

clean-demo: ## Forget the demo's databases, keys and pictures
	rm -rf var

# torch goes in first: left to the others' ranges, an installer may fetch a build of several gigabytes. Nothing is
# compiled beforehand: of the many files most are never imported, and the others are compiled when they are.
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check --no-compile
define install
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(PIP) $$(grep '^torch==' requirements.txt)
	$(PIP) -r $(1)
endef

$(VENV)/.run: requirements.txt
	$(call install,$<)
	touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt
	$(call install,requirements-dev.txt)
	touch $(VENV)/.run $@
