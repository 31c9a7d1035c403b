"""The classic ETL in polars, from CSV to two standardised Parquet files; four of the 28 columns are left out, in the peer's favour.

usage: peer.py CSV     does it once for each line on standard input, and prints the seconds that it took
"""
import os, sys, tempfile, time
import numpy as np, polars as pl

f = sys.argv[1]
OUT = tempfile.mkdtemp()
DIR = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]


def etl():
    d = pl.read_csv(f, null_values="NA", infer_schema_length=None).drop("RISK_MM").with_columns(pl.col("Date").str.to_date())
    num = [c for c, t in d.schema.items() if t in (pl.Float64, pl.Int64)]
    d = d.with_columns([pl.col(c).cast(pl.Float64) for c in num]).with_columns(Month=pl.col("Date").dt.month())
    for c in num:
        q1, q3 = d[c].quantile(.25, "linear"), d[c].quantile(.75, "linear")
        d = d.with_columns(pl.when(pl.col(c).is_between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))).then(pl.col(c)).otherwise(None).alias(c))
    for c in ["WindGustDir", "WindDir9am", "WindDir3pm", "RainToday"]:
        d = d.with_columns(pl.col(c).fill_null(pl.col(c).drop_nulls().mode().first().over("Month", "Location"))).with_columns(pl.col(c).fill_null(pl.col(c).drop_nulls().mode().first().over("Month")))
    d = d.with_columns([pl.col(c).fill_null(pl.col(c).median()) for c in num])
    for c in ["WindGustDir", "WindDir9am", "WindDir3pm"]:
        a = pl.col(c).replace_strict(DIR, [i * np.pi / 8 for i in range(16)], default=None)
        d = d.with_columns(a.sin().alias(c + "_sin"), a.cos().alias(c + "_cos"))
    d = d.with_columns((pl.col("RainToday") == "Yes").cast(pl.Float64), (pl.col("RainTomorrow") == "Yes").cast(pl.Int8)).drop("WindGustDir", "WindDir9am", "WindDir3pm", "Location", "Date")
    p = np.random.RandomState(1234).permutation(len(d))
    k = -(-len(d) // 4)
    te, tr = d[p[:k]], d[p[k:]]
    fs = [c for c in d.columns if c != "RainTomorrow"]
    m = {c: (tr[c].mean(), tr[c].std(ddof=0)) for c in fs}
    sc = [((pl.col(c) - m[c][0]) / m[c][1]).alias(c) for c in fs]
    tr.with_columns(sc).write_parquet(OUT + "/train.parquet")
    te.with_columns(sc).write_parquet(OUT + "/test.parquet")


print(pl.__version__, flush=True)
for _ in sys.stdin:
    t = time.perf_counter()
    etl()
    print(time.perf_counter() - t, flush=True)
