#!/bin/sh
# Prints a Python that has gguf and llama-cpp-python, pinned; makes one in the folder given (default
# ~/.cache/bitatlas/peer-gguf). llama-cpp-python is built from source: about ten minutes on two cores;
# needs cmake and a C++ compiler. BITATLAS_PEER_GGUF names another Python.
#
#   ./mvnw test -Ppeer -pl bitatlas-format -am -Dbitatlas.peer.gguf="$(script/peer/gguf.sh)"
set -eu
if [ -n "${BITATLAS_PEER_GGUF:-}" ]; then
  echo "$BITATLAS_PEER_GGUF"
  exit 0
fi
folder=${1:-$HOME/.cache/bitatlas/peer-gguf}
python="$folder/bin/python"
if ! "$python" -c "import gguf, llama_cpp" >/dev/null 2>&1; then
  python3 -m venv "$folder" >&2
  "$folder/bin/pip" install -q numpy==2.3.4 gguf==0.19.0 >&2
  CMAKE_ARGS="-DLLAVA_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF" \
    "$folder/bin/pip" install -q llama-cpp-python==0.3.36 >&2
fi
echo "$python"
