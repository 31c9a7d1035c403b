"""Writes golden.json: what scikit-learn and NumPy say of the same numbers.

usage: golden.py > golden.json     (scikit-learn 1.9.1, NumPy as the file names it)
"""
import json, hashlib
import numpy as np, sklearn
from sklearn import metrics as m
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

rng = np.random.default_rng(7)

def ece(y, p, bins=15):
    b = np.minimum((p * bins).astype(int), bins - 1)
    return sum(abs(y[b == k].mean() - p[b == k].mean()) * (b == k).mean() for k in range(bins) if (b == k).any())

def judged(name, y, p, t):
    said = p >= t
    nan = lambda ok, v: float(v) if ok else None
    both = y.any() and not y.all()
    return {"name": name, "y": y.astype(int).tolist(), "p": p.tolist(), "threshold": t, "scores": {
        "accuracy": m.accuracy_score(y, said),
        "precision": nan(said.any(), m.precision_score(y, said, zero_division=0)),
        "recall": nan(y.any(), m.recall_score(y, said, zero_division=0)),
        "f1": nan(y.any() or said.any(), m.f1_score(y, said, zero_division=0)),
        "roc_auc": nan(both, m.roc_auc_score(y, p) if both else 0),
        "average_precision": nan(y.any(), m.average_precision_score(y, p) if y.any() else 0),
        "log_loss": m.log_loss(y, p, labels=[False, True]),
        "brier": float(np.mean((y - p) ** 2)),
        "ece": float(ece(y, p))},
        "confusion": m.confusion_matrix(y, said, labels=[False, True]).ravel().tolist()}

def case(name, n, round_to, t):
    y = rng.random(n) < .3
    p = 1 / (1 + np.exp(-(rng.normal(0, 1, n) + 1.5 * y - 1)))
    return judged(name, y, np.round(p, round_to), t)

cases = [case("distinct", 120, 12, .5), case("ties", 150, 1, .4), case("many ties", 90, 0, .5), case("nothing said", 40, 3, 1.1)]
y = rng.random(60) < .5
cases += [judged("certain", y, np.where(rng.random(60) < .9, y, ~y).astype(float), .5),
          judged("all negative", np.zeros(20, bool), np.round(rng.random(20), 2), .5),
          judged("all positive", np.ones(20, bool), np.round(rng.random(20), 2), .5),
          judged("constant", rng.random(30) < .4, np.full(30, .25), .5)]

folds = []
for n, k, share in [(50, 5, .3), (37, 4, .5), (23, 3, .2), (101, 10, .15)]:
    y = rng.random(n) < share
    folds.append({"k": k, "y": y.astype(int).tolist(), "test": [b.tolist() for _, b in StratifiedKFold(k).split(np.zeros(n), y)]})

n = 240
X = np.round(rng.normal(0, 1, (n, 4)) * [1, 8, 20, .5] * 8) / 8 + [0, 100, 1000, 0]
y = (X[:, 0] + (X[:, 1] - 100) / 8 + np.sin(X[:, 2] / 9) + rng.normal(0, 1, n)) > .5
linear = []
for c in [.01, 1, 100]:
    f = LogisticRegression(C=c, tol=1e-10, max_iter=10000, solver="newton-cholesky").fit(X, y)
    linear.append({"C": c, "coefficients": f.coef_[0].tolist(), "intercept": float(f.intercept_[0])})

H = X.copy(); H[rng.random(X.shape) < .15] = np.nan
trees = []
for params, data in [(dict(max_depth=2), "x"), (dict(max_depth=5, min_samples_leaf=20), "x"), (dict(max_leaf_nodes=9, min_samples_leaf=12), "x"),
                     (dict(max_depth=3, min_samples_leaf=5), "holes"), (dict(max_leaf_nodes=8, min_samples_leaf=8), "holes")]:
    Z = X if data == "x" else H
    # scikit-learn breaks ties at random: only trees without a tie can be compared
    fits = [DecisionTreeClassifier(random_state=seed, **params).fit(Z, y) for seed in range(30)]
    f = fits[0]
    assert all(np.array_equal(g.tree_.feature, f.tree_.feature) for g in fits), params
    trees.append({"params": params, "data": data, "leaves": int(f.get_n_leaves()), "p": f.predict_proba(Z)[:, 1].tolist(), "importance": f.feature_importances_.tolist()})

permutations = []
for seed, size in [(0, 10), (1234, 1000), (42, 65537), (2**32 - 1, 257), (5, 1), (5, 0)]:
    p = np.random.RandomState(seed).permutation(size).astype("<i8")
    permutations.append({"seed": seed, "n": size, "first": p[:5].tolist(), "sha256": hashlib.sha256(p.tobytes()).hexdigest()})

draws = np.round(rng.normal(0, 1, 41), 6)
rows = lambda a: [[None if np.isnan(v) else v for v in r] for r in a.tolist()]
print(json.dumps({"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "metrics": cases, "folds": folds,
                  "x": rows(X), "holes": rows(H), "y": y.astype(int).tolist(), "logistic": linear, "trees": trees, "permutations": permutations,
                  "percentiles": {"of": sorted(draws.tolist()), "q": [0, 2.5, 50, 97.5, 100], "are": np.percentile(draws, [0, 2.5, 50, 97.5, 100]).tolist()}}))
