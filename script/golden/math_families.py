"""More pairs of an expected answer and a reply, drawn by families of answers, judged by Math-Verify: golden cases of MathAnswerTest.

    pip install math-verify==0.8.0
    python script/golden/math_families.py SEED COUNT > oracles/math/families_SEED.jsonl

Every family draws an answer and writes it in several ways; a pair has one of them as expected answer, and as reply the same value in
any of them, or that of a wrong answer near it, inside a sentence as models write it. COUNT pairs are drawn from each family.
"""

import json
import random
import sys
from fractions import Fraction

from math_pairs import judged

SENTENCES = (
    "The answer is ${}$.",
    "Therefore, the answer is $\\boxed{{{}}}$.",
    "\\[\n\\boxed{{{}}}\n\\]",
    "Substituting $t = 3$ we get $2t = 6$.\n\nThus, the result is \\(\\boxed{{{}}}\\).",
    "Final Answer: The final answer is ${}$. I hope it is correct.",
    "**Final Answer:** ${}$",
    "### Solution\n1. First, note that $n \\ge 1$.\n2. Then simplify.\n\n$$\\boxed{{{}}}$$",
    "After simplification we obtain\n$$\n{}\n$$",
    "So we find \\({}\\).",
    "It follows that $$ {} $$",
    "Hence the final result is: \\boxed{{{}}}. Checking, $1+1=2$ as expected.",
    "${}$",
)


