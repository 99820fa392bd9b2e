"""Arithmetic of Ascend operators: golden cases of AscendNumericsGoldenTest and AscendLinearTest.

    python script/golden/ascend_numerics.py oracles/ascend-numerics

Needs nothing but Python. Every value is computed in exact rational arithmetic and rounded to the type an operator keeps it in
by integer division, after the descriptions in docs/ascend-numerics.md and not after our Java code, which works on bit patterns
and the CPU's own floats. No value comes from an NPU. Floats stand as the patterns of fp32.
"""

import json
import random
import struct
import sys
from fractions import Fraction

folder = sys.argv[1]
draw = random.Random(20261122)

INFINITY = float("inf")
FP32 = (24, -149, 128)  # bits of the significand, exponent of the smallest step, exponent of the first power too large
BF16 = (8, -133, 128)
FP16 = (11, -24, 16)
FORMATS = {"bf16": BF16, "fp16": FP16}


def half_even(value):
    """The nearest integer to a rational, ties to even."""
    whole, rest = divmod(value.numerator, value.denominator)
    twice = 2 * rest
    if twice > value.denominator or (twice == value.denominator and whole % 2 == 1):
        whole += 1
    return whole


def rounded(value, kind):
    """A rational (or an infinity, or not a number) in a binary floating-point type; a Fraction, or a float where special."""
    if isinstance(value, float):
        return value
    if value == 0:
        return Fraction(0)
    digits, smallest, top = kind
    exponent = 0
    size = abs(value)
    while size >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while size < Fraction(2) ** exponent:
        exponent -= 1
    step = Fraction(2) ** max(exponent - digits + 1, smallest)
    result = half_even(value / step) * step
    if abs(result) >= Fraction(2) ** top:
        return INFINITY if value > 0 else -INFINITY
    return result


def times(a, b, kind=FP32):
    """A product in a type, with the rules for infinities."""
    if isinstance(a, float) or isinstance(b, float):
        return float(a) * float(b)
    return rounded(a * b, kind)


def plus(a, b, kind=FP32):
    if isinstance(a, float) or isinstance(b, float):
        return float(a) + float(b)
    return rounded(a + b, kind)


def over(a, b, kind=FP32):
    if isinstance(b, float):
        return b if b != b else (float("nan") if isinstance(a, float) else Fraction(0))
    if isinstance(a, float):
        return a
    if b == 0:
        return float("nan") if a == 0 else (INFINITY if a > 0 else -INFINITY)
    return rounded(a / b, kind)


def integer(value, low, high):
    """A conversion to integers: half to even, saturated, not a number to 0."""
    if isinstance(value, float):
        return 0 if value != value else (high if value > 0 else low)
    return max(low, min(high, half_even(value)))


def pattern(value):
    return struct.unpack("<i", struct.pack("<f", float(value)))[0]


def number(bits):
    value = struct.unpack("<f", struct.pack("<i", bits))[0]
    return value if value != value or abs(value) == INFINITY else Fraction(value)


def patterns(values):
    return [pattern(v) for v in values]


def write(name, operator, cases):
    with open(f"{folder}/{name}.json", "w") as out:
        reference = "script/golden/ascend_numerics.py, exact rational arithmetic; never run on an NPU"
        json.dump({"method": "ascend-numerics", "operator": operator, "reference": reference, "cases": cases}, out, indent=None)
        out.write("\n")


def normal(count, scale=1.0, kind=BF16):
    return [rounded(Fraction(draw.gauss(0, scale)), kind) for _ in range(count)]


def any_float():
    """A finite fp32 of any exponent."""
    while True:
        value = number(draw.getrandbits(32) - 2**31)
        if isinstance(value, Fraction):
            return value


# Rounding to the 16-bit types
values = [any_float() for _ in range(200)] + [Fraction(draw.gauss(0, 1)) for _ in range(100)]
values = [rounded(v, FP32) for v in values]
values += [Fraction(65504), Fraction(65519), Fraction(65520), Fraction(1, 2**24), Fraction(1, 2**25), Fraction(3, 2**25)]
values += [Fraction(257, 256), Fraction(259, 256), number(0x7F7FFFFF), number(0x00000001), number(0x00018000), INFINITY, -INFINITY]
write("rounding", "rounding", [
    {"type": name, "values": patterns(values), "expected": patterns(rounded(v, kind) for v in values)}
    for name, kind in FORMATS.items()])


