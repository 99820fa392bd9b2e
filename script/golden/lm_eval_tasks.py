"""Requests of lm-evaluation-harness's own tasks over documents written here: golden cases of HarnessTasksTest.

    pip download --no-deps lm-eval==0.4.13 && unzip lm_eval-0.4.13-*.whl -d harness
    pip install datasets==4.8.5 jinja2==3.1.6 pyyaml evaluate scikit-learn sacrebleu more_itertools sqlitedict
    pip install math-verify==0.8.0 antlr4-python3-runtime==4.11.0 nltk==3.10.4 langdetect==1.0.9 immutabledict
    python script/golden/lm_eval_tasks.py harness oracles/lm_eval/tasks [TASK ...]
    python script/golden/lm_eval_tasks.py --chat harness oracles/lm_eval/chat_tasks [TASK ...]

Every family is one function that yields (name of the task in the harness, its data by configuration and split, the
numbers of examples to ask for). The harness builds the task from its own YAML files; only datasets.load_dataset is
replaced, by one that gives the documents below in the fields of the Hugging Face data set, and evaluate.load, because nothing
is executed here. One file per task: the data, and for every number of examples the arguments of every request, the choices,
the target, the stop strings, and what the task's filters make of a reply. With --chat: the messages that the harness gives to a
chat template (--apply_chat_template, without and with --fewshot_as_multiturn) over the same data, and what is scored after them.
"""

import json
import os
import random
import sys

FAMILIES = []


def family(function):
    FAMILIES.append(function)
    return function


WORDS = "river lamp stone garden engine letter bread window copper cloud ladder violin harbour needle candle forest".split()
HANZI = "河灯石园机信面窗铜云梯琴港针烛林山海风火木金水土天地人心手足目耳".strip()


def phrase(draw, low=2, high=6):
    return " ".join(draw.choice(WORDS) for _ in range(draw.randint(low, high)))


def hanzi(draw, low=3, high=9):
    return "".join(draw.choice(HANZI) for _ in range(draw.randint(low, high)))


# Texts that trip up whoever handles them differently from Python.
ODD = [
    "How do you keep a café's naïve door “open”?",
    "Where are [brackets] and {braces} and {{ doubled }} kept? ",
    "  leading and trailing spaces  ",
    "a tab\there and a\u00a0no-break space\u3000wide",
    "50% of $3.00 & <b>bold</b> 'quoted' \"twice\"",
    "line one\nline two\n",
    "emoji 😀 family 👩‍👩‍👧 and ﬁ ligature",
    "{% if x %}not a template{% endif %}",
    "ÉCOLE İstanbul STRASSE ΣΟΦΟΣ",
    "backslash \\n and \\boxed{1} #### 42",
]


def odd_or_phrase(draw, index, low=2, high=6):
    return ODD[index % len(ODD)] if index < len(ODD) else phrase(draw, low, high)


@family
def piqa(draw):
    def documents(count, odd):
        return [
            {
                "goal": odd_or_phrase(draw, i if odd else 99),
                "sol1": phrase(draw) + (" " if i % 5 == 0 else ""),
                "sol2": ODD[(i + 3) % len(ODD)] if i % 7 == 3 else phrase(draw, 1, 9),
                "label": i % 2,
            }
            for i in range(count)
        ]

    yield "piqa", {"": {"train": documents(30, False), "validation": documents(20, True)}}, (0, 3)


@family
def arc(draw):
    def documents(count, odd):
        result = []
        for i in range(count):
            number = 4 if i % 4 else 3 + i % 3
            labels = [str(n + 1) for n in range(number)] if i % 3 == 1 else list("ABCDE"[:number])
            result.append(
                {
                    "id": f"Synthetic_{i}",
                    "question": odd_or_phrase(draw, i if odd else 99, 4, 12),
                    "choices": {"text": [phrase(draw, 1, 4) for _ in range(number)], "label": labels},
                    "answerKey": labels[draw.randrange(number)],
                }
            )
        return result

    for task, name in (("arc_easy", "ARC-Easy"), ("arc_challenge", "ARC-Challenge")):
        data = {"train": documents(120, False), "validation": documents(3, False), "test": documents(20, True)}
        yield task, {name: data}, (0, 2, 25)


