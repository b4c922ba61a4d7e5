# Everything that is done with this tree: make help lists it.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

.DEFAULT_GOAL := help
.PHONY: help run build test bench clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build, and serve on 127.0.0.1:8080 with the default data directory
	bin/doorward serve

build: ## build the static program, bin/doorward
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/doorward .

test: ## install what is missing, then run every check and every test
	@build/deps test
	@go run ./build/check

bench: ## measure; the figures are in the README
	@build/deps bench
	go run ./app/bench

clean: ## remove what was built and installed in this tree
	rm -rf bin app/e2e/node_modules
