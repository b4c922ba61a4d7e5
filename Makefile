# The tasks of this repository; make help lists them.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

CONSOLE := frontend/console
CONSOLE_SOURCES := frontend/tokens.css $(wildcard frontend/messages/*.json) docs/console.md docs/operating.md docs/security.md docs/cluster.md $(shell find $(CONSOLE) -name node_modules -prune -o -type f ! -name '*.test.ts' ! -name openapi.json -print)

# What the program embeds is compressed first, on this machine whatever it is built for.
GO_BUILD = overlay=$$(GOOS= GOARCH= go run ./build/pack) && go build -overlay "$$overlay" -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'

.DEFAULT_GOAL := help
TAGS := desktop,production,webkit2_41

.PHONY: help run dev three build desktop package check test mutants test-hostile test-crash test-damage \
	test-cluster-long fuzz vulncheck generate sentences pictures sheets bench bench-cluster clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / && !seen[$$1]++ { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

ifneq ($(DISPLAY)$(WAYLAND_DISPLAY),)
run: desktop ## build, and open: a window where there is a display, else 127.0.0.1:8080
	@bin/doorward-desktop
else
run: build ## build, and open: a window where there is a display, else 127.0.0.1:8080
	@bin/doorward serve
endif

dev: build $(CONSOLE)/node_modules/.package-lock.json ## the console with hot reload, before a server on scratch data
	@build/dev

three: build ## three machines of a cluster on this one, to try it (docs/cluster.md)
	@build/cluster/three

desktop: ## build the program with the window, bin/doorward-desktop
	@build/deps desktop
	@echo 'Building the program with the window …'
	@$(GO_BUILD) -tags $(TAGS) -o bin/doorward-desktop .

build: ## build the static program, bin/doorward
	@echo 'Building Doorward …'
	@export CGO_ENABLED=0; $(GO_BUILD) -o bin/doorward .

# The console is embedded in the program. Without npm the program is built without
# the console, and /admin says so.
ifneq ($(shell command -v npm),)
build desktop bench bench-cluster: frontend/dist/index.html
endif

frontend/dist/index.html: $(CONSOLE)/node_modules/.package-lock.json $(CONSOLE_SOURCES)
	@find frontend/dist -mindepth 1 ! -name .gitkeep -delete
	@echo 'Building the console …'
	@cd $(CONSOLE) && npm run --silent build
	@touch $@

$(CONSOLE)/node_modules/.package-lock.json: $(CONSOLE)/package-lock.json
	@build/deps modules $(CONSOLE)

PACKAGE_VERSION = $(shell echo '$(VERSION)' | sed -n 's/^v\{0,1\}\([0-9][0-9.]*\.[0-9.]*\).*/\1/p' | grep . || echo 0.0.0)

package: desktop ## build bin/packages: for Debian, Fedora, macOS and Windows, with checksums and SBOM
	@build/deps package
	build/package/all '$(PACKAGE_VERSION)' '$(LDFLAGS)'

check: ## the quick checks before a commit: format, vet, lint, types, unit tests; installs nothing
	@go run ./build/check quick

test: ## install what is missing, then run every check and every test
	@build/deps test
	@go run ./build/check

test-crash: ## kill the server 200 times under 16 clients, and check every answered step
	@build/deps test
	DOORWARD_ALL_TESTS=1 KILLS=200 go test -count=1 -timeout 60m -v -run 'TestCrash|TestAnswersCome|TestNeighbourFills|TestDiskFills' ./app/e2e

test-damage: ## damage every kind of file in every way, and 300 places at random (SEED= repeats one run)
	DOORWARD_ALL_TESTS=1 HARMS=300 go test -count=1 -timeout 60m -v -run 'Harm|Damage|Garbage|Lost|HalfWritten|EmptyLog' ./backend/store/...
	go test -count=1 -timeout 60m -v -run 'Harm' ./app
	go test -count=1 -timeout 60m -v -run 'TestOnTheStore/backup' ./app/cli

test-cluster-long: ## three machines on bad networks, with pauses, 100 kills, full disks; takes hours, needs root (ROUNDS=70 RUNS=30)
	@build/deps test
	DOORWARD_ALL_TESTS=1 KILLS=100 KEPT=1000 go test -count=1 -timeout 3h -v -run TestKillsOfMachines ./app/e2e
	DOORWARD_ALL_TESTS=1 KILLS=100 KEPT=520 go test -count=1 -timeout 3h -v -run TestKillsLoseNothing ./backend/store/replica
	DOORWARD_ALL_TESTS=1 RUNS=$(or $(RUNS),30) ROUNDS=8 go test -count=1 -timeout 3h -v -run TestPausesAndKills ./app/e2e
	DOORWARD_ALL_TESTS=1 ROUNDS=$(or $(ROUNDS),70) go test -count=1 -timeout 3h -v -run 'TestBadNetwork|TestLongLines|TestAnotherTakesOver|TestDiskOf|TestDamaged' ./app/e2e
	DOORWARD_ALL_TESTS=1 MINUTES=30 go test -count=1 -timeout 3h -v -run TestNoElectionWithoutACause ./app/e2e

test-hostile: ## attack the built program, row by row; docs/security.md has the table
	@build/deps test
	DOORWARD_ALL_TESTS=1 go test -count=1 -timeout 3h ./app/e2e/hostile

mutants: ## change one thing at a time and see whether a test fails (PACKAGES='access web'; takes hours)
	build/mutants/run $(PACKAGES)

FUZZTIME ?= 2m
fuzz: ## run each fuzz test for FUZZTIME (2m)
	FUZZTIME=$(FUZZTIME) go run ./build/check fuzz

# The database comes from vuln.go.dev. Without it nothing can be checked, and the
# command fails.
vulncheck: ## look for known vulnerabilities in what the program calls (needs vuln.go.dev)
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

# Packages with golden files: pages, emails.
GOLDEN = $(shell grep -rl 'flag.Bool("update"' --include='*_test.go' backend | xargs -n1 dirname | sort -u)

generate: $(CONSOLE)/node_modules/.package-lock.json ## write the generated files; make test fails if one is out of date
	npm --prefix $(CONSOLE) run --silent types
	@for golden in $(GOLDEN); do set -x; go test -count=1 ./$$golden -run Golden -update || exit 1; done
	go test -count=1 ./app/e2e/hostile -run TestTableIsListed -update
	@git status --short -- $(CONSOLE)/src/lib/api '*/testdata/*' docs/security.md

sentences: ## print all sentences side by side, in English and LANGUAGES='de ja'
	@go run ./build/sentences $(LANGUAGES)

pictures: ## retake the README's pictures
	@build/deps test
	PICTURES=$(CURDIR)/docs/pictures go test -count=1 -timeout 1h -run TestPictures ./app/e2e

sheets: ## take every page, empty, full and failing, on every screen: bin/sheets, to be looked at
	@build/deps sheets
	SHEETS=$(CURDIR)/bin/sheets DOORWARD_ALL_TESTS=1 go test -count=1 -timeout 2h -run TestSheets ./app/e2e

bench: ## measure; the figures are in docs/performance.md
	@build/deps bench
	go run ./app/bench

bench-cluster: ## measure three machines that keep one store; the figures are in docs/limits.md
	@build/deps bench
	go run ./app/bench -only cluster,cluster-million
	DOORWARD_ALL_TESTS=1 EMAILS=2000 KILLS=8 RACES=200 PAUSES=100 go test -count=1 -v -timeout 1h \
		-run 'TestEmailsComeThroughKills|TestOneApprovalAmongMachines|TestAPausedLeaderServesNobody' ./app/cli

clean: ## remove what was built and installed in this tree
	rm -rf bin .dev app/e2e/node_modules $(CONSOLE)/node_modules
	find frontend/dist -mindepth 1 ! -name .gitkeep -delete