@family
def hellaswag(draw):
    starts = [
        "[header] How to mend a lamp [title] Find the switch. [step] Turn it off",
        "A MAN is seen SPEAKING to the camera",
        "  she  [substeps] looks  at  the [unclosed bracket",
        "ßtraße ÉCOLE ΣΟΦΟΣ ends",
        "ǆ and ﬁ start",
        "[x]",
        "",
        "the man [a] holds [b [c] d] a line\nbreak [in\nbrackets]",
        "'quoted' McDonald's IN PARIS",
        "I. went TO the USA",
        "İstanbul IS big",
        "ŉ lower",
    ]

    def documents(count, odd):
        result = []
        for i in range(count):
            tail = starts[i % len(starts)] if odd else phrase(draw)
            result.append(
                {
                    "ind": i,
                    "activity_label": "Mending [title] lamps" if i % 6 == 1 else phrase(draw, 1, 3).title(),
                    "ctx_a": starts[(i + 5) % len(starts)] + "." if odd and i % 2 else phrase(draw) + ".",
                    "ctx_b": tail,
                    "ctx": "",
                    "endings": [
                        phrase(draw, 3, 9) + (" [title] Then  stop  now. [step] " if n == i % 4 else ".")
                        for n in range(4)
                    ],
                    "source_id": f"synthetic~{i}",
                    "split": "val",
                    "split_type": "indomain",
                    "label": str(draw.randrange(4)),
                }
            )
        return result

    yield "hellaswag", {"": {"train": documents(30, False), "validation": documents(24, True)}}, (0, 2)


@family
def winogrande(draw):
    ends = ["was late.", " was  early ! ", "\u3000war müde.", "_ was the second gap.", "is 😀", "."]

    def documents(count):
        return [
            {
                "sentence": f"{phrase(draw)} so _{'' if i % 4 == 2 else ' '}{ends[i % len(ends)]}",
                "option1": draw.choice(WORDS).title(),
                "option2": "the " + draw.choice(WORDS) if i % 3 else "Zoë",
                "answer": str(1 + draw.randrange(2)),
            }
            for i in range(count)
        ]

    yield "winogrande", {"winogrande_xl": {"train": documents(30), "validation": documents(20)}}, (0, 5)


@family
def boolq(draw):
    def documents(count, odd):
        return [
            {
                "question": phrase(draw, 3, 7) + (" " if i % 6 == 5 else ""),
                "passage": ("\n" if i % 4 == 1 else "") + odd_or_phrase(draw, i if odd else 99, 20, 40),
                "idx": i,
                "label": draw.randrange(2),
            }
            for i in range(count)
        ]

    yield "boolq", {"boolq": {"train": documents(30, False), "validation": documents(20, True)}}, (0, 2)


@family
def openbookqa(draw):
    def documents(count, odd):
        result = []
        for i in range(count):
            answer = draw.choice("ABCD")
            result.append(
                {
                    "id": f"7-{i}",
                    "question_stem": odd_or_phrase(draw, i if odd else 99) + (" " if i % 5 == 4 else ""),
                    "choices": {"text": [phrase(draw, 1, 4) for _ in "ABCD"], "label": list("ABCD")},
                    "answerKey": " " + answer if i % 9 == 2 else answer,
                }
            )
        return result

    data = {"train": documents(30, False), "validation": documents(3, False), "test": documents(20, True)}
    yield "openbookqa", {"main": data}, (0, 3)


