#!/usr/bin/env bash
# Installs what Ochno needs to be built, run and tested on Debian 12 or Ubuntu 24.04. Safe to run again: it does only what is missing.
# Says clearly what is missing when it may not install (no root, no sudo) or cannot (no network).
set -euo pipefail
cd "$(dirname "$0")/.."

MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
PACKAGES_RUN="build-essential pkg-config libopencv-dev opencv-data libopus-dev postgresql libengine-gost-openssl openssl"
PACKAGES_TEST="chromium firefox-esr ffmpeg espeak-ng fonts-dejavu-core"

step() { deploy/step.sh "$@"; }

sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo -n"

may_install() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

missing_packages() {
  local p
  for p in "$@"; do
    # Ubuntu's chromium is a snap's transitional package; any browser of that name will do.
    if [ "$p" = chromium ] && command -v chromium >/dev/null; then continue; fi
    # So is its firefox, and it has no other one.
    if [ "$p" = firefox-esr ] && command -v firefox >/dev/null; then continue; fi
    if [ "$p" = firefox-esr ] && [ "$(. /etc/os-release && echo "$ID")" = ubuntu ]; then p=firefox; fi
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"
  done
}

require_tool() { # name, least major.minor, version found, where to get it
  if [ -z "$3" ] || [ "$(printf '%s\n%s\n' "$2" "$3" | sort -V | head -n 1)" != "$2" ]; then
    echo "Ochno needs $1 $2 or newer (found: ${3:-none}). $4" >&2
    exit 1
  fi
}

require_tool Go 1.26 "$(go env GOVERSION 2>/dev/null | sed 's/^go//')" "See https://go.dev/dl/"
require_tool Node 20 "$(node --version 2>/dev/null | sed 's/^v//')" "See https://nodejs.org/"

packages=$PACKAGES_RUN
[ "${1:-}" = test ] && packages="$packages $PACKAGES_TEST"
# shellcheck disable=SC2086
missing=$(missing_packages $packages | tr '\n' ' ')
if [ -n "$missing" ]; then
  if ! may_install; then
    echo "These packages are missing, and I may not install them (not root, and sudo asks for a password):" >&2
    echo "  apt-get install --no-install-recommends $missing" >&2
    exit 1
  fi
  # A package's own start of a server is of no use here: the stack runs its own.
  # shellcheck disable=SC2086
  if ! step "apt packages" $sudo env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -q && apt-get install -y -q --no-install-recommends "$@"' sh $missing; then
    echo "apt could not install: $missing" >&2
    echo "Is there a network, and are Debian's or Ubuntu's package lists reachable?" >&2
    exit 1
  fi
fi

mkdir -p bin
if [ ! -x bin/minio ] || [ "$(cat bin/.minio-version 2>/dev/null)" != "$MINIO_VERSION" ]; then
  # About five minutes the first time on two cores: the project distributes its server as source only.
  step "MinIO (long, once)" env GOFLAGS= GOBIN="$PWD/bin" go install "github.com/minio/minio@$MINIO_VERSION" ||
    { echo "MinIO's server could not be built. Is the Go module proxy reachable?" >&2; exit 1; }
  echo "$MINIO_VERSION" >bin/.minio-version
fi

if [ ! -d web/node_modules ] || ! cmp -s web/package-lock.json web/node_modules/.installed-lock; then
  step "npm packages" npm ci --prefix web --no-audit --no-fund ||
    { echo "npm could not install the front end's packages. Is the npm registry reachable?" >&2; exit 1; }
  cp web/package-lock.json web/node_modules/.installed-lock
fi
