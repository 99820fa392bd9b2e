"""Filters and exact match of lm-evaluation-harness on replies to GSM8K: golden cases of AnswerRuleGoldenTest.

    pip install numpy pyyaml
    pip download --no-deps lm-eval==0.4.13 && unzip lm_eval-0.4.13-*.whl -d harness
    python script/golden/lm_eval_gsm8k.py harness > oracles/lm_eval/gsm8k.json

The filter class and the metric are taken out of the harness and run as they are, with the options of its gsm8k.yaml. Replies and
targets are written for this project.
"""

import ast
import json
import random
import re
import string
import sys

import numpy as np
import yaml

folder = sys.argv[1] + "/lm_eval/"


def taken(path, name):
    """One definition of a file, without its decorators."""
    node = next(one for one in ast.parse(open(folder + path).read()).body if getattr(one, "name", "") == name)
    node.decorator_list = []
    names = {"re": re, "sys": sys, "np": np, "string": string, "Filter": object}
    exec("from __future__ import annotations\nfrom typing import *\nfrom collections.abc import *", names)
    exec(compile(ast.Module([ast.parse("from __future__ import annotations").body[0], node], []), path, "exec"), names)
    return names[name]


regex_filter = taken("filters/extraction.py", "RegexFilter")
exact_match = taken("api/metrics.py", "exact_match_hf_evaluate")
options = yaml.safe_load(open(folder + "tasks/gsm8k/gsm8k.yaml"))
filters = {}
for one in options["filter_list"]:
    arguments = dict(one["filter"][0])
    arguments.pop("function")
    filters[one["name"]] = regex_filter(**arguments)
metric = options["metric_list"][0]
ignored = {key: metric[key] for key in ("regexes_to_ignore", "ignore_case", "ignore_punctuation")}

draw = random.Random(29)
NUMBERS = ["18", "70000", "70,000", "$1,234.50", "1234.5", "-3", "0", "3.", "12.0", "$5", "1,0,0", "...", "--4", "- 7", "7%", "\u0663", "5/8", "2e3", "$", "12 000"]
PIECES = [
    "She sells {} eggs.", "The answer is {}.", "It is {}...", "x = {} and 7%", "#### {}", "####{}", "#### {}.", "####  {}", "#### {} dollars", "So {} + 2 = 20",
    "Costs ${}", "\n#### {}\n", "#### {}\n\nQuestion: How many?", "**{}**", "\\boxed{{{}}}", "No number here.", "", "That is {}, of course.", "#### -{}", "#### ${}", "### {}",
    "({})", "{}", "Step 1: take {}; step 2: add 3.", "A: {} B: {}", "#### {} #### {}"]
TARGETS = ["She has 9.\n#### 18", "So 7 * 10000 = 70000\n#### 70,000", "#### 1234.50", "#### -3", "#### 0", "#### 3", "Half of 24 is 12\n#### 12", "#### 5", "#### 100", "#### 7"]
cases = []
for _ in range(900):
    reply = " ".join(draw.choice(PIECES).format(draw.choice(NUMBERS), draw.choice(NUMBERS)) for _ in range(draw.randrange(1, 4)))
    target = draw.choice(TARGETS)
    if draw.random() < 0.3:
        reply += draw.choice([" #### ", " The answer is "]) + target.split("#### ")[1] + draw.choice(["", ".", " eggs", "\n"])
    case = {"reply": reply, "target": target}
    for name, apply in filters.items():
        found = apply.apply([[reply]], [{}])[0][0]
        case[name] = [found, int(exact_match([found], [target], **ignored)["exact_match"])]
    cases.append(case)
print(json.dumps({"lm_eval": "0.4.13", "gsm8k": cases}, ensure_ascii=False, indent=0))
