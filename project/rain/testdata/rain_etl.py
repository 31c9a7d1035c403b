"""Makes the figures of rain_etl.json again: the ETL of the original in pandas, scikit-learn
and NumPy, and the figures that TestClassicIsTheOriginal holds the recipe to.

    python project/rain/testdata/rain_etl.py weatherAUS.csv

pandas 3.1.1 and scikit-learn 1.9.1 make the same; it prints what differs from
the file. What the original itself has published stands there as it was.
"""
import hashlib, json, math, pathlib, sys
import numpy as np, pandas as pd
from sklearn.preprocessing import StandardScaler

here = pathlib.Path(__file__).parent
winds = ["WindGustDir", "WindDir9am", "WindDir3pm"]
points = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
stations = pd.read_csv(here.parent / "stations.csv", index_col="station")


def missing():
    return {c: int(d[c].isna().sum()) for c in ["Location"] + winds}


def mode(directions):
    modes = directions.mode()  # sorted, so that of equals the first in the alphabet is taken
    return modes.iloc[0] if len(modes) else np.nan


d = pd.read_csv(sys.argv[1])
figures = {"source_rows": len(d), "outlier_bounds_1.5_iqr": {}}
for c in d.select_dtypes("number").columns.drop("RISK_MM"):
    low, high = d[c].quantile(.25), d[c].quantile(.75)
    lower, upper = low - 1.5 * (high - low), high + 1.5 * (high - low)
    if c == "Rainfall":
        upper = 40.0
    figures["outlier_bounds_1.5_iqr"][c] = {"lower": lower, "upper": upper, "n_below": int((d[c] < lower).sum()), "n_above": int((d[c] > upper).sum())}
    d[c] = d[c].clip(lower, upper)

d = d.dropna(subset="RainTomorrow").drop(columns="RISK_MM")
d[["Cloud9am", "Cloud3pm"]] = d[["Cloud9am", "Cloud3pm"]].replace(9, np.nan)
day = pd.to_datetime(d.pop("Date"))
d["RainToday"], d["RainTomorrow"] = (d.RainToday == "Yes").astype(float), (d.pop("RainTomorrow") == "Yes").astype(float)
d["Year"], d["Month"], d["Day"] = day.dt.year, day.dt.month, day.dt.day

figures["missing_wind_directions_before"] = missing()
for c in winds:
    d[c] = d[c].fillna(d.groupby(["Month", "Location"])[c].transform(mode))
figures["missing_wind_directions_after_month_location_mode"] = missing()
by_month = d.groupby("Month")["WindGustDir"].agg(mode)
d["WindGustDir"] = d["WindGustDir"].fillna(d["Month"].map(by_month))
figures["missing_wind_directions_after_month_mode"] = missing()
figures["month_mode_WindGustDir"] = {str(month): point for month, point in by_month.items()}

place = d.pop("Location")
d["Latitude"], d["Longitude"] = place.map(stations["latitude"]), place.map(stations["longitude"])
for c in winds:
    angle = d.pop(c).map({point: 22.5 * i for i, point in enumerate(points)})
    d[c + "_sin"], d[c + "_cos"] = angle.map(lambda a: math.sin(math.radians(a))), angle.map(lambda a: math.cos(math.radians(a)))

figures["medians"] = d.drop(columns=["RainToday", "RainTomorrow", "Year", "Month", "Day"]).median().to_dict()
d = d.fillna(figures["medians"])
figures["columns_after_transform"] = list(d.columns)
y, x = d["RainTomorrow"], d.drop(columns="RainTomorrow")
figures["feature_order"] = list(x.columns)

order = np.random.RandomState(1234).permutation(len(x))
n = math.ceil(.25 * len(x))
test, train = order[:n], order[n:]
figures["split"] = {"n_train": len(train), "n_test": len(test)}
for name, rows in ("train", train), ("test", test):
    figures["split"] |= {
        f"first_10_{name}": rows[:10].tolist(), f"sha256_{name}_int64_little_endian": hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest(),
        f"{name}_positive": int(y.iloc[rows].sum())}
scaler = StandardScaler().fit(x.iloc[train])
figures["standard_scaler_mean"], figures["standard_scaler_std"] = dict(zip(x, scaler.mean_)), dict(zip(x, scaler.scale_))
figures["first_3_rows_before_scaling"] = x.iloc[:3].astype(float).to_dict("records")


def compare(at, now, then):
    if isinstance(now, dict):
        return sum(compare(f"{at}.{k}", v, then[k]) for k, v in now.items())
    if isinstance(now, list):
        return abs(len(now) - len(then)) + sum(compare(f"{at}[{i}]", a, b) for i, (a, b) in enumerate(zip(now, then)))
    # The order of the sum in a mean, and the last place of a sine, depend on the library.
    near = {"scaler": 1e-9, "_sin": 1e-15, "_cos": 1e-15}
    if now == then or any(part in at and abs(now - then) <= most for part, most in near.items()):
        return 0
    print(f"{at} is {now}, the file has {then}")
    return 1


differ = compare("", figures, json.loads((here / "rain_etl.json").read_text()))
print(differ, "figures differ")
sys.exit(differ > 0)