def frac(f):
    sign = "-" if f < 0 else ""
    n, d = abs(f.numerator), f.denominator
    ways = ["%s\\frac{%d}{%d}" % (sign, n, d), "%s\\dfrac{%d}{%d}" % (sign, n, d), "%s%d/%d" % (sign, n, d), "\\frac{%s%d}{%d}" % (sign, n, d)]
    if d in (2, 4, 5, 8, 10, 20, 25):
        ways.append(("%f" % float(f)).rstrip("0"))
    if n > d and sign == "":
        ways.append("%d\\frac{%d}{%d}" % (n // d, n % d, d))
    if n < 10 and d < 10:
        ways.append("%s\\frac%d%d" % (sign, n, d))
    ways.append("%s\\frac{%d}{%d}" % (sign, 2 * n, 2 * d))
    return ways


def fraction(draw):
    f = Fraction(draw.randint(-40, 60), draw.choice([2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 20, 25, 36]))
    while f.denominator == 1:
        f += Fraction(1, 7)
    g = draw.choice([-f, f + 1, 1 / f, f + Fraction(1, f.denominator)])
    return frac(f), frac(g) if g.denominator > 1 else [str(g)]


def integer(draw):
    n = draw.choice([draw.randint(-30, 200), draw.randint(1000, 99999), draw.randint(10**5, 10**7)])
    def ways(k):
        out = [str(k), "%d.0" % k, "%d + %d" % (k - 7, 7), "2 \\cdot %d - %d" % (k, k), "\\frac{%d}{3}" % (3 * k)]
        if k > 999:
            out += ["{:,}".format(k), "{:,}".format(k).replace(",", "{,}"), "{:,}".format(k).replace(",", ",\\!")]
        if k >= 0:
            out += ["x = %d" % k, "%d \\text{ ways}" % k, "%d\\text{ cm}" % k, "+%d" % k, "\\$%d" % k, "%d \\mathrm{~m}" % k]
        return out
    return ways(n), ways(draw.choice([n + 1, -n - 1, 10 * n + 1, n - 10]))


def decimal(draw):
    n = draw.randint(1, 9999) / draw.choice([10, 100, 1000])
    def ways(x):
        f = Fraction(str(round(x, 4)))
        out = ["%s" % round(x, 4), "\\frac{%d}{%d}" % (f.numerator, f.denominator), "%.4f" % x, "%s \\text{ meters}" % round(x, 4), "%s\\%%" % round(100 * x, 4)]
        return out
    return ways(n), ways(n + draw.choice([0.1, 0.001, 1]))


def root(draw):
    a, b, c = draw.randint(2, 9), draw.choice([2, 3, 5, 6, 7, 10, 11]), draw.randint(1, 12)
    def ways(a, b, c):
        return ["%d + %d\\sqrt{%d}" % (c, a, b), "%d\\sqrt{%d} + %d" % (a, b, c), "%d+\\sqrt{%d}" % (c, a * a * b), "\\frac{%d+%d\\sqrt{%d}}{2}" % (2 * c, 2 * a, b),
                "%d+%d \\cdot %d^{1/2}" % (c, a, b), "%d+%d\\sqrt %d" % (c, a, b)]
    def plain(a, b, c):
        return ["%d\\sqrt{%d}" % (a, b), "\\sqrt{%d}" % (a * a * b), "\\frac{%d}{\\sqrt{%d}}" % (a * b, b), "%d\\sqrt{%d}" % (1, a * a * b), "%d \\sqrt{%d} \\text{ units}" % (a, b)]
    kind = draw.choice([ways, plain])
    return kind(a, b, c), draw.choice([kind(a + 1, b, c), kind(a, b + 1, c), ways(a, b, -c)])


def pi(draw):
    a, b = draw.randint(1, 30), draw.choice([1, 2, 3, 4, 6])
    def ways(a, b):
        return ["\\frac{%d\\pi}{%d}" % (a, b), "\\frac{%d}{%d}\\pi" % (a, b), "%d\\pi/%d" % (a, b), "\\dfrac{%d \\pi}{%d}" % (2 * a, 2 * b), "\\frac{%d}{%d} \\pi \\text{ radians}" % (a, b)]
    return ways(a, b), ways(a + 1, b)


def interval(draw):
    low, high = sorted(draw.sample(range(-20, 20), 2))
    closed = draw.choice(["()", "[]", "(]", "[)"])
    def ways(low, high, closed):
        o, c = closed
        left, right = ("\\le" if o == "[" else "<"), ("\\le" if c == "]" else "<")
        return ["%s%d, %d%s" % (o, low, high, c), "\\left%s %d, %d \\right%s" % (o, low, high, c), "x \\in %s%d,%d%s" % (o, low, high, c), "%d %s x %s %d" % (low, left, right, high),
                "%s%d,%d%s" % (o, low, high, c)]
    other = draw.choice(["()", "[]", "(]", "[)"])
    return ways(low, high, closed), ways(low, high + 1, closed) if other == closed else ways(low, high, other)


def ray(draw):
    a = draw.randint(-15, 15)
    side = draw.choice(["<", ">", "\\le", "\\ge"])
    def ways(a, side):
        o, c = ("(", ")") if side in "<>" else ("[", "]")
        up = side in (">", "\\ge")
        flip = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}[side]
        bounds = "%s%d, \\infty)" % (o, a) if up else "(-\\infty, %d%s" % (a, c)
        return ["x %s %d" % (side, a), bounds, "%d %s x" % (a, flip), "x \\in " + bounds, "\\{x \\mid x %s %d\\}" % (side, a), bounds.replace("\\infty", "+\\infty") if up else bounds]
    return ways(a, side), ways(a, draw.choice(["<", ">", "\\le", "\\ge"]))


def union(draw):
    a, b, c, d = sorted(draw.sample(range(-20, 20), 4))
    def ways(a, b, c, d):
        return ["(%d,%d) \\cup (%d,%d)" % (a, b, c, d), "(%d,%d) \\cup (%d,%d)" % (c, d, a, b), "\\left(%d,%d\\right)\\cup\\left(%d,%d\\right)" % (a, b, c, d), "x \\in (%d,%d) \\cup (%d,%d)" % (a, b, c, d)]
    def rays(a, b, c, d):
        return ["(-\\infty,%d) \\cup (%d,\\infty)" % (a, d), "(-\\infty, %d)\\cup(%d, +\\infty)" % (a, d), "x < %d \\text{ or } x > %d" % (a, d), "(%d,\\infty) \\cup (-\\infty,%d)" % (d, a)]
    kind = draw.choice([ways, rays])
    return kind(a, b, c, d), kind(a, b, c, d + 1)


def values(draw):
    items = draw.sample(range(-20, 40), draw.randint(2, 4))
    def ways(items):
        shuffled = draw.sample(items, len(items))
        text = [str(i) for i in items]
        return [", ".join(text), ",".join(map(str, shuffled)), "\\{%s\\}" % ", ".join(text), "\\{%s\\}" % ",".join(map(str, shuffled)), ", ".join(text[:-1]) + " \\text{ and } " + text[-1],
                " , ".join("x = %s" % t for t in text), "x = " + ", ".join(text), "\\left\\{%s\\right\\}" % ", ".join(text)]
    return ways(items), draw.choice([ways(items[:-1] + [items[-1] + 1]), ways(items + [99]), ways(items[:-1])])


def point(draw):
    items = [draw.choice([str(draw.randint(-20, 20)), draw.choice(frac(Fraction(draw.randint(1, 9), 4) + Fraction(1, 8)))]) for _ in range(draw.randint(2, 3))]
    def ways(items):
        return ["(%s)" % ", ".join(items), "\\left(%s\\right)" % ",".join(items), "( %s )" % " , ".join(items), "\\left( %s \\right)" % ", ".join(i.replace("frac", "dfrac") for i in items),
                "(%s) = (%s)" % (", ".join("xyz"[: len(items)]), ", ".join(items))]
    return ways(items), draw.choice([ways(items[::-1]), ways(items[:-1] + ["77"])])


def matrix(draw):
    rows, columns = draw.randint(1, 3), draw.randint(1, 3)
    cells = [[str(draw.randint(-9, 9)) for _ in range(columns)] for _ in range(rows + (rows == columns == 1))]
    def ways(cells):
        body = " \\\\ ".join(" & ".join(r) for r in cells)
        return ["\\begin{%s} %s \\end{%s}" % (n, body, n) for n in ("pmatrix", "bmatrix")] + ["\\left(\\begin{array}{%s}%s\\end{array}\\right)" % ("c" * len(cells[0]), body),
                "\\begin{pmatrix}%s\\end{pmatrix}" % body.replace(" ", ""), "\\begin{bmatrix}\n%s\n\\end{bmatrix}" % body]
    wrong = [r[:] for r in cells]
    wrong[-1][-1] = "31"
    return ways(cells), ways(wrong)


def polynomial(draw):
    a, b, c = draw.randint(1, 9), draw.choice([-7, -4, -2, 3, 5, 8]), draw.choice([-12, -6, -1, 2, 4, 9])
    def ways(a, b, c):
        lead = "" if a == 1 else str(a)
        return ["%sx^2 %+d x %+d" % (lead, b, c), "%d %+dx + %sx^2" % (c, b, lead), "%sx^{2}%+dx%+d" % (lead, b, c), "y = %sx^2%+dx%+d" % (lead, b, c), "f(x) = %sx^2%+dx%+d" % (lead, b, c),
                "x(%sx %+d) %+d" % (lead, b, c), "%s x^2 %+d\\cdot x %+d" % (lead, b, c)]
    def factored(a, b, c):
        return ["(x%+d)(x%+d)" % (b, c), "(x%+d)(x%+d)" % (c, b), "x^2 %+dx %+d" % (b + c, b * c), "(x%+d) \\cdot (x%+d)" % (b, c), "\\left(x%+d\\right)\\left(x%+d\\right)" % (b, c)]
    kind = draw.choice([ways, factored])
    return kind(a, b, c), draw.choice([kind(a, -b, c), kind(a, b, c + 1)])


def line(draw):
    m, b = draw.choice([-5, -3, -2, 2, 3, 4, 7]), draw.randint(-9, 9) or 1
    def ways(m, b):
        return ["y = %dx %+d" % (m, b), "y=%dx%+d" % (m, b), "y = %+d %+dx" % (b, m), "%dx - y %+d = 0" % (m, b), "y - %dx = %d" % (m, b), "%dx %+d" % (m, b), "%dx%+d=y" % (m, b)]
    return ways(m, b), draw.choice([ways(m + 1, b), ways(m, -b)])


def imaginary(draw):
    a, b = draw.randint(-9, 9) or 2, draw.choice([-8, -5, -3, 2, 4, 7])
    def ways(a, b):
        return ["%d%+di" % (a, b), "%d %s %di" % (a, "+" if b > 0 else "-", abs(b)), "%+di %+d" % (b, a), "%d%+d i" % (a, b), "z = %d%+di" % (a, b)]
    return ways(a, b), draw.choice([ways(a, -b), ways(-a, b), ways(b, a)])


def percent(draw):
    n = draw.choice([draw.randint(1, 150), draw.randint(1, 999) / 10])
    def ways(n):
        return ["%s\\%%" % n, "%s" % n, "%s \\%%" % n, "%s\\text{ percent}" % n, "%s" % round(n / 100, 5), "%s\\text{\\%%}" % n]
    return ways(n), ways(round(n + 1, 1))


def degrees(draw):
    n = draw.randint(1, 359)
    def ways(n):
        return ["%d^\\circ" % n, "%d" % n, "%d^{\\circ}" % n, "%d\\text{ degrees}" % n, "%d \\degree" % n, "%d°" % n, "%d^\\circ\\text{C}" % n]
    return ways(n), ways(n + 1)


def word(draw):
    words = ["even", "odd", "Monday", "circle", "parabola", "Alice", "Evelyn", "yes", "no", "neither", "A", "B", "C", "D", "increasing", "red ball"]
    a, b = draw.sample(words, 2)
    def ways(w):
        return ["\\text{%s}" % w, w, "\\textbf{%s}" % w, "\\mathrm{%s}" % w, "\\text{ %s }" % w, "\\text{(%s)}" % w, "\\text{%s}" % w.lower(), "\\mbox{%s}" % w]
    return ways(a), ways(b)


def power(draw):
    b, e = draw.choice([2, 3, 5, 7, 10]), draw.randint(2, 14)
    def ways(b, e):
        return ["%d^{%d}" % (b, e), "%d" % b**e, "%d \\cdot %d^{%d}" % (b, b, e - 1), "\\frac{1}{%d^{-%d}}" % (b, e), "{:,}".format(b**e), "%d^%d" % (b, e)]
    return ways(b, e), ways(b, e + 1)


def combination(draw):
    import math
    n, k = draw.randint(4, 14), draw.randint(1, 4)
    def ways(n, k):
        return ["\\binom{%d}{%d}" % (n, k), "%d" % math.comb(n, k), "\\dbinom{%d}{%d}" % (n, k), "\\frac{%d!}{%d! \\cdot %d!}" % (n, k, n - k), "\\binom{%d}{%d}" % (n, n - k)]
    return ways(n, k), ways(n + 1, k)


def logarithm(draw):
    a, b = draw.randint(2, 9), draw.randint(2, 20)
    def ways(a, b):
        return ["\\log_{%d} %d" % (a, b), "\\log_%d(%d)" % (a, b), "\\frac{\\ln %d}{\\ln %d}" % (b, a), "\\frac{\\log %d}{\\log %d}" % (b, a), "\\log_{%d}{%d}" % (a, b), "\\frac{\\ln(%d)}{\\ln(%d)}" % (b, a)]
    def natural(a, b):
        return ["\\ln %d" % b, "\\ln(%d)" % b, "\\ln{%d}" % b, "\\log_e %d" % b, "%d + \\ln %d - %d" % (a, b, a), "\\ln\\left(%d\\right)" % b]
    kind = draw.choice([ways, natural])
    return kind(a, b), kind(a, b + 1)


def monomial(draw):
    a, p, q = draw.randint(2, 9), draw.randint(1, 5), draw.randint(2, 5)
    def ways(a, p, q):
        return ["%dx^%dy^%d" % (a, p, q), "%d x^{%d} y^{%d}" % (a, p, q), "%dy^%dx^%d" % (a, q, p), "%d \\cdot x^%d \\cdot y^%d" % (a, p, q), "\\frac{%dx^%d}{y^{-%d}}" % (a, p, q), "%d(x^%d)(y^%d)" % (a, p, q)]
    return ways(a, p, q), ways(a, p + 1, q)


def rational(draw):
    a, b = draw.randint(1, 9), draw.choice([-6, -3, -1, 2, 5])
    def ways(a, b):
        return ["\\frac{%d}{x%+d}" % (a, b), "\\frac{%dx}{x^2%+dx}" % (a, b), "%d/(x%+d)" % (a, b), "\\frac{%d}{%d+x}" % (a, b), "%d(x%+d)^{-1}" % (a, b)]
    return ways(a, b), ways(a, -b)


def choice(draw):
    pair = draw.sample("ABCDE", 2)
    def ways(c):
        return ["\\text{(%s)}" % c, c, "(%s)" % c, "\\text{%s}" % c, "\\textbf{(%s)}" % c, "\\mathrm{%s}" % c, "\\textbf{%s}" % c]
    return ways(pair[0]), ways(pair[1])


def plus_minus(draw):
    a, b = draw.randint(1, 9), draw.choice([2, 3, 5, 7, 11])
    def ways(a, b):
        return ["%d \\pm \\sqrt{%d}" % (a, b), "%d+\\sqrt{%d}, %d-\\sqrt{%d}" % (a, b, a, b), "x = %d \\pm \\sqrt{%d}" % (a, b), "\\{%d-\\sqrt{%d}, %d+\\sqrt{%d}\\}" % (a, b, a, b), "%d+\\sqrt{%d} \\text{ and } %d-\\sqrt{%d}" % (a, b, a, b)]
    def simple(a, b):
        return ["\\pm %d" % b, "%d, -%d" % (b, b), "x = \\pm %d" % b, "-%d, %d" % (b, b), "\\{-%d,%d\\}" % (b, b)]
    kind = draw.choice([ways, simple])
    return kind(a, b), kind(a, b + 1)


FAMILIES = (fraction, integer, decimal, root, pi, interval, ray, union, values, point, matrix, polynomial, line, imaginary, percent, degrees, word, power,
            combination, logarithm, monomial, rational, choice, plus_minus)


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    draw = random.Random(seed)
    for family in FAMILIES:
        for _ in range(count):
            right, wrong = family(draw)
            gold = draw.choice(right)
            given = draw.choice(right if draw.random() < 0.65 else wrong)
            reply = draw.choice(SENTENCES).format(given)
            try:
                print(json.dumps({"kind": family.__name__, "gold": gold, "reply": reply, "equal": judged(gold, reply)}))
            except Exception as error:
                print(family.__name__, gold, reply, error, file=sys.stderr)


if __name__ == "__main__":
    main()