@family
def social_iqa(draw):
    def documents(count, odd):
        return [
            {
                "context": odd_or_phrase(draw, i if odd else 99, 6, 14),
                "question": phrase(draw, 3, 6) + "?",
                "answerA": phrase(draw, 1, 3),
                "answerB": "42" if i % 6 == 2 else phrase(draw, 1, 3),
                "answerC": "a " + phrase(draw, 1, 3) + ("." if i % 2 else ""),
                "label": str(1 + draw.randrange(3)),
            }
            for i in range(count)
        ]

    yield "social_iqa", {"": {"train": documents(30, False), "validation": documents(20, True)}}, (0, 2)


@family
def lambada(draw):
    ends = ["“Zoë”", "l'été", "Γειά", "now.", "42", "don't", "two\nlines", "日本語", "x", ""]

    def documents(count):
        return [
            {"text": phrase(draw, 20, 40) + ("  two  spaces " if i % 4 == 0 else " ") + ends[i % len(ends)]}
            for i in range(count)
        ]

    # No target is empty: what "" would be is not defined.
    yield "lambada_openai", {"default": {"test": [d for d in documents(23) if d["text"].split(" ")[-1]]}}, (0, 2)


@family
def mmlu(draw):
    def documents(count, odd):
        return [
            {
                "question": ("\n " if i % 5 == 1 else "") + odd_or_phrase(draw, i if odd else 99, 5, 12),
                "subject": "anatomy",
                "choices": [
                    phrase(draw, 1, 5) if n != i % 4 else ODD[(i + n) % len(ODD)] if odd else str(i) for n in range(4)
                ],
                "answer": draw.randrange(4),
            }
            for i in range(count)
        ]

    for subject in ("anatomy", "high_school_european_history", "us_foreign_policy"):
        data = {"dev": documents(5, False), "validation": documents(2, False), "test": documents(20, True)}
        yield "mmlu_" + subject, {subject: data}, (0, 5)


def chinese_odd(draw, index):
    odd = ["  前后有空格  ", "“引号”与（括号）：", "公式 $x^2$ 与 {{花括号}}", "第一行\n第二行", "全角空格\u3000在中间", "English 与中文 & <符号>"]
    return odd[index] if index < len(odd) else hanzi(draw, 6, 20)


@family
def cmmlu(draw):
    def documents(count, odd):
        return [
            {
                "Question": chinese_odd(draw, i if odd else 99),
                **{letter: hanzi(draw) + (" " if letter == "B" and i % 4 == 0 else "") for letter in "ABCD"},
                "Answer": draw.choice("ABCD"),
            }
            for i in range(count)
        ]

    for subject in ("agronomy", "world_religions"):
        yield "cmmlu_" + subject, {subject: {"dev": documents(5, False), "test": documents(20, True)}}, (0, 5)


@family
def ceval(draw):
    def documents(count, odd):
        return [
            {
                "id": i,
                "question": chinese_odd(draw, i if odd else 99),
                **{letter: hanzi(draw) for letter in "ABCD"},
                "answer": draw.choice("ABCD"),
                "explanation": "",
            }
            for i in range(count)
        ]

    for subject in ("accountant", "mao_zedong_thought"):
        data = {"dev": documents(5, True), "val": documents(20, True)}
        yield "ceval-valid_" + subject, {subject: data}, (0, 5)


@family
def gsm8k(draw):
    def documents(count, odd):
        return [
            {
                "question": odd_or_phrase(draw, i if odd else 99, 6, 14),
                "answer": f"{phrase(draw)} <<{i}*3={i * 3}>>{i * 3}.\n{phrase(draw)}\n#### {i * 1750:,}",
            }
            for i in range(count)
        ]

    yield "gsm8k", {"main": {"train": documents(40, False), "test": documents(20, True)}}, (0, 5)


