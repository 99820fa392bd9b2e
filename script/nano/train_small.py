"""Trains the smaller sibling of the embedded model: 1.4 M parameters, the same tokenizer, tasks and text form.

It drives the generators and the training loop of the embedded model (`data.py`, `train.py`) with other sizes, a
mix that follows the wall clock, and natural text of WikiText-2 (validation split, CC BY-SA 3.0) and two books in
the public domain (Standard Ebooks) only.

    python train_small.py --nano DIR --text DIR --out DIR --minutes 40
    python train_small.py --nano DIR --text DIR --out DIR2 --minutes 25 --init DIR/model/model.safetensors --lr 2e-3

DIR of --nano holds data.py, train.py and model/tokenizer.model; DIR of --text holds wikitext2/wiki.valid.tokens
and standardebooks/*.txt. Wants torch 2.13, sentencepiece, safetensors and a C++ compiler.
"""
import argparse
import glob
import json
import math
import os
import shutil
import sys
import time

HIDDEN, INTERMEDIATE, LAYERS, HEADS, KEY_VALUE_HEADS = 128, 384, 6, 4, 2

# Until which part of the time, which share of samples. Much copying early makes induction heads form.
BASE = dict(short=dict(gsm=.20, chain=.07, code=.12, facts=.14, cloze=.09, bool=.14, kb=.08, text=.08, copy=.08),
            long=dict(chain=.60, text=.22, kb=.05, gsm=.08, copy=.05), long_every=3)
COPY = dict(short=dict(gsm=.14, chain=.08, code=.05, facts=.06, cloze=.04, bool=.10, kb=.05, text=.03, copy=.45),
            long=dict(chain=.60, text=.06, kb=.02, gsm=.05, copy=.27), long_every=4)
TASKS = dict(short=dict(gsm=.23, chain=.12, code=.16, facts=.15, cloze=.07, bool=.13, kb=.05, text=.06, copy=.03),
             long=dict(chain=.62, text=.22, kb=.02, gsm=.10, copy=.03), long_every=4)
LAST = dict(short=dict(gsm=.25, chain=.12, code=.13, facts=.16, cloze=.09, bool=.17, kb=.02, text=.05, copy=.01),
            long=dict(chain=.66, text=.17, kb=.01, gsm=.15, copy=.01), long_every=4)
# A second run, from the weights of the first: what the first left weakest gets more.
SECOND = dict(short=dict(gsm=.20, chain=.10, code=.10, facts=.27, cloze=.11, bool=.12, kb=.04, text=.05, copy=.01),
              long=dict(chain=.70, text=.17, kb=.02, gsm=.10, copy=.01), long_every=3)
PHASES = ((0.06, BASE), (0.26, COPY), (0.65, TASKS), (1.01, LAST))


def natural_documents(text):
    import data
    wiki = data.clean_wiki(open(f"{text}/wikitext2/wiki.valid.tokens", encoding="utf-8").read())
    documents = [("wikitext2-valid", wiki[i:i + 3000]) for i in range(0, len(wiki), 3000)]
    for path in sorted(glob.glob(f"{text}/standardebooks/*.txt")):
        if os.path.basename(path) == "SOURCE.txt":
            continue
        book = " ".join(open(path, encoding="utf-8").read().split())
        documents += [("standardebooks", book[i:i + 3000]) for i in range(0, min(len(book), 900_000), 3000)]
    return documents


def worker(rank, world, arguments, shared):
    sys.path.insert(0, arguments.nano)
    import data
    import train
    train.D, train.FF, train.L, train.H, train.KV = HIDDEN, INTERMEDIATE, LAYERS, HEADS, KEY_VALUE_HEADS
    train.HD = HIDDEN // HEADS
    data.natural_documents = natural_documents
    start = time.time()

    def reload(batches):
        part = (time.time() - start) / (60 * arguments.minutes)
        batches.mix = SECOND if arguments.init else next(mix for until, mix in PHASES if part < until or until > 1)

    train.Batches.reload = reload
    train.MIX = BASE
    arguments.text_dir = arguments.text
    train.main(rank, world, arguments, shared)


def parameters():
    sys.path.insert(0, arguments.nano)
    import train
    train.D, train.FF, train.L, train.H, train.KV = HIDDEN, INTERMEDIATE, LAYERS, HEADS, KEY_VALUE_HEADS
    train.HD = HIDDEN // HEADS
    return sum(math.prod(shape) for shape in train.param_shapes().values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--nano", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--floor", type=float, default=0.02)
    parser.add_argument("--wd", type=float, default=0.1)
    parser.add_argument("--warmup", type=int, default=80)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--port", type=int, default=29541)
    parser.add_argument("--init", help="model.safetensors to continue from")
    arguments = parser.parse_args()
    os.makedirs(f"{arguments.out}/model", exist_ok=True)
    shutil.copy(f"{arguments.nano}/model/tokenizer.model", f"{arguments.out}/model/tokenizer.model")
    count = parameters()
    print(f"{count} parameters", flush=True)
    import torch
    import torch.multiprocessing as multiprocessing
    shared = torch.zeros(2, 2, count).share_memory_()
    multiprocessing.spawn(worker, (2, arguments, shared), nprocs=2)
    config = json.load(open(f"{arguments.nano}/model/config.json"))
    config.update(hidden_size=HIDDEN, intermediate_size=INTERMEDIATE, num_hidden_layers=LAYERS,
                  num_attention_heads=HEADS, num_key_value_heads=KEY_VALUE_HEADS)
    if "head_dim" in config:
        config["head_dim"] = HIDDEN // HEADS
    with open(f"{arguments.out}/model/config.json", "w") as file:
        json.dump(config, file, indent=2)
        file.write("\n")
