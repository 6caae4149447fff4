# make serve, make test: nothing but Python 3.11 or newer and make is needed. See README.md.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
READY := $(VENV)/.ready
TOOLS := tools/node_modules/.ready
STRIPE := tools/stripe/node_modules/.ready
EXAMPLE := examples/frontend/node_modules/.ready
CLIENT := clients/typescript/node_modules/.ready
GENERATORS := tests/generators/node_modules/.ready $(VENV)/generators/.ready
NEWEST := $(VENV)/newest
CONTROL := $(VENV)/control-openapi.json
EXPORT := $(BIN)/mockserver contract export
EDITIONS := spec/dist/openapi-3.1.yaml spec/dist/openapi-clients.yaml
DOCUMENTS := $(EDITIONS) spec/openapi.yaml mockserver/control/openapi.yaml $(CONTROL)
NEEDS_NPM = command -v npm >/dev/null || { \
	echo "Node.js with npm is needed for this target (serve and test do without)" >&2; exit 2; }
# Without cached bytecode, each test process compiles 900 modules: it takes 10 s instead of 1 s.
export PYTHONDONTWRITEBYTECODE =
export REDOCLY_TELEMETRY = off
export REDOCLY_SUPPRESS_UPDATE_NOTICE = true

.PHONY: serve test test-slow test-newest contract mutants staging example soak generate-docs \
	screenshots client-types check bench documents lock clean

serve: $(READY) ## make the environment and start the mock
	$(BIN)/mockserver serve

# The kit runs while the tests are collected, which takes one processor. One process more than
# processors, because some tests wait.
FORKS ?= 3

test: $(READY) ## all tests but the slow ones, and a fast run of the contract kit
	@$(BIN)/python -m pytest contract_tests --quiet --max-examples 5 > $(VENV)/kit.log 2>&1 & \
		kit=$$!; trap "kill $$kit" INT TERM; \
		$(BIN)/python -m pytest -m "not slow" -p tests.forks --forks $(FORKS); tests=$$?; \
		wait $$kit; kit=$$?; cat $(VENV)/kit.log; exit $$((tests || kit))

test-slow: $(READY) $(TOOLS) $(STRIPE) $(CLIENT) $(GENERATORS) ## the slow tests: browsers, Stripe.js, Prism, a wheel ...
	$(BIN)/python -m pytest -m slow || { test $$? = 1 && echo "Once more, what failed:" && \
		$(BIN)/python -m pytest -m slow --last-failed --last-failed-no-failures none; }

test-newest: ## the fast tests with the newest versions that pyproject.toml allows
	$(PYTHON) -m venv --clear $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[dev,contract,load]'
	$(NEWEST)/bin/python -m pytest -m "not slow" -p tests.forks --forks $(FORKS)

contract: $(READY) ## the whole contract kit: on the mock, or gently on URL=https://...
	$(BIN)/python -m pytest contract_tests --quiet \
		$(if $(URL),--base-url $(URL) --rate-limit 5/s --max-time 10m,--max-examples 50)

mutants: $(READY) ## the kit's kill rate beside stock Schemathesis; writes benchmarks/MUTANTS.md
	$(BIN)/python -m benchmarks.mutation.run

staging: $(READY) ## the kit's verdict on a strange deployment; writes benchmarks/STAGING.md
	$(BIN)/python -m benchmarks.staging

example: $(READY) $(CLIENT) $(EXAMPLE) ## the billing screen of examples/frontend: types and browser tests
	cd examples/frontend && PYTHON=../../$(BIN)/python npm test --silent

soak: $(READY) ## 200,000 mixed requests: memory and books; writes benchmarks/SOAK.md
	$(BIN)/python -m benchmarks.soak

generate-docs: $(READY) ## make the reference in docs/ and the editions in spec/dist/ from the contract
	$(BIN)/mockserver docs
	$(EXPORT) --openapi 3.1 -o spec/dist/openapi-3.1.yaml
	$(EXPORT) --edition clients -o spec/dist/openapi-clients.yaml

