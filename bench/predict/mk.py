"""Makes the peer's model, m.pkl, and one body for it, one.json, in the current directory."""
import json
import pickle

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

r = np.random.default_rng(0)
X = r.normal(size=(20000, 28))
y = (X[:, 0] + X[:, 1] * X[:, 2] + r.normal(size=20000) > 0.8).astype(int)
m = HistGradientBoostingClassifier(max_iter=200).fit(X, y)
with open("m.pkl", "wb") as f:
    pickle.dump(m, f)
cols = [f"c{i}" for i in range(28)]
with open("one.json", "w") as f:
    json.dump({"features": dict(zip(cols, X[0].round(3)))}, f)
