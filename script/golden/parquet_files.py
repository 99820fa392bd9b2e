"""Parquet files of the documents that HarnessTasksTest asks, and files of every encoding that is read: golden cases of ParquetFileTest.

    pip install pyarrow==26.0.1 datasets==4.8.5
    python script/golden/parquet_files.py oracles/lm_eval/tasks oracles/parquet [SEED]

tasks/NAME/CONFIGURATION/SPLIT-00000-of-00001.parquet: written by `datasets` as the hub has data sets. forms/NAME.parquet: nested columns
with missing values written by pyarrow, beside NAME.jsonl with the same records.
"""

import json
import os
import random
import sys

import datasets
import pyarrow as pa
import pyarrow.parquet as pq


def tasks(source, target):
    for name in sorted(os.listdir(source)):
        if not name.endswith(".json"):
            continue
        with open(os.path.join(source, name)) as file:
            data = json.load(file)["data"]
        for configuration, splits in data.items():
            folder = os.path.join(target, "tasks", name[:-5], configuration)
            os.makedirs(folder, exist_ok=True)
            for split, rows in splits.items():
                datasets.Dataset.from_list(rows).to_parquet(os.path.join(folder, split + "-00000-of-00001.parquet"))


def record(draw):
    def maybe(value, share=0.2):
        return None if draw.random() < share else value

    def text():
        return "".join(draw.choice("abcdé河😀 \n\"") for _ in range(draw.randrange(12)))

    def texts():
        return [maybe(text()) for _ in range(draw.randrange(5))]

    return {
        "text": maybe(text()),
        "same": draw.choice(["yes", "no", "no more"]),
        "small": draw.randrange(-100, 100),
        "large": maybe(draw.randrange(-(2**62), 2**62)),
        "number": maybe(draw.random() * 10 ** draw.randrange(-8, 8)),
        "flag": maybe(draw.random() < 0.5),
        "list": maybe(texts()),
        "lists": maybe([maybe([draw.randrange(9) for _ in range(draw.randrange(4))]) for _ in range(draw.randrange(4))]),
        "struct": maybe({"text": [text() for _ in range(draw.randrange(5))], "label": maybe(text()), "inner": {"n": maybe(draw.randrange(99))}}),
        "structs": maybe([maybe({"a": maybe(text()), "b": [draw.randrange(5) for _ in range(draw.randrange(3))]}) for _ in range(draw.randrange(4))]),
    }


SCHEMA = pa.schema([
    ("text", pa.string()), ("same", pa.string()), ("small", pa.int32()), ("large", pa.int64()), ("number", pa.float64()), ("flag", pa.bool_()),
    ("list", pa.list_(pa.string())), ("lists", pa.list_(pa.list_(pa.int64()))),
    ("struct", pa.struct([("text", pa.list_(pa.string())), ("label", pa.string()), ("inner", pa.struct([("n", pa.int64())]))])),
    ("structs", pa.list_(pa.struct([("a", pa.string()), ("b", pa.list_(pa.int64()))])))])

FORMS = {
    "usual": {},
    "uncompressed": {"compression": "none"},
    "gzip": {"compression": "gzip"},
    "plain": {"use_dictionary": False},
    "pages_of_version_2": {"data_page_version": "2.0"},
    "small_pages": {"data_page_size": 64, "row_group_size": 37, "write_batch_size": 8},
    "small_dictionary": {"dictionary_pagesize_limit": 32, "data_page_size": 128, "write_batch_size": 16},
    "delta_binary_packed": {"use_dictionary": False, "column_encoding": {"small": "DELTA_BINARY_PACKED", "large": "DELTA_BINARY_PACKED"}},
    "delta_length_byte_array": {"use_dictionary": False, "column_encoding": {"text": "DELTA_LENGTH_BYTE_ARRAY", "same": "DELTA_LENGTH_BYTE_ARRAY"}},
    "delta_byte_array": {"use_dictionary": False, "column_encoding": {"text": "DELTA_BYTE_ARRAY", "same": "DELTA_BYTE_ARRAY"}},
    "version_1": {"version": "1.0", "use_compliant_nested_type": False},
}


def forms(target, seed):
    folder = os.path.join(target, "forms")
    os.makedirs(folder, exist_ok=True)
    for name, options in FORMS.items():
        draw = random.Random(name + seed)
        rows = [record(draw) for _ in range(150)]
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), os.path.join(folder, name + ".parquet"), **options)
        with open(os.path.join(folder, name + ".jsonl"), "w") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


tasks(sys.argv[1], sys.argv[2])
forms(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "1")
