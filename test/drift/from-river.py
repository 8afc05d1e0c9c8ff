# Makes river.json: where River's detectors fire on given streams, and scipy's test behind its KSWIN.
# pip install river==0.26.1 && python test/drift/from-river.py > test/drift/river.json
# Streams are made by a linear congruential generator, so that the test can make the same numbers and the file stays small.
import json
import warnings

from river import drift
from scipy import stats

warnings.simplefilter("ignore")


def lcg(seed):
    x = seed
    while True:
        x = (x * 1103515245 + 12345) % 2147483648
        yield x / 2147483648


def bernoulli(seed, parts):
    u = lcg(seed)
    return [1.0 if next(u) < p else 0.0 for n, p in parts for _ in range(n)]


def uniform(seed, parts):
    u = lcg(seed)
    return [low + (high - low) * next(u) for n, low, high in parts for _ in range(n)]


streams = {
    "steady": {"seed": 1, "bernoulli": [[4000, 0.2]]},
    "sudden": {"seed": 2, "bernoulli": [[1000, 0.2], [1000, 0.5]]},
    "thrice": {"seed": 3, "bernoulli": [[700, 0.1], [700, 0.4], [700, 0.1], [700, 0.6]]},
    "small": {"seed": 4, "bernoulli": [[3000, 0.05], [3000, 0.1]]},
    "better": {"seed": 5, "bernoulli": [[1500, 0.6], [1500, 0.2]]},
    "numbers": {"seed": 6, "uniform": [[1000, 0, 1], [1000, 0.5, 1.5], [1000, 4, 8]]},
    "spread": {"seed": 7, "uniform": [[1000, 0, 1], [1000, -1, 2]]},
    "tens": {"seed": 8, "uniform": [[1500, 0, 10], [1500, 8, 12]]},
}
make = lambda s: bernoulli(s["seed"], s["bernoulli"]) if "bernoulli" in s else uniform(s["seed"], s["uniform"])


def fires(detector, stream):
    at = []
    for i, x in enumerate(stream):
        detector.update(x)
        if detector.drift_detected:
            at.append(i)
    return at


def warns(detector, stream):
    at = []
    for i, x in enumerate(stream):
        detector.update(x)
        if detector.warning_detected:
            at.append(i)
    return at


out = {"streams": streams, "adwin": [], "pageHinkley": [], "ddm": [], "kswin": [], "ks": []}
for name, s in streams.items():
    values = make(s)
    for o in ({}, {"delta": 0.05, "clock": 1}, {"delta": 1e-5, "clock": 8, "max_buckets": 3}):
        d = drift.ADWIN(**o)
        row = {"stream": name, "options": o, "fires": fires(d, values), "width": d.width, "mean": d.estimation, "variance": d.variance}
        out["adwin"].append(row)
    for o in ({}, {"threshold": 10, "delta": 0.05}, {"threshold": 15, "mode": "both", "alpha": 0.99}):
        out["pageHinkley"].append({"stream": name, "options": o, "fires": fires(drift.PageHinkley(**o), values)})
    if "bernoulli" in s:
        for o in ({}, {"drift_threshold": 4, "warning_threshold": 3}):
            out["ddm"].append(
                {"stream": name, "options": o, "fires": fires(drift.binary.DDM(**o), values), "warns": len(warns(drift.binary.DDM(**o), values))}
            )
    if "uniform" in s:
        out["kswin"].append({"stream": name, "alpha": 0.0001, "fires": fires(drift.KSWIN(alpha=0.0001, seed=1), values)})
for seed, n in ((11, 30), (12, 30), (13, 30), (14, 10), (15, 50), (16, 30)):
    u = lcg(seed)
    a = [next(u) for _ in range(n)]
    b = [next(u) * (1 + (seed - 10) / 4) for _ in range(n)]
    st, p = stats.ks_2samp(a, b, method="auto")
    out["ks"].append({"seed": seed, "n": n, "statistic": st, "p": p})
print(json.dumps(out, separators=(",", ":")))
