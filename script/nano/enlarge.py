"""Writes the enlarged suites: the records of the small suites first, then new ones up to 2,000 a suite.

    python enlarge.py --nano DIR --out DIR

DIR of --nano holds the generators (data.py) and public/*.jsonl. No record is in the training set of the embedded
models, and none in the generators' held-out split: a record of the generators' own range is of their public split,
and a record outside that range (code: other parameter names and larger constants; yes/no: numbers with more
digits) could not be drawn in training. The key spaces of code and yes/no questions are too small for 2,000 records
of the public split alone. Same input, same bytes.
"""
import argparse
import json
import os
import random
import sys

RECORDS = 2000
NAMES = {
    "int": "y z m i j v w score price age amount first total level width".split(),
    "pos": "k top span length width steps end stop bound depth".split(),
    "list": "arr xs entries elements scores seq points prices ages row".split(),
    "str": "t phrase name msg title source label input_text sentence key".split(),
    "words": "terms labels items pieces keys tags titles entries elements list_of_words".split(),
}


def larger(limits):
    low, high = limits
    return (low, 9) if high <= 6 else (low, 2 * high)


def code(r, data, mbpp):
    """A function of the generators with names and constants outside of their range."""
    names, functions = data.ARGS, data.CODE
    data.ARGS = NAMES
    data.CODE = [f[:5] + (larger(f[5]) if f[5] and r.random() < 0.5 else f[5],) for f in functions]
    try:
        return data.gen_code(r, mbpp)
    finally:
        data.ARGS, data.CODE = names, functions


def yes_or_no(r, data):
    """A comparison or a parity with numbers above the generators' range."""
    if r.random() < 0.5:
        a = r.randrange(100, 1000)
        b = r.choice([a + r.choice([-1, 1]) * r.randrange(1, 100), r.randrange(100, 1000)])
        b = min(999, max(100, b))
        b += a == b
        question, answer = f"Is {a} greater than {b}?", a > b
    else:
        a = r.randrange(1000, 10000)
        question, answer = f"Is {a} an even number?", a % 2 == 0
    return dict(suite="bool_nano", key=question, rec=dict(question=question, answer=answer))


def candidates(r, data, suite, kind):
    """Records, each of the public split or outside the range of the training data, without end."""
    while True:
        if suite == "bool_nano":
            record, outside = data.gen_bool(r, (60, 40, 0, 0, 0)), yes_or_no(r, data)
        elif kind == "code":
            record, outside = data.gen_code(r, suite == "mbpp_nano"), code(r, data, suite == "mbpp_nano")
        else:
            record, outside = data.GENS[kind](r), None
        if record["suite"] == suite and data.split_of(suite, record["key"]) == "public":
            yield record
        if outside is not None and r.random() < 0.05:
            yield outside


def key_of(suite, record):
    return {"gsm_nano": lambda: record["question"], "bool_nano": lambda: record["question"],
            "chain_nano": lambda: record["question"].rsplit(";", 1)[0], "humaneval_nano": lambda: record["prompt"],
            "mbpp_nano": lambda: record["text"], "facts_nano": lambda: record["question"] + str(record["choices"]),
            "cloze_nano": lambda: record["text"]}[suite]()


def enlarge(data, nano, out, suite, kind):
    with open(f"{nano}/public/{suite}.jsonl", encoding="utf-8") as file:
        lines = file.read().splitlines()
    seen = {key_of(suite, json.loads(line)) for line in lines}
    r = random.Random(f"large/{suite}")
    for candidate in candidates(r, data, suite, kind):
        if len(lines) >= RECORDS:
            break
        record = dict(candidate["rec"])
        key = key_of(suite, record)
        if key in seen:
            continue
        seen.add(key)
        name = {"humaneval_nano": ("task_id", f"HumanEvalNano/large/{len(lines)}"),
                "mbpp_nano": ("task_id", len(lines))}.get(suite, ("id", len(lines)))
        lines.append(json.dumps({name[0]: name[1], **record}))
    with open(f"{out}/{suite}.jsonl", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(suite, len(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--nano", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.nano)
    import data
    os.makedirs(arguments.out, exist_ok=True)
    for suite, (kind, _) in data.SUITES.items():
        enlarge(data, arguments.nano, arguments.out, suite, kind)
