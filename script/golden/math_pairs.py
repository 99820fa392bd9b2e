"""Pairs of an expected answer and a reply, judged by Math-Verify: the golden cases of MathAnswerTest.

    pip install math-verify==0.8.0
    python script/golden/math_pairs.py math500.jsonl > oracles/math/pairs.jsonl
    python script/golden/math_pairs.py math500.jsonl SEED     other draws, without the pairs written by hand

math500.jsonl has one object a line with the field `answer`. The replies are made from the answers with a fixed seed:
the answer in the forms that models write, equal values in other notation, and wrong answers near the right one. Then come
pairs written by hand, by kind. Replies that Math-Verify cannot judge within five seconds are left out.
"""

import json
import logging
import random
import re
import sys

from math_verify import parse, verify

logging.disable(logging.CRITICAL)

FORMS = (
    "The answer is ${}$.",
    "Therefore the result is $\\boxed{{{}}}$.",
    "\\[ \\boxed{{{}}} \\]",
    "We compute step by step: $1+1=2$, $2+2=4$.\nFinal Answer: The final answer is ${}$. I hope it is correct.",
    "So we get\n\\[\n{}\n\\]",
    "Adding up gives \\({}\\).",
    "**Answer:** ${}$",
    "Hence, \\boxed{{{}}}.\n\nLet me double check: 3 of 4 steps used 12 numbers.",
    "First $x=7$ looks right, but it is not. The final answer is $${}$$",
    "= {}",
)


def rewritten(answer, draw):
    """The same value in another notation, or the answer itself where no rule fits."""
    rules = (
        (r"\\d?frac\{(\d+)\}\{(\d+)\}", lambda m: "%s/%s" % (m[1], m[2])),
        (r"\\d?frac\{(\d+)\}\{(\d+)\}", lambda m: "\\dfrac{%s}{%s}" % (m[1], m[2])),
        (r"\\d?frac\{(\d+)\}\{(\d+)\}", lambda m: "\\frac{%d}{%d}" % (3 * int(m[1]), 3 * int(m[2]))),
        (r"^(-?\d+)$", lambda m: "%s.0" % m[1]),
        (r"^(\d+)$", lambda m: "\\frac{%d}{2}" % (2 * int(m[1]))),
        (r"^(\d{4,})$", lambda m: "{:,}".format(int(m[1]))),
        (r"^(-?\d+)$", lambda m: "x = %s" % m[1]),
        (r"^(\d+)$", lambda m: "%s \\text{ units}" % m[1]),
        (r"^(\d+)$", lambda m: "%d + %d" % (int(m[1]) - 3, 3)),
        (r"\\sqrt\{(\d+)\}", lambda m: "\\sqrt{%s}\\cdot 1" % m[1]),
        (r"\\sqrt\{(\d+)\}", lambda m: "%s^{1/2}" % m[1]),
        (r"(\d+)\^\\circ", lambda m: "%s" % m[1]),
        (r"(\d+)\^\\circ", lambda m: "%s \\text{ degrees}" % m[1]),
        (r"^\((.*)\)$", lambda m: "\\left( %s \\right)" % m[1]),
        (r"\\pi", lambda m: "\\pi \\cdot 1"),
        (r"\\text\{(\w+)\}", lambda m: "%s" % m[1]),
        (r"\\text\{(\w+)\}", lambda m: "\\mathrm{%s}" % m[1]),
        (r"pmatrix", lambda m: "bmatrix"),
        (r"^(.*) \+ (.*)$", lambda m: "%s + %s" % (m[2], m[1])),
        (r"\\\$", lambda m: ""),
        (r",\\!\s*", lambda m: ""),
    )
    fitting = [rule for rule in rules if re.search(rule[0], answer)]
    if not fitting:
        return answer
    pattern, by = draw.choice(fitting)
    return re.sub(pattern, by, answer)


