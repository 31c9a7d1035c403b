"""Makes quantile.json: quantiles and medians as NumPy 2.4 and pandas give them.

    python table/testdata/quantile.py > table/testdata/quantile.json
"""
import json, sys
import numpy as np, pandas as pd

rng = np.random.default_rng(1)
cases = []
for n in [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 100, 1001]:
    for values in (rng.normal(size=n) * 37, np.round(rng.normal(size=n) * 9, 1), np.exp(rng.normal(size=n) * 20)):
        values = np.sort(values)
        qs = [0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.999, 1]
        quantiles = [float(np.quantile(values, q)) for q in qs]
        assert quantiles == [float(pd.Series(values).quantile(q)) for q in qs]
        median = float(np.median(values))
        assert median == float(pd.Series(values).median())
        cases.append({"values": values.tolist(), "q": qs, "quantiles": quantiles, "median": median})
json.dump({"numpy": np.__version__, "pandas": pd.__version__, "cases": cases}, sys.stdout)
