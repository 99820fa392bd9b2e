"""Scores of lm-evaluation-harness's own model class on stories260K: golden cases of HarnessScoresTest.

    pip install torch==2.13.0 transformers==4.53.2 accelerate, and what lm_eval_tasks.py wants
    python script/golden/lm_eval_scores.py harness oracles/stories260K oracles/lm_eval/tasks > oracles/lm_eval/scores/stories260K.json

Asks the requests of lm_eval_tasks.py, whose files hold the documents, and keeps log-likelihoods, whether they are greedy, the metrics
of every document and their means.
"""

import json
import os
import sys

sys.path.insert(0, sys.argv[1])
import datasets

WANTED = {
    "piqa": 3,
    "arc_easy": 2,
    "hellaswag": 0,
    "winogrande": 5,
    "boolq": 0,
    "openbookqa": 0,
    "social_iqa": 2,
    "lambada_openai": 0,
    "mmlu_anatomy": 5,
    "cmmlu_agronomy": 0,
}
held = {}


def load_dataset(path, name=None, **kwargs):
    return datasets.DatasetDict({split: datasets.Dataset.from_list(rows) for split, rows in held[name or ""].items()})


datasets.load_dataset = load_dataset
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

manager = TaskManager()
model = HFLM(pretrained=sys.argv[2], device="cpu", dtype="float32", batch_size=1)
cases = []
for name, shots in WANTED.items():
    held.clear()
    held.update(json.load(open(os.path.join(sys.argv[3], name + ".json")))["data"])
    loaded = manager.load([name])
    task = (loaded["tasks"] if "tasks" in loaded else loaded)[name]
    task.set_config(key="num_fewshot", value=shots)
    task.set_fewshot_seed(seed=1234)
    task.build_all_requests()
    answers = model.loglikelihood(task.instances, disable_tqdm=True)
    documents = {}
    for instance, answer in zip(task.instances, answers):
        documents.setdefault(instance.doc_id, []).append([float(answer[0]), bool(answer[1])])
    results = []
    for index in sorted(documents):
        scores = documents[index]
        pairs = [tuple(score) for score in scores]
        metrics = task.process_results(task.task_docs[index], pairs)
        results.append({"scores": scores, "metrics": {key: float(value) for key, value in metrics.items()}})
    means = {key: float(task.aggregation()[key]([one["metrics"][key] for one in results])) for key in results[0]["metrics"]}
    cases.append({"task": name, "shots": shots, "documents": results, "metrics": means})
    print(name, means, file=sys.stderr)
json.dump(
    {
        "reference": {"package": "lm-eval 0.4.13", "licence": "MIT", "with": "transformers 4.53.2, torch 2.13, fp32, batch of 1"},
        "model": "stories260K",
        "tolerance": 2e-3,
        "scored": cases,
    },
    sys.stdout,
    indent=1,
)