def wrong(answer, others, draw):
    """Something near the answer."""
    kind = draw.randrange(5)
    numbers = re.findall(r"\d+", answer)
    if kind == 0 and numbers:
        number = draw.choice(numbers)
        return answer.replace(number, str(int(number) + 1), 1)
    if kind == 1:
        return answer[1:] if answer.startswith("-") else "-" + answer
    if kind == 2 and len(numbers) > 1:
        return answer.replace(numbers[0], "#").replace(numbers[-1], numbers[0]).replace("#", numbers[-1])
    if kind == 3 and numbers:
        return answer.replace(numbers[-1], numbers[-1] + "0")
    return draw.choice(others)


BY_HAND = {
    "fraction": [
        ("1/2", "0.5"), ("1/2", ".5"), ("\\frac12", "1/2"), ("1\\frac{4}{5}", "9/5"), ("1\\frac{4}{5}", "1.8"), ("3\\frac12", "7/2"),
        ("\\frac{1}{3}", "0.333333"), ("\\frac{1}{3}", "0.3333"), ("\\frac{2}{3}", "0.666667"), ("-\\frac{1}{2}", "\\frac{-1}{2}"),
        ("-\\frac{1}{2}", "\\frac{1}{-2}"), ("\\frac{10}{4}", "2.5"), ("\\frac{a}{b}", "a/b"), ("\\frac{x+1}{2}", "\\frac{1}{2}x+\\frac12"),
        ("\\frac{1}{1+\\frac{1}{2}}", "\\frac{2}{3}"), ("\\frac{7}{0.5}", "14"), ("\\frac 59", "5/9"), ("\\tfrac{3}{4}", "0.75"),
        ("\\frac{22}{7}", "\\pi"), ("\\frac{22}{7}", "3.142857"),
    ],
    "root": [
        ("\\sqrt{8}", "2\\sqrt{2}"), ("\\sqrt2", "1.414214"), ("\\sqrt{2}", "1.41421"), ("\\sqrt{2}", "1.4"), ("\\frac{1}{\\sqrt{2}}", "\\frac{\\sqrt{2}}{2}"),
        ("\\sqrt[3]{8}", "2"), ("\\sqrt[3]{16}", "2\\sqrt[3]{2}"), ("2^{1/2}", "\\sqrt{2}"), ("\\sqrt{3+2\\sqrt{2}}", "1+\\sqrt{2}"),
        ("\\sqrt{x^2}", "|x|"), ("\\sqrt{x^2}", "x"), ("5\\sqrt{13}", "\\sqrt{325}"), ("\\sqrt{-4}", "2i"), ("\\sqrt{\\frac{1}{4}}", "0.5"),
        ("3\\sqrt{5}-1", "-1+3\\sqrt{5}"), ("\\sqrt{12}+\\sqrt{27}", "5\\sqrt{3}"),
    ],
    "interval": [
        ("(2,\\infty)", "(2, \\infty)"), ("(2,\\infty)", "[2,\\infty)"), ("[2,5)", "[2,5]"), ("(3,4]", "\\left(3,4\\right]"), ("[-2,7]", "x \\in [-2,7]"),
        ("x \\in [-2,7]", "[-2,7]"), ("(-\\infty, 2) \\cup (3, \\infty)", "(3, \\infty) \\cup (-\\infty, 2)"), ("(0,9) \\cup (9,36)", "(0,36)"),
        ("1<x<2", "(1,2)"), ("(1,2)", "1<x<2"), ("x>3", "(3,\\infty)"), ("x \\ge 3", "[3,\\infty)"), ("x \\ge 3", "(3,\\infty)"), ("x>3", "3<x"),
        ("x>3", "x \\geq 3"), ("2x>6", "x>3"), ("1 < x \\leq 2", "2 \\geq x > 1"), ("(\\frac{1}{2}, 1)", "(0.5, 1)"), ("(-\\sqrt{3}, \\sqrt{3})", "(-\\sqrt3,\\sqrt3)"),
        ("x \\neq 2", "(-\\infty,2)\\cup(2,\\infty)"), ("\\mathbb{R}", "(-\\infty,\\infty)"), ("-1 \\le x \\le 1", "[-1,1]"),
    ],
    "set": [
        ("1,2,3", "3,2,1"), ("1,2,3", "\\{1,2,3\\}"), ("\\{1,2\\}", "1, 2"), ("1,2", "1"), ("1,2,3", "1,2"), ("3, 5, 7", "3 \\text{ and } 5 \\text{ and } 7"),
        ("1 \\pm \\sqrt{19}", "1+\\sqrt{19}, 1-\\sqrt{19}"), ("1 \\pm \\sqrt{19}", "1+\\sqrt{19}"), ("\\pm 3", "3,-3"), ("\\pm 3", "3"), ("-2,1", "1,-2"),
        ("\\{1\\pm\\sqrt{5},-2\\}", "-2, 1+\\sqrt5, 1-\\sqrt5"), ("\\frac{-1\\pm\\sqrt{5}}{2}", "\\frac{-1+\\sqrt{5}}{2}, \\frac{-1-\\sqrt{5}}{2}"),
        ("\\{5\\}", "5"), ("\\emptyset", "\\{\\}"), ("x=1, x=2", "1,2"), ("x = 1 \\text{ or } x = 2", "x=2, x=1"), ("1, 2", "(1,2)"), ("(1,2)", "1,2"), ("(2,1)", "(1,2)"),
        ("0.5, 0.25", "\\frac12, \\frac14"), ("1,1,2", "1,2"),
    ],
    "tuple": [
        ("(3, \\frac{\\pi}{2})", "(3, \\pi/2)"), ("(1,-16,-4,43)", "(1, -16, -4, 43)"), ("(1,-16,-4,43)", "(1,-16,43,-4)"), ("(-2,1)", "(1,-2)"), ("(6,31,-1)", "6,31,-1"),
        ("(\\frac{3}{2}, -13)", "(1.5,-13)"), ("(8,-2)", "x=8, y=-2"), ("(x,y)=(1,2)", "(1,2)"), ("(a,b)", "(a,b)"), ("(0,0,0)", "(0,0)"), ("(4,2)", "(4,2.0)"),
    ],
    "matrix": [
        ("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{bmatrix} 1 \\\\ 2 \\end{bmatrix}"), ("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{pmatrix} 1 & 2 \\end{pmatrix}"),
        ("\\begin{pmatrix} -1/3 \\\\ 2/3 \\end{pmatrix}", "\\begin{pmatrix} -\\frac13 \\\\ \\frac23 \\end{pmatrix}"),
        ("\\begin{pmatrix} 0.5 & 1 \\\\ 2 & 3 \\end{pmatrix}", "\\begin{pmatrix} \\frac12 & 1 \\\\ 2 & 3 \\end{pmatrix}"),
        ("\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\begin{pmatrix} 1 & 2 \\\\ 3 & 5 \\end{pmatrix}"),
        ("\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\left[\\begin{matrix} 1 & 2 \\\\ 3 & 4 \\end{matrix}\\right]"),
        ("\\begin{pmatrix} \\sqrt{8} \\\\ 1 \\end{pmatrix}", "\\begin{pmatrix} 2\\sqrt{2} \\\\ 1 \\end{pmatrix}"),
    ],
    "unit": [
        ("15\\mbox{ cm}^2", "15"), ("15", "15\\text{ cm}^2"), ("5.4 \\text{ cents}", "5.4"), ("90^\\circ", "90"), ("90^\\circ", "90^{\\circ}"), ("90", "90 degrees"),
        ("10", "10 \\text{ km/h}"), ("10", "10 km"), ("3", "3 hours"), ("\\$32,\\!348", "32348"), ("\\$18.90", "18.9"), ("\\$36", "\\$36.00"), ("864 \\mbox{ inches}^2", "864\\text{ square inches}"),
        ("12\\pi", "12\\pi \\text{ cm}"), ("\\frac{270}7\\text{ degrees}", "\\frac{270}{7}"), ("2\\text{ m}", "3\\text{ m}"), ("100", "100\\%"),
    ],
    "percent": [
        ("50\\%", "0.5"), ("50\\%", "50"), ("0.5", "50\\%"), ("50\\%", "50 percent"), ("12.5\\%", "0.125"), ("\\frac{1}{2}", "50\\%"), ("33.3\\%", "0.333"), ("5\\%", "5\\%"), ("5\\%", "6\\%"),
        ("150\\%", "1.5"),
    ],
    "text": [
        ("\\text{east}", "east"), ("\\text{east}", "\\text{East}"), ("\\text{even}", "\\text{odd}"), ("\\text{(C)}", "C"), ("\\text{(C)}", "(C)"), ("\\text{(C)}", "\\text{C}"), ("\\text{(C)}", "(D)"),
        ("\\text{yes}", "yes"), ("\\text{no}", "\\text{yes}"), ("\\text{Tuesday}", "\\mathrm{Tuesday}"), ("\\text{ellipse}", "\\text{ellipse}"), ("\\text{Navin}", "Navin"),
    ],
    "number": [
        ("1000000", "10^6"), ("1000000", "1,000,000"), ("58,500", "58500"), ("10,\\!080", "10080"), ("2 \\times 10^{5}", "200000"), ("6.02\\cdot10^{23}", "602000000000000000000000"), ("120", "5!"),
        ("10", "\\binom{5}{2}"), ("1024", "2^{10}"), ("3.14", "\\pi"), ("3.141593", "\\pi"), ("2^{100}", "1267650600228229401496703205376"), ("2^{100}", "1267650600228229401496703205377"),
        ("52_8", "52"), ("4210_{5}", "4210_5"), ("0.15", "\\frac{3}{20}"), (".0000672", "6.72 \\times 10^{-5}"), ("-0", "0"), ("+5", "5"), ("007", "7"), ("1e5", "100000"), ("0.1234567", "0.1234568"),
        ("0.123456", "0.1234561"), ("9.99", "10"), ("100", "1e2"), ("3", "3.0000001"), ("\\infty", "\\infty"), ("\\infty", "-\\infty"), ("\\log_2 8", "3"), ("\\ln e", "1"), ("e^{i\\pi}", "-1"),
        ("\\sin 30", "\\frac{1}{2}"), ("\\cos\\frac{\\pi}{3}", "0.5"), ("|{-3}|", "3"), ("\\lfloor 3.7 \\rfloor", "3"), ("\\gcd(4,6)", "2"), ("2\\cdot 3", "6"), ("7 \\div 2", "3.5"),
    ],
    "expression": [
        ("2k+2", "2(k+1)"), ("(a+5)(b+2)", "ab+2a+5b+10"), ("x^2-1", "(x-1)(x+1)"), ("x^3+3x-6", "3x-6+x^3"), ("p - q", "q - p"), ("p-q", "-(q-p)"), ("5r^5", "5 r^{5}"), ("3R^2", "3r^2"),
        ("\\cot x", "\\frac{\\cos x}{\\sin x}"), ("\\sin^2 x + \\cos^2 x", "1"), ("2\\sin x\\cos x", "\\sin 2x"), ("2\\sin x\\cos x", "\\sin(2x)"), ("\\tan x", "\\sin x/\\cos x"), ("e^{x+1}", "e\\cdot e^x"),
        ("a^{b+c}", "a^b a^c"), ("x^{-1}", "\\frac1x"), ("\\frac{11+9a}{20}", "0.55+0.45a"), ("8n^2 + 4n + 1", "1+4n+8n^2"), ("x_1+x_2", "x_2+x_1"), ("x", "y"), ("x+y", "x-y"), ("ab", "ba"), ("\\pi r^2", "r^2\\pi"),
        ("\\frac{x^2-1}{x-1}", "x+1"), ("6r^2-4r-24", "2(3r^2-2r-12)"), ("(x+y)^3", "x^3+3x^2y+3xy^2+y^3"), ("\\ln(x^2)", "2\\ln x"), ("6 - 5i", "-5i+6"), ("1+274i", "274i+1"), ("1-12i", "1+12i"), ("(1+i)^2", "2i"),
    ],
    "equation": [
        ("x=5", "5"), ("5", "x=5"), ("x=5", "y=5"), ("x=5", "x=5.0"), ("y = 2x + 3", "2x+3"), ("2x+3", "y=2x+3"), ("y = 2x + 3", "2x - y + 3 = 0"), ("y=-2x", "-2x=y"), ("5x - 7y + 11z + 4 = 0", "5x-7y+11z=-4"),
        ("5x - 7y + 11z + 4 = 0", "-5x+7y-11z-4=0"), ("5x - 7y + 11z + 4 = 0", "10x-14y+22z+8=0"), ("x^2+y^2=1", "y^2+x^2=1"), ("x^2+y^2=1", "x^2+y^2=2"), ("a=b=3", "3"), ("f(x)=2x", "2x"), ("f(x) = 2x", "f(x) = x+x"), ("x+2=7", "x=5"),
        ("2x + 3y = 6", "y = 2 - \\frac{2}{3}x"), ("3 = x", "3"),
    ],
    "extraction": [
        ("18", "She pays 3 + 15 = 18 dollars."), ("18", "#### 18"), ("72", "It is 72..."), ("-3", "So x = -3 and we are done."), ("1,234", "The total is 1,234."), ("0.5", "That makes 0.5 of it."), ("7", "No number here."),
        ("4", "First $\\boxed{3}$, no wait, $\\boxed{4}$."), ("3", "First $\\boxed{3}$, then something much longer follows here and in the end it is $\\boxed{4}$."), ("1,2", "The solutions are $\\boxed{1}$ and $\\boxed{2}$."),
        ("1,2", "The solutions are $1$ and $2$."), ("1,2", "$x=1$ or $x=2$"), ("\\frac{1}{2}", "The answer is 1/2."), ("\\frac{1}{2}", "Answer: \\frac{1}{2}"), ("12", "Answer: 12 apples."), ("12", "The answer is 3*4."), ("12", "answer = 12"),
        ("5", "The final answer is 5."), ("5", "Final answer: 5"), ("5", "The final answer to your question is $5$"), ("50\\%", "The final answer is $50$\\%."), ("100", "It costs $100."), ("3", "\\boxed{3"), ("3", "\\fbox{3}"), ("1/2", "\\boxed{\\frac12} and that is all."),
    ],
}


def judged(gold, reply):
    expected, given = parse("$%s$" % gold), parse(reply)
    return verify(expected, given)


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 2026
    draw = random.Random(seed)
    answers = [json.loads(line)["answer"] for line in open(sys.argv[1])]
    pairs = []
    for answer in answers:
        pairs.append(("form", answer, draw.choice(FORMS).format(answer)))
        pairs.append(("rewritten", answer, draw.choice(FORMS[:3]).format(rewritten(answer, draw))))
        pairs.append(("wrong", answer, draw.choice(FORMS).format(wrong(answer, answers, draw))))
    for kind, cases in BY_HAND.items() if seed == 2026 else ():
        for gold, reply in cases:
            pairs.append((kind, gold, reply if kind == "extraction" else "$%s$" % reply))
            if kind != "extraction":
                pairs.append((kind, gold, "Thus the answer is \\boxed{%s}." % reply))
    for kind, gold, reply in pairs:
        try:
            print(json.dumps({"kind": kind, "gold": gold, "reply": reply, "equal": judged(gold, reply)}))
        except Exception as error:
            print(kind, gold, reply, error, file=sys.stderr)


if __name__ == "__main__":
    main()