@family
def minerva(draw):
    answers = ["4", "\\frac{1}{2}", "(3, 4)", "x^2 + 1", "12\\text{ cm}", "\\sqrt{2}", "50\\%", "\\$7", "10,000", "\\text{east}"]
    data = [
        {
            "problem": odd_or_phrase(draw, i, 6, 14) + " Find $x_{" + str(i) + "}$.",
            "solution": f"{phrase(draw)} so $x = \\boxed{{{answers[i % len(answers)]}}}$.",
            "answer": answers[i % len(answers)],
            "subject": "Algebra",
            "level": 1 + i % 5,
            "unique_id": f"synthetic/{i}",
        }
        for i in range(20)
    ]
    yield "minerva_math500", {"default": {"test": data}}, (0, 4)


@family
def humaneval(draw):
    data = [
        {
            "task_id": f"Synthetic/{i}",
            "prompt": f"{chr(10) if i % 3 else ''}def f{i}(x: int) -> int:\n    \"\"\" {odd_or_phrase(draw, i)}\n    >>> f{i}(1)\n    {i + 1}\n    \"\"\"\n",
            "canonical_solution": f"    return x + {i}\n",
            "test": f"\n\nMETADATA = {{}}\n\n\ndef check(candidate):\n    assert candidate(1) == {i + 1}\n\n",
            "entry_point": f"f{i}",
        }
        for i in range(20)
    ]
    for task in ("humaneval", "humaneval_instruct"):
        yield task, {"": {"test": data}}, (0,)


@family
def mbpp(draw):
    data = [
        {
            "task_id": 11 + i,
            "text": "Write a function to " + odd_or_phrase(draw, i),
            "code": f"def f{i}(x):\r\n  return x + {i}",
            "test_list": [f"assert f{i}({n}) == {n + i}" + (" " if n == 2 else "") for n in range(3)],
            "test_setup_code": "",
            "challenge_test_list": [],
        }
        for i in range(20)
    ]
    yield "mbpp", {"full": {"test": data}}, (0, 3)


@family
def ifeval(draw):
    data = [
        {
            "key": 1000 + i,
            "prompt": odd_or_phrase(draw, i, 6, 14),
            "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"],
            "kwargs": [{"relation": None, "num_words": None}, {"relation": "at least", "num_words": 3}],
        }
        for i in range(20)
    ]
    yield "ifeval", {"": {"train": data}}, (0,)


@family
def drop(draw):
    def answer(i):
        return {
            "number": str(i * 7) if i % 3 == 0 else "",
            "date": {"day": "4" if i % 3 == 1 else "", "month": "May" if i % 3 == 1 else "", "year": ""},
            "spans": [phrase(draw, 1, 3) for _ in range(1 + i % 2)] if i % 3 == 2 else [],
        }

    def documents(count, odd):
        result = []
        for i in range(count):
            others = [answer(i + n) for n in range(i % 3)]
            result.append(
                {
                    "section_id": "s",
                    "query_id": f"q{i}",
                    "passage": odd_or_phrase(draw, i if odd else 99, 10, 20),
                    "question": phrase(draw) + "?",
                    "answer": answer(i) | {"worker_id": "w", "hit_id": "h"},
                    "validated_answers": {key: [one[key] for one in others] for key in ("number", "date", "spans")},
                }
            )
        return result

    yield "drop", {"": {"train": documents(20, False), "validation": documents(20, True)}}, (0,)


REPLIES = [
    "    return x + 1\n", "    return x + 1\n```\nThat is all.\n```python\nprint(1)\n```", "The answer is 5.\n#### 1,750", "So 3, 4 and -12.", "", "  #### 7\n#### 8",
    "def f0(x):\n  return x", "It costs $1,234.50.",
]


def filtered(task, documents):
    """What the filters of the task make of one reply to each document."""
    for instance in task.instances:
        instance.resps = [REPLIES[instance.doc_id % len(REPLIES)]]
    task.apply_filters()
    for instance in task.instances:
        documents[instance.doc_id]["reply"] = instance.resps[0]
        documents[instance.doc_id]["filtered"] = {
            name: text[0] if isinstance(text, list) else text for name, text in instance.filtered_resps.items()}


