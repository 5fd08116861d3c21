SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PROFILE ?= release
PROGRAM = target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/community-chat
HOST ?= 127.0.0.1
VENV := target/venv
NPM_FOLDERS := client-demo examples/node tests/clients benches/peers/node
NPM_DONE := $(NPM_FOLDERS:%=%/node_modules/.package-lock.json)
CLIENT_SOURCES := $(shell find client-demo -not -path '*/node_modules*' -not -path '*/dist*' -type f)
SCRIPTS := find . \( -name node_modules -o -name target -o -name .git -o -name dist \) -prune \
	-o \( -name '*.mjs' -o -name '*.js' \) -print0

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help run test check bench torture screenshots responsiveness fmt client programs

help: ## this text
	@echo "community-chat: make …"
	@sed -nE 's/^([a-z]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: client ## build and start the server on http://127.0.0.1:5000, with SQLite in ./data
	HOST="$(HOST)" cargo run --profile "$(PROFILE)"

# What the tests store lies in memory where there is plenty: a disk that others use as well stalls for seconds at
# a time, and each test process has a PostgreSQL of its own.
STORED = $(shell df -k --output=fstype,avail /dev/shm 2>/dev/null | awk '$$1 == "tmpfs" && $$2 > 8000000 { print "/dev/shm" }' | grep . || echo $${TMPDIR:-/tmp})

test: programs client $(NPM_DONE) $(VENV)/clients ## every test, on SQLite and PostgreSQL, with real clients
	@if cargo nextest --version >/dev/null 2>&1; then \
		TMPDIR=$(STORED) cargo nextest run --workspace --no-fail-fast; \
	else \
		TMPDIR=$(STORED) cargo test --workspace; \
	fi
	cargo test --features s3 --lib files::storage
	npm test --prefix client-demo --silent

check: client $(VENV)/typos tests/clients/node_modules/.package-lock.json ## format, lints, architecture, spelling, licences, scripts, types
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(SCRIPTS) | xargs -0 -r -n 1 node --check
	tests/clients/node_modules/.bin/tsc --project tests/clients
	@if command -v npm >/dev/null; then npm run check --prefix client-demo --silent; fi
	typos
	@if cargo deny --version >/dev/null 2>&1; then \
		cargo deny --offline check licenses bans sources; \
	else \
		echo "cargo-deny is not installed: licences and banned versions were not checked."; \
	fi
	cargo test --test architecture

bench: client benches/peers/node/node_modules/.package-lock.json ## the measurements
	cargo bench --bench against_node

# TORTURE_SECONDS for each database, TORTURE_EVERY, TORTURE_SEED; TORTURE_ON=sqlite or postgresql for one.
torture: ## the promises under fire: kills, pauses and restarts on both databases, and the large burst
	TORTURE_SECONDS="$${TORTURE_SECONDS:-600}" TORTURE_EVERY="$${TORTURE_EVERY:-20}" BURST=full \
		cargo test --release --test server -- --nocapture --test-threads=1 \
		"torture::on_$${TORTURE_ON:-}" slow_readers::a_burst

# On a server of its own, with people and rooms that are made for it.
screenshots: client tests/clients/node_modules/.package-lock.json ## pictures of the web client's pages, in docs/screenshots
	cargo build --profile "$(PROFILE)"
	SCREENSHOTS="$(CURDIR)/docs/screenshots" tests/clients/web/beside.sh "$(PROGRAM)" screenshots

# HISTORY messages (100000) that are there, SECONDS (10) of 100 arriving each second.
responsiveness: client tests/clients/node_modules/.package-lock.json ## how long the web client keeps its page's main thread busy
	cargo build --profile "$(PROFILE)"
	tests/clients/web/beside.sh "$(PROGRAM)" responsiveness

fmt: ## format the sources
	cargo fmt --all

# The server builds without its browser client too; it then says so where that is asked for.
client:
	@if ! command -v npm >/dev/null; then \
		echo "npm is not installed: the server will lack /socket.io/socket.io.js and its page."; \
	elif ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b > 18) ? 0 : 1)'; then \
		echo "Node.js 20.19 or newer builds the web client, and this is $$(node --version): the server will lack it."; \
	else \
		$(MAKE) --no-print-directory client-demo/dist/index.html; \
	fi

client-demo/dist/index.html: client-demo/node_modules/.package-lock.json examples/chat-client/chat-client.js $(CLIENT_SOURCES)
	npm run build --prefix client-demo --silent
	@touch "$@"

%/node_modules/.package-lock.json: %/package-lock.json
	npm ci --prefix "$*" --no-audit --no-fund --loglevel=error
	@touch "$@"

# Only what is absent is installed, and only where nobody has to be asked for a password.
programs:
	@missing=""; \
	compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null \
		|| missing+=" postgresql"; \
	command -v chromium >/dev/null || missing+=" chromium"; \
	command -v node >/dev/null || missing+=" nodejs"; \
	command -v npm >/dev/null || missing+=" npm"; \
	python3 -c 'import ensurepip' 2>/dev/null || missing+=" python3-venv"; \
	[ -n "$$missing" ] || exit 0; \
	if ! command -v apt-get >/dev/null; then sudo=none; \
	elif [ "$$(id -u)" = 0 ]; then sudo=""; \
	elif sudo -n true 2>/dev/null; then sudo="sudo -n"; \
	else sudo=none; fi; \
	if [ "$$sudo" = none ]; then \
		echo "The tests need$$missing, which can be installed here only by hand." >&2; \
		echo "On Debian and Ubuntu: sudo apt-get update && sudo apt-get install$$missing" >&2; \
		exit 1; \
	fi; \
	echo "Installing$$missing"; \
	$$sudo apt-get -qq update; \
	DEBIAN_FRONTEND=noninteractive $$sudo apt-get -qq install -y --no-install-recommends $$missing

$(VENV)/made:
	python3 -m venv "$(VENV)"
	@touch "$@"

$(VENV)/clients: tests/clients/python/requirements.txt | $(VENV)/made
	"$(VENV)/bin/pip" install --quiet --disable-pip-version-check -r "$<"
	@touch "$@"

$(VENV)/typos: | $(VENV)/made
	"$(VENV)/bin/pip" install --quiet --disable-pip-version-check 'typos==1.52.0'
	@touch "$@"
