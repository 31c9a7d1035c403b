"""Makes golden.json: what NumPy, pandas and scikit-learn learn from a small table.

Run with NumPy 2, pandas 2 or 3 and scikit-learn 1.9: python golden.py > golden.json
The versions that were used stand in the file.
"""
import json

import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(7)
rows = 257
groups = rng.integers(1, 5, rows)
letters = np.array(["c", "a", "b"], dtype=object)[rng.integers(0, 3, rows)]
letters[rng.random(rows) < 0.2] = None
letters[groups == 4] = None

numbers = {
    "rounded": np.round(rng.normal(20, 5, rows), 1),
    "skewed": rng.exponential(1e-3, rows),
    "shifted": 1e6 + rng.random(rows),
    "constant": np.full(rows, 0.1),
}
for name in ("rounded", "skewed"):
    numbers[name][rng.random(rows) < 0.3] = np.nan

learnt = {}
for name, x in numbers.items():
    q1, q3 = np.nanpercentile(x, [25, 75])
    scaler = StandardScaler().fit(x[:, None])
    learnt[name] = {
        "lower": q1 - 1.5 * (q3 - q1),
        "upper": q3 + 1.5 * (q3 - q1),
        "median": SimpleImputer(strategy="median").fit(x[:, None]).statistics_[0],
        "mean": scaler.mean_[0],
        "deviation": scaler.scale_[0],
    }

frame = pd.DataFrame({"group": groups, "letter": letters})
modes = frame.groupby("group").letter.agg(lambda s: s.mode().iloc[0] if s.notna().any() else "")

json.dump(
    {
        "versions": {"numpy": np.__version__, "pandas": pd.__version__, "scikit-learn": sklearn.__version__},
        "numbers": {k: [None if np.isnan(v) else v for v in x.tolist()] for k, x in numbers.items()},
        "group": groups.tolist(),
        "letter": letters.tolist(),
        "learnt": learnt,
        "modes": {str(k): v for k, v in modes.items()},
    },
    open("/dev/stdout", "w"),
    indent=1,
)
