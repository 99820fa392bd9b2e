#!/bin/sh
# Prints the path of a Chromium; installs one with the system's package client when there is none.
# BITATLAS_BROWSER names another one.
set -eu
for candidate in "${BITATLAS_BROWSER:-}" chromium chromium-browser google-chrome google-chrome-stable; do
  if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
    command -v "$candidate"
    exit 0
  fi
done
if command -v apt-get >/dev/null 2>&1; then
  run=""
  [ "$(id -u)" = 0 ] || run="sudo"
  $run apt-get update -qq >&2
  $run apt-get install -y -qq --no-install-recommends chromium >&2
  command -v chromium
  exit 0
fi
echo "No Chromium was found, and there is no apt-get to install one: install it and set BITATLAS_BROWSER to its path." >&2
exit 1
