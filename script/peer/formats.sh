#!/bin/sh
# Prints a Python that has compressed-tensors, GPTQModel, AutoAWQ's sources and transformers, pinned; makes one in the folder
# given (default ~/.cache/bitatlas/peer-formats): some 6 GB and 6 minutes, as torch brings its CUDA libraries. No GPU is needed. GPTQModel's
# dependency pypcre is compiled, which needs a C compiler. AutoAWQ is unpacked, not installed: it wants a transformers of
# its own time. BITATLAS_PEER_FORMATS names another Python.
#
#   ./mvnw test -Ppeer -pl bitatlas-format -am -Dbitatlas.peer.formats="$(script/peer/formats.sh)"
set -eu
if [ -n "${BITATLAS_PEER_FORMATS:-}" ]; then
  echo "$BITATLAS_PEER_FORMATS"
  exit 0
fi
folder=${1:-$HOME/.cache/bitatlas/peer-formats}
python="$folder/bin/python"
if [ ! -f "$folder/complete" ]; then
  python3 -m venv "$folder" >&2
  "$folder/bin/pip" install -q torch==2.15.0 transformers==5.23.0 compressed-tensors==0.20.0 gptqmodel==7.7.0 \
    optimum==2.3.0 safetensors==0.8.0 >&2
  "$folder/bin/pip" download -q --no-deps --no-binary :all: -d "$folder" autoawq==0.2.9 >&2
  tar -xzf "$folder/autoawq-0.2.9.tar.gz" -C "$folder"
  touch "$folder/complete"
fi
echo "$python"
