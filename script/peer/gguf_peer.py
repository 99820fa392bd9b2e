"""What gguf-py and llama.cpp make of GGUF files; answers in JSON on the last line.

  run FILE COUNT TEXT...     tokens of each text, the logits after the first text, COUNT greedy tokens
  weights FILE               SHA-256 of every tensor's weights, dequantized by gguf-py to fp32
  blocks FILE                SHA-256 of every tensor's bytes
  rewrite FROM TO            all keys and tensors of a file, written again by gguf-py
  quantize FROM TO TYPE      llama.cpp's quantizer, the same type for all matrices
"""

import ctypes
import hashlib
import json
import sys

import numpy as np


def run(file, count, *texts):
    import llama_cpp

    model = llama_cpp.Llama(file, n_ctx=256, n_threads=1, verbose=False, logits_all=True)
    tokens = [model.tokenize(text.encode(), add_bos=True, special=True) for text in texts]
    model.eval(tokens[0])
    logits = np.array(model.scores[len(tokens[0]) - 1], dtype=np.float32)
    greedy = []
    for _ in range(int(count)):
        token = int(np.argmax(model.scores[model.n_tokens - 1]))
        greedy.append(token)
        model.eval([token])
    return {"tokens": tokens, "logits": [float(v) for v in logits], "greedy": greedy}


def tensors(file, value):
    import gguf

    return {t.name: hashlib.sha256(value(t)).hexdigest() for t in gguf.GGUFReader(file).tensors}


def weights(file):
    import gguf

    def dequantized(t):
        values = gguf.quants.dequantize(t.data, t.tensor_type)
        return np.ascontiguousarray(values, dtype="<f4").tobytes()

    return tensors(file, dequantized)


def blocks(file):
    return tensors(file, lambda t: np.ascontiguousarray(t.data).tobytes())


def rewrite(source, target):
    import gguf

    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(key, field.contents(), field.types[0], sub_type=inner)
    for t in reader.tensors:
        writer.add_tensor(t.name, t.data, raw_dtype=t.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {}


def quantize(source, target, name):
    import gguf
    import llama_cpp

    types = {"F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q4_K": 14, "Q6_K": 18}
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = types[name]
    parameters.pure = True
    parameters.nthread = 1
    parameters.allow_requantize = True
    kind = int(gguf.GGMLQuantizationType[name])
    parameters.output_tensor_type = kind
    parameters.token_embedding_type = kind
    code = llama_cpp.llama_model_quantize(
        source.encode(), target.encode(), ctypes.byref(parameters))
    return {"code": code}


if __name__ == "__main__":
    command = {f.__name__: f for f in (run, weights, blocks, rewrite, quantize)}[sys.argv[1]]
    print(json.dumps(command(*sys.argv[2:])))
