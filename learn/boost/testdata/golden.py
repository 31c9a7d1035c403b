"""Writes lightgbm.json: what LightGBM reaches on data that golden_test.go makes again from the same integers.

usage: python golden.py > lightgbm.json
"""
import json
import math

import lightgbm as lgb
import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

ROWS, TRAIN = 6000, 4000
MASK = (1 << 64) - 1


def uniform(state):
    """splitmix64 as a number from 0 to 1"""
    z = (state * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return ((z ^ (z >> 31)) >> 11) / (1 << 53)


X, y = np.empty((ROWS, 6)), np.empty(ROWS, bool)
for i in range(ROWS):
    u = [uniform(i * 8 + k + 1) for k in range(8)]
    a, b, c, d = u[0] * 4 - 2, math.floor(u[1] * 12), u[2] * u[2], math.floor(u[3] * 20)
    z = a + (1 if b > 7 else -1) * a * a / 2 + (c - 0.3) * 3 + ((d * 7) % 20 - 9.5) / 5
    X[i] = [a, b, c, d, u[4], u[5]]
    if u[6] < 0.15:
        X[i, 0] = math.nan
        z += 1
    y[i] = u[7] < 1 / (1 + math.exp(-z))

out = {"lightgbm": lgb.__version__, "made": [list(X[k]) for k in (1, 2)], "results": {}}
for name, categories in (("numbers", []), ("categories", [3])):
    params = dict(objective="binary", num_leaves=31, learning_rate=0.1, min_data_in_leaf=20, num_threads=1, verbose=-1)
    m = lgb.train(params, lgb.Dataset(X[:TRAIN], y[:TRAIN], categorical_feature=categories), 100)
    p = m.predict(X[TRAIN:])
    out["results"][name] = {"auc": roc_auc_score(y[TRAIN:], p), "log_loss": log_loss(y[TRAIN:], p)}
out["made"] = [[None if math.isnan(v) else v for v in row] for row in out["made"]]
print(json.dumps(out, indent=1))
