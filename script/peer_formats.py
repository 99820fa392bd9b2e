"""Compares an exported compressed-tensors folder, as compressed-tensors unpacks it, with the BitAtlas checkpoint that it was exported from. Prints one line; exits 1 on a difference."""

import json
import pathlib
import sys

import numpy as np
from compressed_tensors.compressors.pack_quantized import PackedQuantizationCompressor
from compressed_tensors.quantization import QuantizationScheme
from safetensors import safe_open


def tensors(folder):
    """All tensors of a folder's safetensors files, by name."""
    found = {}
    for file in sorted(pathlib.Path(folder).glob("*.safetensors")):
        with safe_open(file, framework="pt") as content:
            for name in content.keys():
                found[name] = content.get_tensor(name)
    return found


def weights(folder):
    """Dequantized grid layers of a BitAtlas checkpoint (docs/checkpoint-format.md), in fp32."""
    manifest = json.loads((pathlib.Path(folder) / "bitatlas.json").read_text())
    stored = tensors(folder)
    result = {}
    for module, entry in manifest["linears"].items():
        rows, columns, bits = entry["outputFeatures"], entry["inputFeatures"], entry["bits"]
        packed = stored[module + ".codes"].numpy()
        plane = np.unpackbits(packed, axis=1, bitorder="little")[:, : columns * bits]
        codes = plane.reshape(rows, columns, bits) @ (1 << np.arange(bits))
        group = np.arange(columns) // entry["groupSize"]
        scales = stored[module + ".scales"].numpy()[:, group]
        zeros = stored[module + ".zero_points"].numpy().astype(np.int64)[:, group]
        result[module] = scales * (codes - zeros).astype(np.float32)
    return result


def decompressed(folder):
    """The weights that compressed-tensors makes of its packed layers, in fp32."""
    configuration = json.loads((pathlib.Path(folder) / "config.json").read_text())
    groups = configuration["quantization_config"]["config_groups"]
    if len(groups) != 1:
        sys.exit("only folders with one configuration group are compared")
    scheme = QuantizationScheme(**next(iter(groups.values())))
    stored = tensors(folder)
    result = {}
    for name in stored:
        if name.endswith(".weight_packed"):
            module = name.removesuffix(".weight_packed")
            parts = {
                key.removeprefix(module + "."): value
                for key, value in stored.items()
                if key.startswith(module + ".weight_")
            }
            layer = PackedQuantizationCompressor.decompress(parts, scheme)
            result[module] = layer["weight"].float().numpy()
    return result


def main(quantized, exported):
    expected, loaded = weights(quantized), decompressed(exported)
    if expected.keys() != loaded.keys():
        sys.exit("the folders do not have the same quantized layers")
    different = sum(int((loaded[module] != weight).sum()) for module, weight in expected.items())
    count = sum(weight.size for weight in expected.values())
    print(f"{len(expected)} layers, {count} weights, {different} differ")
    return 0 if different == 0 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
