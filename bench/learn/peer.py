"""LightGBM at two threads on the matrix of bench/learn, at the command of main.go.

usage: peer.py CSV MATRIX    makes the matrix from the CSV, writes it to MATRIX, then for each line "TREES LEAVES RATE" on
standard input fits, predicts, and prints one line of JSON. The split is by day: to 2015-06-30 trains, after it tests.

MATRIX: the numbers of rows that train, rows that test, and columns as int64; then for train and test the columns, one
behind the other, as float64, and the labels as bytes. Missing values are NaN.
"""
import json
import sys
import time

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

DIRECTIONS = "N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW".split()

d = pd.read_csv(sys.argv[1])
y = (d.RainTomorrow == "Yes").to_numpy(np.uint8)
day = pd.to_datetime(d.Date)
X = d.select_dtypes("number").drop(columns=["RISK_MM"], errors="ignore").astype(np.float64)
for c in ["WindGustDir", "WindDir9am", "WindDir3pm"]:
    a = d[c].map({k: i * np.pi / 8 for i, k in enumerate(DIRECTIONS)})
    X[c + "_sin"], X[c + "_cos"] = np.sin(a), np.cos(a)
X["RainToday"] = d.RainToday.map({"Yes": 1.0, "No": 0.0})
of_year = 2 * np.pi * day.dt.day_of_year / 365.25
X["doy_sin"], X["doy_cos"] = np.sin(of_year), np.cos(of_year)
X["Location"] = d.Location.astype("category").cat.codes.astype(float)
X = X.to_numpy()
train = (day <= "2015-06-30").to_numpy()
Xa, ya, Xb, yb = X[train], y[train], X[~train], y[~train]

with open(sys.argv[2], "wb") as f:
    np.array([len(ya), len(yb), X.shape[1]], np.int64).tofile(f)
    for part, label in ((Xa, ya), (Xb, yb)):
        np.ascontiguousarray(part.T).tofile(f)
        label.tofile(f)
print(json.dumps({"ready": lgb.__version__}), flush=True)

for line in sys.stdin:
    trees, leaves, rate = line.split()
    params = dict(
        objective="binary", num_leaves=int(leaves), learning_rate=float(rate), min_data_in_leaf=20, num_threads=2, verbose=-1
    )
    t0 = time.perf_counter()
    m = lgb.train(params, lgb.Dataset(Xa, ya), int(trees))
    t1 = time.perf_counter()
    p = m.predict(Xb, num_threads=2)
    t2 = time.perf_counter()
    print(json.dumps({"fit_s": t1 - t0, "predict_s": t2 - t1, "auc": roc_auc_score(yb, p)}), flush=True)
