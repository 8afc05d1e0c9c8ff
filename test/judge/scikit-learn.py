"""Scores of random predictions by scikit-learn and SciPy, to hold ours against.

    python3 -m venv venv && venv/bin/pip install scikit-learn==1.9.1
    venv/bin/python test/judge/scikit-learn.py > test/judge/scikit-learn.json
    npx biome format --write test/judge/scikit-learn.json

Probabilities are whole 1024ths, so that they are the same numbers everywhere and sum to exactly 1.
"""
import collections
import json
import warnings

import numpy as np
import scipy.stats
import sklearn
from sklearn import metrics

warnings.simplefilter('ignore')
rng = np.random.default_rng(1)


def guesses(truth):
    """The last label and the most frequent one before each example, the lower on ties; -1 before there is any."""
    last, most, counts = [], [], collections.Counter()
    for i, y in enumerate(truth):
        last.append(int(truth[i - 1]) if i else -1)
        most.append(min(counts, key=lambda c: (-counts[c], c)) if counts else -1)
        counts[int(y)] += 1
    return last, most


def ece(truth, chosen, confidence, bins=15):
    """Guo et al. (2017), equations 1 to 3, bins closed on the right."""
    error = 0.0
    for m in range(bins):
        inside = (confidence > m / bins) & (confidence <= (m + 1) / bins)
        if inside.any():
            error += inside.mean() * abs((truth[inside] == chosen[inside]).mean() - confidence[inside].mean())
    return error


cases = []
for C, n in [(2, 12), (2, 40), (3, 30), (4, 50), (5, 40), (6, 60), (3, 8), (4, 5)]:
    truth = rng.choice(C, n, p=rng.dirichlet(np.ones(C)))
    favour = 0.3 + 3 * rng.random() * np.eye(C)[truth]
    counts = np.array([1 + rng.multinomial(1024 - C, rng.dirichlet(a)) for a in favour])
    p = counts / 1024
    chosen = p.argmax(axis=1)
    labels = np.arange(C)
    occurred = np.unique(truth)
    precision, recall, _, support = metrics.precision_recall_fscore_support(truth, chosen, labels=labels, zero_division=np.nan)
    recalls = recall[occurred]
    last, most = guesses(truth)
    cases.append({
        'classes': C,
        'truth': truth.tolist(),
        'chosen': chosen.tolist(),
        'p1024': counts.ravel().tolist(),
        'confusion': metrics.confusion_matrix(truth, chosen, labels=labels).ravel().tolist(),
        'accuracy': metrics.accuracy_score(truth, chosen),
        'kappa': metrics.cohen_kappa_score(truth, chosen),
        'gMean': float(np.prod(recalls) ** (1 / len(recalls))),
        'balancedAccuracy': metrics.balanced_accuracy_score(truth, chosen),
        'recallMacroOfUnion': metrics.recall_score(truth, chosen, average='macro'),
        'f1MacroOfUnion': metrics.f1_score(truth, chosen, average='macro'),
        'f1MacroOfOccurred': metrics.f1_score(truth, chosen, average='macro', labels=occurred),
        'union': len(np.union1d(truth, chosen)),
        'logLoss': metrics.log_loss(truth, p, labels=labels),
        'brier': metrics.brier_score_loss(truth, p, labels=labels, scale_by_half=False) if C > 2
        else metrics.brier_score_loss(truth, p[:, 1], scale_by_half=False),
        'ece': float(ece(truth, chosen, p.max(axis=1))),
        'recall': [None if np.isnan(x) else x for x in recall],
        'precision': [None if np.isnan(x) else x for x in precision],
        'support': support.tolist(),
        'noChange': metrics.accuracy_score(truth, last),
        'noChangeKappa': metrics.cohen_kappa_score(truth, last),
        'majority': metrics.accuracy_score(truth, most),
        'majorityKappa': metrics.cohen_kappa_score(truth, most)
    })

wilson = []
for k, n in [(0, 1), (1, 1), (0, 20), (1, 29), (15, 148), (81, 263), (6, 32), (50, 100), (997, 1000), (20, 20)]:
    interval = scipy.stats.binomtest(k, n).proportion_ci(0.95, method='wilson')
    wilson.append([k, n, interval.low, interval.high])

print(json.dumps({'scikitLearn': sklearn.__version__, 'scipy': scipy.__version__, 'cases': cases, 'wilson': wilson}))
