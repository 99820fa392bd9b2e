"""Scores of lm-evaluation-harness's DROP metric: golden cases of DropScoreTest.

    pip install numpy scipy
    pip download --no-deps lm-eval==0.4.13 && unzip lm_eval-0.4.13-*.whl -d harness
    python script/golden/lm_eval_drop.py harness > oracles/lm_eval/drop.json

The harness's tasks/drop/utils.py runs as it is. Records have the fields of EleutherAI/drop and are written for this project.
"""

import importlib.util
import json
import random
import sys

spec = importlib.util.spec_from_file_location("drop", sys.argv[1] + "/lm_eval/tasks/drop/utils.py")
drop = importlib.util.module_from_spec(spec)
spec.loader.exec_module(drop)
draw = random.Random(23)


def answer(number="", spans=(), day="", month="", year=""):
    return {"number": number, "spans": list(spans), "date": {"day": day, "month": month, "year": year}}


ANSWERS = [
    answer(number="7"), answer(number="12.5"), answer(number="1000"), answer(number="-3"), answer(number=".5"), answer(number="1e3"),
    answer(number="0"), answer(number="20000000000000000000"), answer(number="0.00001"), answer(number="007"),
    answer(spans=["the Red Foxes"]), answer(spans=["Anna Berg", "Tom O'Neil"]), answer(spans=["A", "B", "C"]), answer(spans=["an"]),
    answer(spans=["1,200 soldiers"]), answer(spans=["$3.50"]), answer(spans=["42-yard"]), answer(spans=["24-year-old man", "12"]), answer(spans=[""]),
    answer(spans=["U.S. Navy"]), answer(spans=["nan"]), answer(spans=["infinity"]), answer(spans=["1_000"]), answer(spans=["  the  "]), answer(spans=["half-back", "the guard"]),
    answer(day="4", month="July", year="1776"), answer(month="May", year="1998"), answer(year="2001"), answer(),
]
PREFIX = ["", " ", "The ", "It was ", "a ", "about ", "\n", "the answer is "]
SUFFIX = ["", ".", " yards", " men", "!", ", of course", " and Tom O'Neil", " Berg", "\n", "%"]
REPLIES = [
    "7", "7.0", "seven", " 7", "12.50", "1,000", "1000.0", "1e3", "-3", "\u22123", "3", "0.5", "red foxes", "Red Fox", "Foxes, the Red", "Anna Berg",
    "Anna Berg, Tom O'Neil", "Anna-Berg", "Tom ONeil", "", "   ", "a", "the", "An", "A B C", "C", "1200 soldiers", "1,200", "3.50", "$3.50", "42 yard", "42-yard field goal",
    "24 year old man", "man", "12", "US Navy", "Navy", "NaN", "inf", "1_000", "July 4 1776", "4 July 1776", "4 July, 1776", "May 1998", "1998", "2001", "the-guard",
    "halfback", "half back", "\u0667", "2e16", "0.00001", "1e-05", "\u00bd", "a\u00a0the\u00a0b", "7\u00a0men", "x_y the_z", "--5", "+7", "7,", "(7)", "'7'",
]
cases = []
for _ in range(1200):
    first = draw.choice(ANSWERS)
    others = [draw.choice(ANSWERS) for _ in range(draw.choice([0, 0, 1, 2, 3]))]
    document = {
        "query_id": "q", "passage": "p", "question": "q", "answer": first,
        "validated_answers": {key: [one[key] for one in others] for key in ("number", "date", "spans")},
    }
    accepted = drop.get_answers(document)
    said = draw.choice(PREFIX) + draw.choice(REPLIES + [" ".join(one) for one in accepted] * 20) + draw.choice(SUFFIX)
    score = drop.process_results({"answers": accepted}, [said])
    cases.append({
        "answer": first, "validated_answers": document["validated_answers"], "answers": [list(one) for one in accepted], "reply": said,
        "em": float(score["em"]), "f1": float(score["f1"]), "normalized": drop._normalize(said)})
print(json.dumps({"lm_eval": "0.4.13", "drop": cases}, ensure_ascii=False, indent=0))
