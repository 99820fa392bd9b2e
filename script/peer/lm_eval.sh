#!/bin/sh
# Prints a Python that has lm-evaluation-harness, pinned; makes one in the folder given (default
# ~/.cache/bitatlas/peer-lm-eval). BITATLAS_PEER_LM_EVAL names another Python.
#
#   ./mvnw test -Ppeer -pl bitatlas-eval -am -Dbitatlas.peer.lm_eval="$(script/peer/lm_eval.sh)"
set -eu
if [ -n "${BITATLAS_PEER_LM_EVAL:-}" ]; then
  echo "$BITATLAS_PEER_LM_EVAL"
  exit 0
fi
folder=${1:-$HOME/.cache/bitatlas/peer-lm-eval}
python="$folder/bin/python"
if ! "$python" -c "import lm_eval.tasks, datasets, evaluate, math_verify, nltk, langdetect" >/dev/null 2>&1; then
  python3 -m venv "$folder" >&2
  "$folder/bin/pip" install -q --no-deps lm-eval==0.4.13 >&2
  "$folder/bin/pip" install -q datasets==4.8.5 jinja2==3.1.6 pyyaml evaluate scikit-learn sacrebleu more_itertools \
    sqlitedict math-verify==0.8.0 antlr4-python3-runtime==4.11.0 nltk==3.10.4 langdetect==1.0.9 immutabledict >&2
fi
echo "$python"
