"""Rolling windows and WikiText's detokenized pages of lm-evaluation-harness: golden cases of RollingPerplexityTest.

    pip download --no-deps lm-eval==0.4.13 && unzip lm_eval-0.4.13-*.whl -d harness
    python script/golden/lm_eval_rolling.py harness > oracles/lm_eval/rolling.json

The two functions are taken out of the harness and run as they are, without its dependencies.
"""

import ast
import importlib.util
import json
import random
import sys

folder = sys.argv[1]
source = open(folder + "/lm_eval/utils.py").read()
wanted = ("get_rolling_token_windows", "make_disjoint_window")
functions = [node for node in ast.parse(source).body if getattr(node, "name", "") in wanted]
names = {}
exec("from typing import *\nfrom collections.abc import *", names)
exec(compile(ast.Module(functions, []), "utils.py", "exec"), names)
spec = importlib.util.spec_from_file_location("wikitext", folder + "/lm_eval/tasks/wikitext/preprocess_wikitext.py")
wikitext = importlib.util.module_from_spec(spec)
spec.loader.exec_module(wikitext)

draw = random.Random(11)
windows = []
for length, window in ((34, 10), (9, 2), (0, 4), (1, 4), (4, 4), (5, 4), (8, 4), (7, 1), (100, 33), (12, 64)):
    tokens = [draw.randrange(100) for _ in range(length)]
    cut = [names["make_disjoint_window"](one) for one in names["get_rolling_token_windows"](tokens, -100, window, 1)]
    windows.append({"tokens": tokens, "window": window, "windows": [[list(a), list(b)] for a, b in cut]})

pages = [
    " = Valley @-@ Song = \n \n The song ( also \" known \" ) sold 1 @,@ 000 @.@ 5 copies ; it 's N fans ' idea . \n",
    " \n = = Reception = = \n \n It was 20 ° C : warm ! Was it ? Yes , [ it was ] { so } . \n = = = = Deep = = = = \n",
    "no change",
    "",
    " one\u00a0two\u3000three \n\n four\u0085five ' quoted ' dogs ' tails ",
]
documents = []
for page in pages:
    result = wikitext.process_results({"page": page}, (0.0,))
    documents.append({
        "page": page,
        "target": wikitext.wikitext_detokenizer({"page": page}),
        "words": result["word_perplexity"][1],
        "bytes": result["byte_perplexity"][1],
    })
json.dump({
    "reference": {"package": "lm-eval 0.4.13", "licence": "MIT", "files": ["lm_eval/utils.py", "lm_eval/tasks/wikitext/preprocess_wikitext.py"]},
    "rolling_windows": windows,
    "wikitext_pages": documents,
}, sys.stdout, indent=1)
