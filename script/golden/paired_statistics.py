"""Holm, Wilson, clustered errors and bootstrap, ratio of perplexities, power: golden cases of StatisticsGoldenTest.

    pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    python script/golden/paired_statistics.py oracles/statistics

Every expected value comes from statsmodels or scipy, or where they have none from numpy code written for this file that
follows the definition, not our Java code. The inputs are drawn here.
"""

import importlib.metadata
import json
import math
import sys

import numpy as np
import scipy.stats
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

folder = sys.argv[1]
draw = np.random.default_rng(20261121)
versions = {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": importlib.metadata.version("statsmodels")}


def write(name, values):
    with open(f"{folder}/{name}.json", "w") as out:
        json.dump({"method": "statistics", "reference": versions, **values}, out, indent=1)
        out.write("\n")


# Holm
cases = []
for size in (1, 2, 5, 18, 126):
    p = draw.uniform(0, 1, size) ** 3
    if size > 4:
        p[1] = p[3]
        p[2] = 1.0
        p[4] = 0.0
    cases.append({"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()})
write("holm", {"tolerances": {"abs": 1e-12}, "cases": cases})

# Wilson
cases = []
for k, n in ((0, 10), (10, 10), (1, 3), (60, 100), (273, 300), (499, 1000), (1, 14042)):
    for confidence in (0.9, 0.95, 0.99):
        low, high = proportion_confint(k, n, alpha=1 - confidence, method="wilson")
        cases.append({"successes": k, "trials": n, "confidence": confidence, "low": low, "high": high})
write("wilson", {"tolerances": {"abs": 1e-12}, "cases": cases})

# One-sided exact McNemar: the binomial test of b among b + c
cases = []
for b, c in ((0, 0), (0, 3), (3, 0), (5, 0), (6, 1), (10, 3), (3, 10), (40, 25), (500, 430)):
    p = 1.0 if b + c == 0 else scipy.stats.binomtest(b, b + c, 0.5, alternative="greater").pvalue
    cases.append({"b": b, "c": c, "p_worse": p})
write("one_sided_mcnemar", {"tolerances": {"rel": 1e-9}, "cases": cases})


# The stream of java.util.SplittableRandom(seed).nextLong()
def split_mix(seed):
    mask = (1 << 64) - 1
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield z ^ (z >> 31)


cases = []
for clusters, size, share, seed in ((12, 1, 0.7, 5), (25, 4, 0.6, 1), (57, 9, 0.45, 99), (3, 40, 0.9, 7)):
    sizes = draw.integers(1, 2 * size, clusters) if size > 1 else np.ones(clusters, int)
    of_item = np.repeat(np.arange(clusters), sizes)
    draw.shuffle(of_item)
    level = draw.normal(0, 1, clusters)[of_item]
    first = (scipy.stats.norm.cdf(level + draw.normal(0, 1, of_item.size)) < share).astype(float)
    second = np.where(draw.uniform(size=of_item.size) < 0.12, 1 - first, first)
    second = np.where((draw.uniform(size=clusters) < 0.2)[of_item], 0, second)
    n = of_item.size
    # statsmodels: the standard error of the intercept alone, clustered, without small-sample corrections
    fit = sm.OLS(first, np.ones(n)).fit(cov_type="cluster", cov_kwds={"groups": of_item, "use_correction": False})
    change = second - first
    fit_change = sm.OLS(change, np.ones(n)).fit(cov_type="cluster", cov_kwds={"groups": of_item, "use_correction": False})
    sums = np.array([change[of_item == c].sum() for c in range(clusters)])
    b, c = int((change < 0).sum()), int((change > 0).sum())
    obuchowski = scipy.stats.norm.sf((b - c) / math.sqrt((sums**2).sum())) if sums.any() else 1.0
    stream = split_mix(seed)
    resamples = 400
    differences, ratios = [], []
    for _ in range(resamples):
        drawn = [int((next(stream) >> 11) * 2.0**-53 * clusters) for _ in range(clusters)]
        items = np.concatenate([np.flatnonzero(of_item == d) for d in drawn])
        differences.append(second[items].mean() - first[items].mean())
        ratios.append(second[items].mean() / first[items].mean() if first[items].any() else np.nan)
    cases.append(
        {
            "clusters": of_item.tolist(),
            "first": first.astype(int).tolist(),
            "second": second.astype(int).tolist(),
            "se_first": float(fit.bse[0]),
            "se_difference": float(fit_change.bse[0]),
            "obuchowski_worse": float(obuchowski),
            "seed": seed,
            "resamples": resamples,
            "difference": float(change.mean()),
            "ratio": float(second.mean() / first.mean()),
            "difference_ci90": np.quantile(differences, (0.05, 0.95)).tolist(),
            "difference_ci95": np.quantile(differences, (0.025, 0.975)).tolist(),
            "ratio_ci90": np.nanquantile(ratios, (0.05, 0.95)).tolist(),
        }
    )
write("clustered", {"tolerances": {"abs": 1e-12}, "cases": cases})

# ln of the ratio of two perplexities on the same parts
cases = []
for parts, lengths in ((8, (255, 256)), (62, (20, 900)), (300, (1, 2048))):
    tokens = draw.integers(*lengths, parts).astype(float)
    text = draw.normal(3.0, 0.8, parts)
    first = tokens * text
    second = tokens * (text + draw.normal(0.02, 0.03, parts))
    d = second - first

    def error(values):
        # Weighted least squares of the mean per token on a constant, with White's HC1 errors: the linearized ratio.
        fit = sm.WLS(values / tokens, np.ones(parts), weights=tokens).fit(cov_type="HC1")
        return float(fit.params[0]), float(fit.bse[0])

    ratio, paired = error(d)
    (_, one), (_, two) = error(first), error(second)
    r1 = first - first.sum() / tokens.sum() * tokens
    r2 = second - second.sum() / tokens.sum() * tokens
    cases.append(
        {
            "tokens": tokens.tolist(),
            "first": first.tolist(),
            "second": second.tolist(),
            "ratio": ratio,
            "standard_error": paired,
            "unpaired_error": math.hypot(one, two),
            "correlation": float((r1 * r2).sum() / math.sqrt((r1**2).sum() * (r2**2).sum())),
            "p_worse": float(scipy.stats.norm.sf(ratio / paired)),
            "ci95": [ratio - scipy.stats.norm.ppf(0.975) * paired, ratio + scipy.stats.norm.ppf(0.975) * paired],
        }
    )
write("perplexity_ratio", {"tolerances": {"rel": 1e-9}, "cases": cases})

# Smallest difference found with 80 % power at two-sided 5 %
z = scipy.stats.norm.ppf(0.975) + scipy.stats.norm.ppf(0.8)
cases = [{"flips": f, "items": n, "effect": float(z * math.sqrt(f / n))} for f in (0.0, 0.01, 0.05, 0.4) for n in (1, 164, 10042)]
write("power", {"tolerances": {"abs": 1e-12}, "cases": cases})
