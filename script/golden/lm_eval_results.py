"""Result files of lm-evaluation-harness, as fixtures for the tests of `bitatlas import`.

    PYTHONPATH=LM_EVAL_0.4.13 python script/golden/lm_eval_results.py OUT

Runs its dummy model over three tasks of our own (documents and prompts below, Apache-2.0) with the command line, and
leaves results_*.json and samples_*.jsonl as the harness writes them, with local paths taken out.
"""

import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

CHOICES = [{"question": f"Which is {i} plus one?", "options": [str(i), str(i + 1), str(i + 2)], "gold": 1}
           for i in range(6)]
TEXTS = [{"question": f"Say {i}.", "answer": str(i)} for i in range(5)]
PAGES = [{"page": f"A page of {i + 3} words " + "and more " * i + "."} for i in range(4)]

COMMON = """\
dataset_path: json
dataset_kwargs:
  data_files:
    test: {file}
test_split: test
metadata:
  version: 1.0
"""

TASKS = {
    "own_choices": (CHOICES, """\
task: own_choices
output_type: multiple_choice
doc_to_text: "Q: {{question}}\\nA:"
doc_to_target: gold
doc_to_choice: options
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
  - metric: acc_norm
    aggregation: mean
    higher_is_better: true
"""),
    "own_texts": (TEXTS, """\
task: own_texts
output_type: generate_until
doc_to_text: "Q: {{question}}\\nA:"
doc_to_target: "{{answer}}"
generation_kwargs:
  until: ["\\n"]
  do_sample: false
filter_list:
  - name: strict-match
    filter:
      - function: regex
        regex_pattern: "(-?[0-9]+)"
      - function: take_first
  - name: flexible-extract
    filter:
      - function: regex
        group_select: -1
        regex_pattern: "(-?[0-9.,]+)"
      - function: take_first
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
"""),
    "own_pages": (PAGES, """\
task: own_pages
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{page}}"
metric_list:
  - metric: word_perplexity
  - metric: byte_perplexity
  - metric: bits_per_byte
"""),
}


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name, (documents, text) in TASKS.items():
            data = folder / f"{name}.jsonl"
            data.write_text("".join(json.dumps(document) + "\n" for document in documents))
            (folder / f"{name}.yaml").write_text(text + COMMON.format(file=data))
        subprocess.run(
            [sys.executable, "-m", "lm_eval", "run", "--model", "dummy", "--tasks", ",".join(TASKS), "--include_path",
             temporary, "--output_path", str(folder / "out"), "--log_samples", "--seed", "1"],
            check=True)
        for file in sorted((folder / "out").rglob("*.json*")):
            text = file.read_text().replace(temporary, "/tasks")
            if file.suffix == ".json":
                results = json.loads(text)
                for key in ("pretty_env_info", "git_hash", "transformers_version"):
                    results[key] = ""
                text = json.dumps(results, indent=2, ensure_ascii=False)
            name = re.sub(r"_20[0-9T.:-]+\.", "_2026-11-21T22-30-00.000000.", file.name)
            (out / name).write_text(text)


if __name__ == "__main__":
    main()
