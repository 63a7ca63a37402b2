# Everything here needs a Swift tool chain (6.1 or later) and, on Debian or Ubuntu, apt. Tests and programs are built in
# release mode: arithmetic is 10 to 15 times slower without optimisation.

SWIFT ?= swift
OUT ?= runs/demo
# For make bench: a Python with what Benchmarks/torch_side.py names. For make review-browser: a Python with playwright.
PYTHON ?= python3
# More arguments for the program or the test runner: make test ARGS="--filter TensorTests".
ARGS ?=

# Tests import no module as @testable, so they share one build with the programs. They run one after the other: arithmetic
# uses all cores by itself, and a test that waits for a server must not wait for a hundred trainings too.
TEST := $(SWIFT) test -c release --disable-xctest --disable-testable-imports --no-parallel

# The targets whose results come out of arithmetic in vectors.
NUMERICS := ^(Tensor|Layers|ImageDecoding|VisionEncoder|LanguageModel|LoRA|DPO|StudentModels)Tests\.

# In debug builds C is optimised all the same: it would be 100 times slower. Only the targets named are built (Package.swift
# reads DISTILLATION_TARGETS).
DEBUG_TEST := $(SWIFT) test -Xcc -O3 --disable-xctest --no-parallel

# One folder for the packages in Examples/, so that what they depend on is compiled once.
CLIENTS := $(CURDIR)/.build/clients
# SwiftPM goes by the plan that it finds, though it was made for another package.
CLIENT_PLAN := $(CLIENTS)/*/release/description.json

# The traits for clusters share a build.
CLUSTER_TRAITS := default,PostgreSQL,MPI
CLUSTER_BUILD := .build/cluster

COVERAGE_BUILD := .build/coverage

# make fuzz SECONDS=10 FORMAT="template pattern"
FUZZING := .build/fuzzing
FORMAT ?= template pattern tokenizer configuration reply store
SECONDS ?= 3600
SWIFT_SOURCES := Package.swift Sources Tests Examples Benchmarks Fuzzing/Package.swift Fuzzing/Sources/fuzz .ci/CheckAPI.swift .ci/CheckLayers.swift .ci/examples

.PHONY: help setup demo demo-dualchecker test test-debug test-lowered test-kernels test-onednn test-postgresql test-mpi test-mecab sanitize formatter \
  review-browser real-text example lint format portability snippets docs layers architecture configuration api check-api coverage fuzz benchmark bench clean

help: ## Lists the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Installs the libraries that are missing, by apt.
	@.ci/setup

demo: setup ## Builds and runs the main job on a made-up world: no network, no key, no download.
	$(SWIFT) run -c release OutOfContextNews --out $(OUT) $(ARGS)

demo-dualchecker: setup ## Builds and runs DualChecker on written records about inventions: no network, no key, no download.
	$(SWIFT) run -c release GreenInnovation --out runs/green $(ARGS)

test: setup ## Builds and runs all tests.
	$(TEST) $(ARGS)

test-lowered: setup ## Runs the numerics' tests as CPUs without AVX-512 do, and those without AVX2.
	TENSOR_MAX_ISA=avx2 $(TEST) --filter '$(NUMERICS)'
	TENSOR_MAX_ISA=baseline $(TEST) --filter '$(NUMERICS)'

test-kernels: ## Holds the C kernels against naive twins, on this CPU for each instruction set and on AArch64 under qemu.
	.ci/kernels native aarch64

test-debug: setup ## Builds the numerics in debug mode and runs their tests: with the checks that release builds leave out.
	DISTILLATION_TARGETS=TensorTests,LayersTests,LoRATests,DPOTests $(DEBUG_TEST) --scratch-path .build/checked $(ARGS)

sanitize: setup ## Runs the C kernels under the address and thread sanitizers, and the tests of the stores under the latter.
	.ci/sanitize address
	.ci/sanitize thread
	DISTILLATION_TARGETS=AnnotationsTests,SQLiteStoreTests $(DEBUG_TEST) --sanitize=thread --scratch-path .build/thread \
	  --filter 'StoreTests|ReviewJournalTests|SpendingTests' $(ARGS)

test-onednn: ## Builds a client with the trait OneDNN and holds oneDNN's products against our own.
	@.ci/setup libdnnl-dev
	$(TEST) --package-path Examples/NumbersOnly --traits OneDNN

test-postgresql: ## Builds with the trait PostgreSQL and tries the store over it out, on a server of the tests' own.
	@.ci/setup libpq-dev postgresql
	DISTILLATION_TARGETS=PostgreSQLStoreTests .ci/postgresql $(TEST) --traits $(CLUSTER_TRAITS) \
	  --scratch-path $(CLUSTER_BUILD) --filter '^PostgreSQLStoreTests\.' $(ARGS)

test-mpi: ## Builds the command with the trait MPI and carries a small run out on 1, 2, 3 and 5 ranks, with kills.
	@.ci/setup libopenmpi-dev openmpi-bin libpq-dev
	DISTILLATION_TARGETS=distill $(SWIFT) build -c release --product distill --traits $(CLUSTER_TRAITS) --scratch-path $(CLUSTER_BUILD)
	.ci/mpi $(CLUSTER_BUILD)/release/distill $(ARGS)

test-mecab: ## Builds the tokenizers with the trait MeCab and holds Japanese words and ids against transformers.
	@.ci/setup libmecab-dev mecab-ipadic-utf8
	DISTILLATION_TARGETS=MeCabTests $(DEBUG_TEST) --traits MeCab --scratch-path .build/mecab $(ARGS)

review-browser: setup ## Drives the review page in headless Chromium: apt-get install chromium, pip install playwright, PYTHON=.venv/bin/python
	$(SWIFT) build -c release --product distill
	$(PYTHON) Tests/Browser/review_page.py $(ARGS)

real-text: OUT = runs/real-text
# RECORDS=60 are labelled and as many scored; TASKS="patents-relations reports-quality reports-topic patents-spans" are all sets.
# MODELS is the models' folder, SEED another seed.
real-text: setup ## Both methods with two real models, which pip fetches, on real text: make real-text DATA=FOLDER (minutes)
	@test -n "$(DATA)" || { echo 'real-text: DATA=FOLDER is wanted, with tfh-patents/ and esg/ (Examples/RealText/Program/RealText.swift)'; exit 2; }
	DISTILLATION_TARGETS=distill,RealText $(SWIFT) build -c release
	PYTHON=$(PYTHON) .ci/real-text .build/release/distill .build/release/RealText $(DATA) $(OUT)

example: setup ## Builds and tests the packages in Examples/ that depend on this one as a stranger's would.
	rm -f $(CLIENT_PLAN)
	$(TEST) --scratch-path $(CLIENTS) --package-path Examples/Downstream
	$(SWIFT) run -c release --scratch-path $(CLIENTS) --package-path Examples/Downstream help-desk
	rm -f $(CLIENT_PLAN)
	$(SWIFT) run -c release --scratch-path $(CLIENTS) --package-path Examples/NumbersOnly numbers-only
	rm -f $(CLIENT_PLAN)
	.ci/run-topics $(CLIENTS)
	.ci/check-no-packages Examples/Downstream Examples/NumbersOnly Examples/Topics

lint: formatter ## Checks the formatting.
	$(SWIFT) format lint --strict --recursive --parallel $(SWIFT_SOURCES)

# Another version formats otherwise.
formatter:
	@.ci/check-formatter

format: formatter ## Formats the sources in place.
	$(SWIFT) format --in-place --recursive --parallel $(SWIFT_SOURCES)

snippets: ## Compiles the Swift code of the pages and of the comments, once the package is built (make test, or swift build -c release).
	.ci/check-snippets
	.ci/check-examples --self-test
	.ci/check-examples

docs: ## Builds the documentation of each library from the last release build; a warning is an error.
	.ci/docs

portability: ## Says what would not compile on AArch64 or macOS.
	@.ci/check-portability

layers: ## Checks imports against the layers, and the architecture page against the manifest.
	.ci/check-layers

architecture: ## Writes the manifest's targets into the architecture page.
	.ci/check-layers --write

configuration: setup ## Writes the keys that the code reads into Documentation/Configuration.md.
	$(SWIFT) build -c release --product distill
	.ci/write-configuration .build/release/distill

api: setup ## Writes the public declarations into Documentation/API: at a release.
	$(SWIFT) build -c release
	.ci/check-api --write

check-api: setup ## Checks that CHANGELOG.md names the public declarations that changed since the release.
	$(SWIFT) build -c release
	.ci/check-api --self-test
	.ci/check-api

coverage: setup ## Prints the line coverage of Sources/; fails under 94 %.
	$(TEST) --enable-code-coverage --scratch-path $(COVERAGE_BUILD) --filter '^nothing, the build alone$$'
	rm -rf $(COVERAGE_BUILD)/profiles
	LLVM_PROFILE_FILE='$(CURDIR)/$(COVERAGE_BUILD)/profiles/%m.%p.profraw' \
	  $(TEST) --skip-build --scratch-path $(COVERAGE_BUILD) $(ARGS)
	.ci/coverage $(COVERAGE_BUILD)

fuzz: setup ## Tries readers with made-up input, an hour each: make fuzz SECONDS=10 FORMAT=template
	$(SWIFT) build -c release --package-path Fuzzing --scratch-path $(FUZZING)
	.ci/fuzz $(FUZZING) $(SECONDS) $(FORMAT)

benchmark: setup ## Measures matrix products and the answer tree, each beside what it replaces.
	$(SWIFT) run -c release --package-path Benchmarks benchmarks $(ARGS)

bench: setup ## Times distill beside PyTorch: make bench MODEL=... ENCODER=... SET=avx2 PYTHON=.venv/bin/python
	$(if $(MODEL),,$(error MODEL names no folder: make bench MODEL=models/SmolVLM-256M-Instruct))
	$(SWIFT) build -c release --product distill
	$(PYTHON) Benchmarks/side_by_side.py --model $(MODEL) $(if $(ENCODER),--encoder $(ENCODER)) \
	  --distill .build/release/distill $(if $(LLAMA),--llama $(LLAMA)) $(if $(SET),--set $(SET)) $(ARGS)

clean: ## Deletes everything that was built.
	rm -rf .build Examples/*/.build Benchmarks/.build Fuzzing/.build
