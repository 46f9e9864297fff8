# make build   ./bin/oakum and its two siblings
# make test    every Go test of every module; a real part that is missing skips, with the reason
# make check   all that must hold: brings the real parts, then format, vet, staticcheck, cross-compiling, tests
# make kill    remediation killed by SIGKILL at each of its 8,800 places over real stores: an hour and a half
# make bench   whole-process measurements; with REPO=path those of a repository's history, with IMAGE=path those of an
#              OCI layout (bench/README.md)
# make bench-webhook  the admission server under load
# make quality what is found in seeded leaks, in gigabytes of clean material, and in labelled rows if LABELLED=DIR has them
# make generate  rewrites what is generated from the rules
# make release   dist/: archives, packages and wheels of this commit (tools/release); RELEASEFLAGS="-targets host" for less
# make release-check  makes the release twice, in two clones, and compares; COLD=1 compiles everything anew the second time
# make images    dist-images/: container images of this commit (tools/images); IMAGESFLAGS reaches it

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

# Each module is checked alone: a workspace would link other versions than users get.
export GOWORK := off

MODULES := . webhook remediate internal/realtest bench tools/learn tools/release tools/images
TARGETS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
PARTS   := git pre-commit gitleaks sshd docker-registry moto rotation-libraries openbao buildah mariadb postgres helm kubectl iam-simulate node node-libraries java-libraries dotnet
STATICCHECK := go tool -modfile=$(CURDIR)/tools/go.mod staticcheck

# The control plane that webhook/e2e runs against.
MODULES += webhook/e2e
PARTS   += etcd kube-apiserver kube-controller-manager

.PHONY: build test check kill format vet staticcheck cross parts bench bench-webhook quality generate release release-check images clean

build:
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -buildvcs=auto -o bin/ ./cmd/oakum
	cd webhook && CGO_ENABLED=0 go build -trimpath -buildvcs=auto -o ../bin/ ./cmd/oakum-webhook
	cd remediate && CGO_ENABLED=0 go build -trimpath -buildvcs=auto -o ../bin/ ./cmd/oakum-remediate

# TESTFLAGS reaches go test, as in: make test TESTFLAGS=-race
# go test's cache does not see that a part came or went, so tests that run parts are never cached.
test:
	@status=0; for m in $(MODULES); do \
	  fresh=; case $$m in internal/realtest|remediate|webhook/e2e) fresh=-count=1;; esac; \
	  (cd $$m && go test -timeout 30m $$fresh $(TESTFLAGS) ./...) || status=1; done; exit $$status

# The tests come last, and the parts that they ran close the output. go test does not vet again: vet asks the more.
check: parts format vet staticcheck cross
	@ran=$$(mktemp); trap 'rm -f "$$ran"' EXIT; \
	OAKUM_PARTS_REQUIRED=1 OAKUM_PARTS_RAN=$$ran $(MAKE) test TESTFLAGS="-count=1 -vet=off -p 3"; \
	echo "real parts that ran: $$(sort -u "$$ran" | paste -sd ' ' -)"

# make check tries a seeded 30 of the places.
kill: parts
	cd remediate && OAKUM_KILL=all OAKUM_PARTS_REQUIRED=1 go test -count=1 -timeout 4h -v -run '^TestKilled' . ./identity ./cmd/oakum-remediate

format:
	@out=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi

vet:
	@for m in $(MODULES); do echo "vet $$m"; (cd $$m && go vet ./...); done

staticcheck:
	@for m in $(MODULES); do echo "staticcheck $$m"; (cd $$m && $(STATICCHECK) ./...); done

# Vet type-checks the tests too; the build links, which finds a missing twin of an assembly file. What make vet
# vetted for this machine's own target is not vetted again. The siblings, whose SDKs cost minutes a target, are
# vetted for the system that differs most; make release builds them for all.
cross:
	@own=$$(go env GOHOSTOS)/$$(go env GOHOSTARCH); \
	for t in $(TARGETS); do echo "cross-compile $$t"; \
	  export GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0; \
	  [ $$t = "$$own" ] || go vet ./...; \
	  go build -o /dev/null ./cmd/oakum; done
	@for m in webhook remediate; do echo "cross-compile $$m windows/amd64"; \
	  (cd $$m && GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go vet ./...); done

parts:
	@cd internal/realtest && go run ./cmd/parts $(PARTS)

# BENCHFLAGS reaches bench/history, as in: make bench REPO=path BENCHFLAGS=-growth
# What cannot be brought is a row of the table that says so.
bench: build
ifdef IMAGE
	cd bench && go run ./images -image "$(abspath $(IMAGE))" $(BENCHFLAGS)
else ifdef REPO
	cd internal/realtest && go run ./cmd/parts ripgrep || echo "going on without ripgrep"
	bench/rivals.sh || echo "going on without other scanners"
	cd bench && go run ./history -repo "$(abspath $(REPO))" $(BENCHFLAGS)
	cd bench && go run ./oracle "$(abspath $(REPO))"
else
	cd internal/realtest && go run ./cmd/parts ripgrep
	cd bench && go run .
endif

# The admission server: reviews over TLS, pods through a real API server, what ConfigMaps cost (bench/README.md).
bench-migration: build
	cd bench && go run ./migration -program ../bin/oakum-remediate $(BENCHFLAGS)

bench-webhook: build
	cd internal/realtest && go run ./cmd/parts etcd kube-apiserver kubectl
	cd webhook/e2e && go build -o ../../bin/ ./load
	bin/load -webhook bin/oakum-webhook $(BENCHFLAGS)
	bin/load -webhook bin/oakum-webhook -pods 1000
	bin/load -webhook bin/oakum-webhook -configmaps 10000

quality: build
	bench/quality/material.sh
	cd bench && go run ./quality $(QUALITYFLAGS)
ifdef LABELLED
	cd tools/learn && go run ./labelled -rows "$(abspath $(LABELLED))/dev.jsonl"
endif

generate:
	go generate ./...

# A release is of a commit: what is changed or new in the working tree is refused.
release:
	rm -rf dist
	cd tools/release && go run . -source "$(CURDIR)" -out "$(CURDIR)/dist" $(RELEASEFLAGS)

# The clones' folders are not of one length: a path that got into a program would show.
release-check:
	@tmp=$$(mktemp -d); trap 'chmod -R u+w "$$tmp"; rm -rf "$$tmp"' EXIT; \
	(cd tools/release && go build -o "$$tmp/release" .); \
	head=$$(git rev-parse HEAD); \
	for n in one another-one; do \
	  git clone -q --shared . "$$tmp/$$n/oakum"; \
	  git -C "$$tmp/$$n/oakum" checkout -q --detach $$head; \
	  if [ -n "$(COLD)" ] && [ $$n != one ]; then export GOCACHE="$$tmp/cache"; fi; \
	  "$$tmp/release" -source "$$tmp/$$n/oakum" -out "$$tmp/$$n/dist" $(RELEASEFLAGS); done; \
	cat "$$tmp/one/dist/SHA256SUMS"; \
	cmp "$$tmp/one/dist/SHA256SUMS" "$$tmp/another-one/dist/SHA256SUMS"; \
	echo "both releases are the same, byte for byte"

images:
	cd tools/images && go run . -source "$(CURDIR)" -out "$(CURDIR)/dist-images" $(IMAGESFLAGS)

clean:
	rm -rf bin dist dist-images