def requests(task, shots):
    """The requests of all documents, as the evaluator has them built."""
    task.set_config(key="num_fewshot", value=shots)
    task.set_fewshot_seed(seed=1234)
    task.build_all_requests()
    documents = {}
    for instance in task.instances:
        entry = documents.setdefault(instance.doc_id, {"arguments": []})
        arguments = list(instance.args)
        if task.OUTPUT_TYPE == "generate_until":
            entry["until"] = arguments[1]["until"]
            entry["max_gen_toks"] = arguments[1].get("max_gen_toks", 256)
            arguments = arguments[:1]
        entry["arguments"].append(arguments)
    for index, entry in documents.items():
        document = task.task_docs[index]
        entry["target"] = task.doc_to_text(document) if task.multiple_input else task.doc_to_target(document)
        if task.config.doc_to_choice is not None:
            entry["choices"] = task.doc_to_choice(document)
    if task.OUTPUT_TYPE == "generate_until":
        filtered(task, documents)
    return [documents[index] for index in sorted(documents)]


def conversations(task, shots, multiturn):
    """What the harness renders by a chat template, and what follows; the template writes down what it is given."""

    def written(messages, add_generation_prompt=True):
        return json.dumps({"messages": messages, "generation_prompt": add_generation_prompt}, ensure_ascii=False)

    task.set_config(key="num_fewshot", value=shots)
    task.set_fewshot_seed(seed=1234)
    task.build_all_requests(
        apply_chat_template=True, fewshot_as_multiturn=multiturn, chat_template=written, tokenizer_name="none")
    documents = {}
    for instance in task.instances:
        arguments = list(instance.args)[: 1 if task.OUTPUT_TYPE == "generate_until" else 2]
        asked = dict(json.loads(arguments[0]), continuations=[])
        entries = documents.setdefault(instance.doc_id, [])
        if not entries or entries[-1]["messages"] != asked["messages"]:
            entries.append(asked)
        entries[-1]["continuations"] += arguments[1:]
    return [documents[index] for index in sorted(documents)]


def main():
    chat = "--chat" in sys.argv
    if chat:
        sys.argv.remove("--chat")
    sys.path.insert(0, sys.argv[1])
    folder = sys.argv[2]
    wanted = sys.argv[3:]
    import datasets
    import evaluate

    held = {}
    evaluate.load = lambda name: type("Unused", (), {"compute": lambda self, **arguments: None})()

    def load_dataset(path, name=None, **kwargs):
        return datasets.DatasetDict({split: datasets.Dataset.from_list(rows) for split, rows in held[name or ""].items()})

    datasets.load_dataset = load_dataset
    from lm_eval.tasks import TaskManager

    manager = TaskManager()
    os.makedirs(folder, exist_ok=True)
    for function in FAMILIES:
        for name, data, shots in function(random.Random(function.__name__)):
            if wanted and name not in wanted:
                continue
            held.clear()
            held.update(data)
            loaded = manager.load([name])
            task = (loaded["tasks"] if "tasks" in loaded else loaded)[name]
            reference = {"package": "lm-eval 0.4.13", "licence": "MIT", "version": task.VERSION}
            if chat:
                result = {
                    "reference": reference,
                    "task": name,
                    "cases": [
                        {"shots": number, "multiturn": multiturn, "documents": conversations(task, number, multiturn)}
                        for number in shots if number < 6
                        for multiturn in ((False, True) if number else (False,))],
                }
            else:
                result = {
                    "reference": reference,
                    "task": name,
                    "data": data,
                    "cases": [{"shots": number, "documents": requests(task, number)} for number in shots],
                }
            with open(os.path.join(folder, name + ".json"), "w") as file:
                json.dump(result, file, ensure_ascii=False)
                file.write("\n")
            print(name, [len(case["documents"]) for case in result["cases"]])


if __name__ == "__main__":
    main()
