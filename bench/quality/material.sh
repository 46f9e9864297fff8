#!/usr/bin/env bash
# Brings what nobody would call leaking into OAKUM_CLEAN, by default
# oakum/clean in the user's cache folder: sources and documentation as
# distributions and registries ship them, some 6 GB unpacked. `make quality` scans
# them; each finding in there is a false positive, or a fixture that is known as one.
# Package managers take them from where they are set up to look. A kind that cannot
# be brought is said and left out; what is there already is left alone. What of a
# kind could not be brought is in its log: the figures say how much was looked at.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}
if [ "$(uname -s)" = Darwin ]; then cache=$HOME/Library/Caches; fi
dir=${OAKUM_CLEAN:-$cache/oakum/clean}
names() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/material/$1.txt"; }

# bring KIND COMMAND: makes $dir/KIND with COMMAND, whole or not at all.
bring() {
  kind=$1; shift
  if [ -d "$dir/$kind" ]; then return; fi
  work=$dir/$kind.tmp
  rm -rf "$work"; mkdir -p "$work"
  if (cd "$work" && "$@") >"$dir/$kind.log" 2>&1; then mv "$work" "$dir/$kind"; else
    echo "quality: no $kind material: see $dir/$kind.log" >&2; rm -rf "$work"; fi
}

# Debian's packages: unpacked, not installed. Sources in them are unpacked too.
debian() {
  apt-get download --quiet $(names debian) || return 1
  for deb in *.deb; do dpkg -x "$deb" . && rm "$deb"; done
  for tar in usr/src/*.tar.xz; do tar -C usr/src -xJf "$tar" && rm "$tar"; done
}

go_modules() {
  for m in $(names go); do
    zip=$(cd "$here" && GOFLAGS=-mod=mod go mod download -json "$m" | sed -n 's/.*"Zip": "\(.*\)",*/\1/p')
    if [ -z "$zip" ]; then echo "no module $m"; else python3 -m zipfile -e "$zip" .; fi
  done
  [ -n "$(ls)" ]
}

npm_packages() {
  for p in $(names npm); do
    tar=$(npm pack --silent "$p") || { echo "no package $p"; continue; }
    mkdir -p "${p//\//_}" && tar -C "${p//\//_}" -xzf "$tar" && rm "$tar"
  done
  [ -n "$(ls)" ]
}

python_packages() {
  for p in $(names python); do
    python3 -m pip download --quiet --no-deps --only-binary=:all: -d wheels "$p" || echo "no package $p"
  done
  for w in wheels/*.whl; do python3 -m zipfile -e "$w" "$(basename "$w" .whl)" && rm "$w"; done
}

mkdir -p "$dir"
bring debian debian
bring go go_modules
bring npm npm_packages
bring python python_packages
