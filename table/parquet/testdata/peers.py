"""Makes polars.parquet and pandas.parquet, which TestPeers reads.

    python table/parquet/testdata/peers.py

With a file as argument it reads that, as Write has made it, with both peers
and prints the columns: PLUVIA_PARQUET=ours.parquet go test -run TestPeers ./table/parquet
"""
import datetime, pathlib, sys
import pandas as pd, polars as pl, pyarrow

here = pathlib.Path(__file__).parent
if len(sys.argv) > 1:
    a, b = pl.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[1])
    print(a.schema, a.null_count().row(0), a.row(0), a.height)
    assert b["shop"].isna().sum() == a["shop"].null_count() and b["sales"].sum() == a["sales"].sum()
    print(b.dtypes.to_dict())
    sys.exit()

day = [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), datetime.date(2020, 1, 3)]
data = {"other": [True, False, True], "staff": [1, 2, 3], "shop": ["north", None, "Zürich"], "day": day, "sales": [1.5, float("nan"), 0.1]}
pl.DataFrame(data).write_parquet(here / "polars.parquet")
frame = pd.DataFrame(data)
frame["staff"] = frame["staff"].astype("int32")
frame["shop"] = frame["shop"].astype("category")
frame["day"] = pd.to_datetime(frame["day"])
frame["sales"] = frame["sales"].astype("float32")
frame.to_parquet(here / "pandas.parquet")
print("polars", pl.__version__, "pandas", pd.__version__, "pyarrow", pyarrow.__version__)