client-types: $(READY) $(CLIENT) ## make the TypeScript client's types from the control API's document
	$(BIN)/python -m tools.control_document > $(CONTROL)
	cd clients/typescript && node_modules/.bin/openapi-typescript ../../$(CONTROL) \
		--default-non-nullable=false -o src/control.ts

screenshots: $(READY) ## take the pictures in docs/screenshots again
	UPDATE_SCREENSHOTS=1 $(BIN)/python -m pytest -q -m slow -k screenshots \
		tests/docs/browser/test_looks.py tests/hosted/browser/test_looks.py

check: $(READY) $(TOOLS) ## lint, format, types, both documents, and whether docs/ is fresh
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m tools.control_document > $(CONTROL)
	$(BIN)/python -m openapi_spec_validator $(DOCUMENTS)
	tools/node_modules/.bin/redocly lint --extends=recommended $(DOCUMENTS)
	for document in $(DOCUMENTS); do \
		tools/node_modules/.bin/validate-api $$document >/dev/null || exit 1; done
	$(BIN)/mockserver contract lint
	$(BIN)/mockserver docs --check
	$(EXPORT) --openapi 3.1 -o spec/dist/openapi-3.1.yaml --check
	$(EXPORT) --edition clients -o spec/dist/openapi-clients.yaml --check

bench: $(READY) $(TOOLS) ## measure against Prism and uvicorn; writes benchmarks/{RESULTS,WIRE}.md
	$(BIN)/python -m benchmarks.run
	$(BIN)/python -m benchmarks.wire_report

documents: $(READY) $(TOOLS) ## serve many documents beside Prism; writes benchmarks/DOCUMENTS.md
	$(BIN)/python -m benchmarks.documents

lock: $(READY) ## pin the newest versions that pyproject.toml allows
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/pip install --quiet pip-tools
	$(VENV)/lock/bin/pip-compile --quiet --upgrade --extra dev --extra contract --extra load \
		 --generate-hashes --allow-unsafe \
		--no-emit-index-url --no-emit-trusted-host --no-emit-options \
		--strip-extras --no-annotate --no-header \
		-o requirements.lock pyproject.toml
	$(VENV)/lock/bin/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe \
		--no-emit-index-url --no-emit-trusted-host --no-emit-options \
		--strip-extras --no-annotate --no-header \
		-o tests/generators/requirements.lock tests/generators/requirements.in

clean:
	rm -rf $(VENV) tools/node_modules tools/stripe/node_modules tests/generators/node_modules
	rm -rf examples/frontend/node_modules examples/frontend/dist* examples/frontend/test-results
	rm -rf clients/typescript/node_modules clients/typescript/dist

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(TOOLS): tools/package-lock.json
	@$(NEEDS_NPM)
	cd tools && npm ci --silent
	@touch $@

$(STRIPE): tools/stripe/package-lock.json
	@$(NEEDS_NPM)
	cd tools/stripe && npm ci --silent
	@touch $@

tests/generators/node_modules/.ready: tests/generators/package-lock.json
	@$(NEEDS_NPM)
	cd tests/generators && npm ci --silent
	@touch $@

$(VENV)/generators/.ready: $(READY) tests/generators/requirements.lock
	$(PYTHON) -m venv --clear $(VENV)/generators
	$(VENV)/generators/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r tests/generators/requirements.lock
	@touch $@

$(EXAMPLE): examples/frontend/package-lock.json
	@$(NEEDS_NPM)
	cd examples/frontend && npm ci --silent
	@touch $@

$(CLIENT): clients/typescript/package-lock.json $(wildcard clients/typescript/src/*.ts)
	@$(NEEDS_NPM)
	cd clients/typescript && npm ci --silent && npm run --silent build
	@touch $@