# Dynamic quantization per token
def stored_scale(columns):
    if 128 <= columns <= 16320 and columns % 8 == 0:
        return "product"
    return "product" if 13 * ((columns + 15) // 16 * 16) < 195584 else "reciprocal"


def token(row, limit, kind):
    """Codes and stored scale of a row."""
    special = [v for v in row if isinstance(v, float)]
    if any(v != v for v in special):
        biggest = float("nan")
    else:
        biggest = INFINITY if special else max(abs(v) for v in row)
    inverse = over(Fraction(limit), biggest)
    codes = [integer(times(v, inverse), -limit - 1, limit) for v in row]
    if kind == "product":
        scale = times(biggest, over(Fraction(1), Fraction(limit)))
    else:
        scale = over(Fraction(1), inverse)
    return codes, scale


cases = []
shapes = [16, 100, 128, 130, 1536, 15040, 15047, 16320, 16328, 17780, 17784, 18944, 27648]
for columns in shapes:
    for limit in (127, 7):
        filled = min(columns, 48)
        rows = [normal(filled, scale) for scale in (1.0, 1e-3, 300.0)]
        rows.append([Fraction(0)] * filled)
        ties = [Fraction(n, 2) for n in range(1 - filled, filled - 1, 2)]
        rows.append(([Fraction(limit)] + ties)[:filled])
        rows.append([number(1 << 16)] * 2 + [Fraction(0)] * (filled - 2))
        rows.append([INFINITY, Fraction(1), Fraction(0)] + normal(filled - 3))
        rows.append([float("nan")] + normal(filled - 1))
        rows.append([Fraction(2) ** -124] + [Fraction(draw.randrange(-127, 128), 128) * Fraction(2) ** -124 for _ in range(filled - 1)])
        for row in rows:
            whole = row + [Fraction(0)] * (columns - filled) if columns <= 128 else row
            codes, scale = token(whole, limit, stored_scale(columns))
            cases.append({"columns": columns, "limit": limit, "kind": stored_scale(columns), "row": patterns(whole),
                          "codes": codes, "scale": pattern(scale)})
write("token_quantization", "token_quantization", cases)


# Static quantization
def reciprocal(scale, kind):
    return over(Fraction(1), rounded(scale, kind), kind)


def static(value, factor, offset):
    return integer(plus(times(value, factor), Fraction(offset)), -128, 127)


cases = []
for name, kind in FORMATS.items():
    for scale in (0.013, 0.25, 0.0371, 1.7, 3e-4):
        for offset in (0, -37, 100, -128):
            scale32 = rounded(Fraction(scale), FP32)
            factor = reciprocal(scale32, kind)
            values = normal(40, 60 * scale, kind) + [Fraction(0), Fraction(1), INFINITY, -INFINITY, float("nan")]
            values += [rounded(Fraction(2 * n + 1, 2) / factor, kind) for n in range(-4, 4)]
            cases.append({"type": name, "scale": pattern(scale32), "offset": offset, "reciprocal": pattern(factor),
                          "values": patterns(values), "codes": [static(v, factor, offset) for v in values]})
write("static_quantization", "static_quantization", cases)


# The forms of deq_scale
def cut(value, nearest):
    """19 bits: a significand of 11 bits, towards zero or to nearest; the smallest step is that of fp32's pattern without 13 bits."""
    if value == 0:
        return Fraction(0)
    exponent = 0
    size = abs(value)
    while size >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while size < Fraction(2) ** exponent:
        exponent -= 1
    step = Fraction(2) ** max(exponent - 10, -136)
    count = half_even(size / step) if nearest else (size / step).__floor__()
    return count * step if value > 0 else -count * step


values = [abs(any_float()) for _ in range(100)] + [rounded(Fraction(draw.uniform(1e-6, 1e-2)), FP32) for _ in range(200)]
values = [v for v in values if cut(v, True) < Fraction(2) ** 128] + [Fraction(1), Fraction(2049, 2048), Fraction(4097, 4096)]
write("dequant_scale", "dequant_scale", [{
    "values": patterns(values),
    "truncated": patterns(cut(v, False) for v in values),
    "rounded": patterns(cut(v, True) for v in values),
    "stored": [pattern(v) for v in values],
    "transformed": [pattern(cut(v, False)) + 2**46 for v in values]}])


# Dequantization
def static_output(total, scale, kind):
    factor = cut(scale, False) if kind == FP16 else scale
    return rounded(times(rounded(Fraction(total), FP32), factor), kind)


def token_output(total, weight, tokens, bias, kind):
    return rounded(plus(times(tokens, times(rounded(Fraction(total), FP32), weight)), bias), kind)


def four_bits(total, weight, tokens, bias, product, model):
    plain = rounded(token_output(total, weight, tokens, Fraction(0), product), model)
    return plus(plain, rounded(bias, model), model)


cases = []
sums = [draw.randrange(-2**31, 2**31) for _ in range(40)] + [draw.randrange(-2**20, 2**20) for _ in range(40)]
sums += [2**24 + 1, 2**24 + 3, -2**24 - 1, 2**25 + 2, 2**25 + 6, 0, 1, -1, 2**31 - 1, -2**31]
for total in sums:
    weight = rounded(Fraction(draw.uniform(1e-5, 1e-2)), FP32)
    tokens = rounded(Fraction(draw.uniform(1e-4, 0.1)), FP32)
    bias = rounded(Fraction(draw.gauss(0, 1)), BF16)
    if total % 7 == 0:
        weight = number(draw.randrange(1, 1 << 23))
    cases.append({
        "sum": total, "weightScale": pattern(weight), "tokenScale": pattern(tokens), "bias": pattern(bias),
        "staticBf16": pattern(static_output(total, weight, BF16)),
        "staticFp16": pattern(static_output(total, weight, FP16)),
        "tokenBf16": pattern(token_output(total, weight, tokens, bias, BF16)),
        "tokenFp16": pattern(token_output(total, weight, tokens, bias, FP16)),
        "laosBf16": pattern(four_bits(total, weight, tokens, bias, FP16, BF16)),
        "flatQuantBf16": pattern(four_bits(total, weight, tokens, bias, BF16, BF16))})
write("dequantization", "dequantization", cases)


# Weights of weight-only products
cases = []
for name, kind in FORMATS.items():
    for offset in (0, -7, 3):
        scales = [rounded(Fraction(draw.uniform(1e-4, 0.05)), kind) for _ in range(20)]
        codes = [draw.randrange(-128, 128) for _ in scales]
        expected = []
        for code, scale in zip(codes, scales):
            if kind == BF16:
                expected.append(rounded(times(Fraction(code + offset), scale), BF16))
            else:
                expected.append(times(rounded(Fraction(code + offset), FP16), scale, FP16))
        cases.append({"type": name, "offset": offset, "scales": patterns(scales), "codes": codes, "expected": patterns(expected)})
write("weight_only", "weight_only", cases)


# C8 cache
values = normal(60, 4)
cases = []
for scale, offset in ((0.031, 0), (0.02, -11)):
    step = rounded(Fraction(scale), FP32)
    codes = [integer(plus(over(v, step), Fraction(offset)), -128, 127) for v in values]
    read = [rounded(times(Fraction(c - offset), step), BF16) for c in codes]
    cases.append({"scale": pattern(step), "offset": offset, "values": patterns(values), "codes": codes, "read": patterns(read)})
write("cache_codes", "cache_codes", cases)


# Whole layers
def layer(scheme, rows, columns, features, scale, biased):
    x = [normal(columns, scale) for _ in range(rows)]
    bits = 4 if scheme.startswith("W4A4") else 8
    limit = 7 if bits == 4 else 127
    weight = [[draw.randrange(-limit, limit + 1) for _ in range(columns)] for _ in range(features)]
    weight_scale = [rounded(Fraction(draw.uniform(0.5, 1.5) * 0.02 / limit), FP32) for _ in range(features)]
    bias = [rounded(Fraction(draw.gauss(0, 0.5)), BF16) if biased else Fraction(0) for _ in range(features)]
    case = {"scheme": scheme, "rows": rows, "columns": columns, "features": features, "bits": bits, "x": [patterns(r) for r in x],
            "weight": weight, "weightScale": patterns(weight_scale), "bias": patterns(bias) if biased else []}
    output = []
    if scheme == "W8A8":
        low, high = -3 * scale, 2.5 * scale
        if biased:
            step, offset = rounded((rounded(Fraction(high), FP32) - rounded(Fraction(low), FP32)) / 255, FP32), None
            zero = half_even(rounded(-rounded(Fraction(low), FP32) / step, FP32))
            offset = zero - 128
        else:
            step, offset = rounded(rounded(Fraction(-low), FP32) / 127, FP32), 0
        case["low"], case["high"] = pattern(Fraction(low)), pattern(Fraction(high))
        case["inputScale"], case["offset"] = pattern(step), offset
        factor = reciprocal(step, BF16)
        dequant = [times(step, w) for w in weight_scale]
        quant_bias = [half_even(over(b, d) - offset * sum(w)) for b, d, w in zip(bias, dequant, weight)]
        case["dequantScale"], case["quantBias"] = patterns(dequant), quant_bias
        for row in x:
            q = [static(v, factor, offset) for v in row]
            output.append(patterns(
                static_output(sum(a * b for a, b in zip(q, w)) + e, d, BF16) for w, d, e in zip(weight, dequant, quant_bias)))
    else:
        for row in x:
            q, ts = token(row, limit, stored_scale(columns))
            line = []
            for w, ws, b in zip(weight, weight_scale, bias):
                total = sum(a * c for a, c in zip(q, w))
                if scheme == "W8A8_DYNAMIC":
                    line.append(token_output(total, rounded(ws, BF16), ts, b, BF16))
                else:
                    line.append(four_bits(total, ws, ts, b, FP16, BF16))
            output.append(patterns(line))
    case["output"] = output
    return case


write("layers", "layers", [
    layer(scheme, rows, columns, features, scale, biased)
    for scheme in ("W8A8", "W8A8_DYNAMIC", "W4A4_DYNAMIC")
    for rows, columns, features, scale, biased in ((1, 32, 5, 1.0, True), (7, 130, 9, 3.0, False), (70, 24, 33, 0.01, True))])
