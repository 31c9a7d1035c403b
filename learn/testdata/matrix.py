"""Writes a matrix of real rows for the benchmarks: features, label (0, 1), part (0 trains, 1 tests), no header.

usage: matrix.py weatherAUS.csv > matrix.csv     then PLUVIA_MATRIX=matrix.csv go test -bench Real ./learn/...
       matrix.py --peers matrix.csv              what scikit-learn makes of it, one JSON line a learner
"""
import json, sys, time
import numpy as np, pandas as pd

if sys.argv[1] != "--peers":
    d = pd.read_csv(sys.argv[1])
    points = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
    day = pd.to_datetime(d.Date)
    x = d.select_dtypes("number").drop(columns=["RISK_MM"])
    for c in ["WindGustDir", "WindDir9am", "WindDir3pm"]:
        a = d[c].map({k: i * np.pi / 8 for i, k in enumerate(points)})
        x[c + "_sin"], x[c + "_cos"] = np.sin(a), np.cos(a)
    x["RainToday"] = (d.RainToday == "Yes").astype(float)
    x["Year"], x["Month"], x["Day"] = day.dt.year, day.dt.month, day.dt.day
    x["Location"], x["DayOfYear"] = d.Location.astype("category").cat.codes, day.dt.day_of_year
    train = day <= "2015-06-30"
    x = x.fillna(x[train].median())
    x = (x - x[train].mean()) / x[train].std(ddof=0)
    x["label"], x["part"] = (d.RainTomorrow == "Yes").astype(int), (~train).astype(int)
    x.to_csv(sys.stdout, header=False, index=False)
else:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.tree import DecisionTreeClassifier
    m = pd.read_csv(sys.argv[2], header=None).to_numpy()
    train = m[:, -1] == 0
    for name, c in {"Logistic": LogisticRegression(max_iter=1000), "Tree": DecisionTreeClassifier(max_depth=8, min_samples_leaf=20, random_state=0),
                    "Forest": RandomForestClassifier(60, n_jobs=2, random_state=0), "ForestLeaf5": RandomForestClassifier(60, min_samples_leaf=5, n_jobs=2, random_state=0)}.items():
        t = time.perf_counter(); c.fit(m[train, :-2], m[train, -2]); t = time.perf_counter() - t
        u = time.perf_counter(); p = c.predict_proba(m[~train, :-2])[:, 1]; u = time.perf_counter() - u
        print(json.dumps({"peer": name, "rows": int(train.sum()), "columns": m.shape[1] - 2, "fit_s": round(t, 3), "predict_ms": round(u * 1e3, 1), "auc": round(roc_auc_score(m[~train, -2], p), 4)}), flush=True)
