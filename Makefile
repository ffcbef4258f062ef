# Two targets do everything on a fresh machine: make run and make test. README.md tells the rest.

export GOFLAGS := -tags=nolibopusfile
SHELL := /bin/bash
# Not ./...: packages of npm bring Go files of their own.
PACKAGES := ./cmd/... ./deploy/... ./ebsclient/... ./migrations/... ./proctor/... ./web
.DEFAULT_GOAL := help
# What a story says as it goes, without go test's own lines, and go test's exit code.
FOLLOWED := | grep --line-buffered -vE '^(=== |    --- )'; exit $${PIPESTATUS[0]}

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: setup build ## install what is missing, build, and run everything on this machine with stands and an exam to try
	@exec deploy/run.sh

test: setup-test build lint test-web test-go test-quality ## install what is missing and pass every test

story: setup-test build ## play the main job's browser story alone; pictures in .run/story
	@OCHNO_STORY_PICTURES=$(CURDIR)/.run/story go test -count=1 -timeout 20m -v -run '^TestStory$$' ./deploy/demo $(FOLLOWED)

stories: setup-test build ## play every browser story; pictures in .run/story
	@OCHNO_STORY_PICTURES=$(CURDIR)/.run/story go test -count=1 -timeout 40m -v -run 'Story$$' ./deploy/demo $(FOLLOWED)

soak: setup-test build ## the outages' browser story with MinIO halted for the whole minute (make stories halts it for 20 s)
	@OCHNO_STORY_PICTURES=$(CURDIR)/.run/story OCHNO_STORY_MINIO_SECONDS=60 go test -count=1 -timeout 20m -v -run '^TestOutageStory$$' ./deploy/demo $(FOLLOWED)

setup:
	@deploy/setup.sh

setup-test:
	@deploy/setup.sh test

build: web/dist/index.html ## build the application and the programs into bin
	@deploy/step.sh "Go programs" go build -o bin/ ./cmd/...

WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts web/vite.verify.config.ts web/plugins web/package-lock.json -type f 2>/dev/null)

web/dist/index.html: $(WEB_SOURCES)
	@deploy/step.sh "web application" npm run --silent --prefix web build -- --logLevel warn

tools: bin/tools/staticcheck bin/tools/gofumpt

bin/tools/%: deploy/tools/go.mod
	@mkdir -p bin/tools
	@deploy/step.sh "linters" env GOFLAGS= go build -C deploy/tools -o ../../bin/tools/ honnef.co/go/tools/cmd/staticcheck mvdan.cc/gofumpt

lint: tools ## go vet, staticcheck, gofumpt, eslint, tsc
	@deploy/step.sh "go vet" go vet $(PACKAGES)
	@deploy/step.sh "staticcheck" bin/tools/staticcheck -tags nolibopusfile $(PACKAGES)
	@unformatted=$$(git ls-files --cached --others --exclude-standard '*.go' | xargs bin/tools/gofumpt -l); test -z "$$unformatted" || { echo "not gofumpt'ed: $$unformatted"; exit 1; }
	@deploy/step.sh "eslint" npm run --silent --prefix web lint
	@mkdir -p .run && bin/ochno openapi > .run/openapi.json && cp web/src/api/schema.gen.ts .run/schema.ts && npm run --silent --prefix web gen >/dev/null && \
		cmp -s .run/schema.ts web/src/api/schema.gen.ts || { echo "the front end's types do not fit the server's OpenAPI: commit what make api makes"; exit 1; }

test-web:
	@deploy/step.sh "tsc" npm run --silent --prefix web typecheck
	@npm run --silent --prefix web test

test-go:
	@bin/ochno stack -- go test -race -timeout 40m -skip '^Test(Quality|WallTrace)$$' $(PACKAGES)

quality: setup-test build test-quality ## walk every page of every role: accessibility, sizes, the first page's time, the wall's frames; tables

# Alone, for its times are measured; pictures of every page with OCHNO_STORY_PICTURES=folder.
test-quality:
	@go test -count=1 -timeout 20m -v -run '^Test(Quality|WallTrace)$$' ./deploy/demo $(FOLLOWED)

fuzz: ## run every fuzz target for 60 seconds
	@deploy/fuzz.sh 60s

bench: build ## measure the log beside PostgreSQL alone and beside plain hashing, and the search of faces beside OpenCV's own (about ten minutes)
	@go test -run '^$$' -bench 'Search|Watch30' -benchtime 5s ./proctor/vision
	@bin/ochno stack -- go test -run '^$$' -bench 'ThirtyASecond|FailingVerifier' -benchtime 600x -timeout 20m ./proctor/identify
	@bin/ochno stack -- go test -run '^$$' -bench 'AppendAtARate' -benchtime 2000x ./proctor/ledger
	@bin/ochno stack -- go test -run '^$$' -bench 'AppendBesideInsert|Prove' -benchtime 10x ./proctor/ledger
	@bin/ochno stack -- go test -run '^$$' -bench 'Million' -benchtime 1x -timeout 40m ./proctor/ledger/pack
	@bin/ochno stack -- go test -run '^$$' -bench 'Million' -benchtime 1x -timeout 20m ./proctor/retention

bench-media: build ## measure the media plane against a floor (ten minutes, loopback only)
	@go build -o bin/bench ./deploy/bench
	@bin/ochno stack -- bin/bench

soak-media: setup-test build ## thirty minutes of 150 publishers, recorded into MinIO and watched, with three proctors (loopback only)
	@go build -o bin/bench ./deploy/bench && mkdir -p .run
	@ffmpeg -v error -y -loop 1 -i "$$(go list -m -f '{{.Dir}}' gocv.io/x/gocv)/images/face.jpg" -frames:v 1 -s 640x480 -c:v libvpx -b:v 4M .run/face.ivf
	@bin/ochno stack -- bin/bench -rounds 1 -measure $(or $(SOAK),30m) -only "150 watched" -picture .run/face.ivf

api: ## write the front end's types from the server's OpenAPI; not by way of the application, which does not build before they fit
	@go build -o bin/ ./cmd/ochno && mkdir -p .run && bin/ochno openapi > .run/openapi.json && npm run --silent --prefix web gen

clean: ## remove what was built and the local data
	rm -rf .run bin web/dist/assets web/dist/index.html

.PHONY: help run test story stories soak setup setup-test build tools lint test-web test-go test-quality quality fuzz bench bench-media soak-media api clean
