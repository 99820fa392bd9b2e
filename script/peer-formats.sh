#!/bin/sh
# Loads an exported compressed-tensors folder with the library itself and compares every weight with
# BitAtlas's own checkpoint. Needs Python 3 and a package index; see docs/formats.md.
#   script/peer-formats.sh QUANTIZED EXPORTED
set -e
venv=${BITATLAS_PEER_VENV:-${TMPDIR:-/tmp}/bitatlas-peer}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet torch compressed-tensors==0.20.0 safetensors numpy
fi
exec "$venv/bin/python" "$(dirname "$0")/peer_formats.py" "$@"
