"""Predict in Python with a model that Pluvia wrote: raw observations in, probability of the positive class out.

The folder beside this file has all that is needed, as data: recipe.json (the fitted preprocessing), model.lgb.txt (trees, as
LightGBM's text) or classifier.json (a logistic regression), MLmodel (threshold, target). Nothing is unpickled.

    model = pluvia_model.load("path/to/model")
    model.predict(pandas.DataFrame([{"day": "2026-11-23", "pump": "west", "heat": 88.5}]))

MLflow loads it as mlflow.pyfunc.load_model("models:/NAME@champion").
"""
import datetime
import json
import math
import os

import numpy as np


def load(folder):
    return Model(folder)


def _load_pyfunc(path):  # the name that mlflow.pyfunc calls
    return Model(path)


class Model:
    def __init__(self, folder):
        with open(os.path.join(folder, "recipe.json"), encoding="utf-8") as f:
            recipe = json.load(f)
        if recipe["version"] != 1:
            raise ValueError(f"recipe.json has format {recipe['version']}: this loader reads format 1")
        self.fields, self.steps = recipe["input"], recipe["steps"]
        text = os.path.join(folder, "model.lgb.txt")
        if os.path.exists(text):
            import lightgbm

            booster = lightgbm.Booster(model_file=text)
            self._answer = lambda x: booster.predict(x)
        else:
            with open(os.path.join(folder, "classifier.json"), encoding="utf-8") as f:
                classifier = json.load(f)
            weights, intercept = np.array(classifier["coefficients"]), classifier["intercept"]
            self._answer = lambda x: 1 / (1 + np.exp(-(x @ weights + intercept)))

    def predict(self, data, params=None):
        """The probability of each row of a DataFrame with a column for each field; one that is absent counts as missing."""
        return self._answer(self.features(data))

    def features(self, data):
        """What the recipe makes of raw observations: a matrix with a column for each feature."""
        table = _Table(len(data))
        for field in self.fields:
            values = data[field["name"]].tolist() if field["name"] in data else [None] * len(data)
            table.read(field, values)
        for step in self.steps:
            getattr(table, step["step"])(step)
        return np.column_stack(list(table.columns.values())) if table.columns else np.empty((len(data), 0))


class _Table:
    """Columns of numbers by name, in order: numbers as they are, categories as codes, dates as days since 1970, NaN for missing.
    A method for each step of a recipe."""

    def __init__(self, rows):
        self.rows, self.columns, self.categories = rows, {}, {}

    def read(self, field, values):
        name, kind = field["name"], field["type"]
        if kind == "category":
            self.categories[name] = field["categories"]
            codes = {value: float(code) for code, value in enumerate(field["categories"])}
            self.columns[name] = np.array([codes.get(v, math.nan) for v in values], float)
        elif kind == "date":
            self.columns[name] = np.array([_day(v) for v in values], float)
        else:
            self.columns[name] = np.array([math.nan if v is None else float(v) for v in values], float)

    def put(self, name, values):
        self.columns[name] = np.asarray(values, float)

    def gone(self, *names):
        for name in names:
            del self.columns[name]
            self.categories.pop(name, None)

    def by_code(self, name, values):
        """values[code] for each row, NaN where the category is missing."""
        codes = self.columns[name]
        known = ~np.isnan(codes)
        out = np.full(self.rows, math.nan)
        out[known] = np.asarray(values, float)[codes[known].astype(int)]
        return out

    def clip(self, s):
        for name, lower, upper in zip(s["columns"], s["lower"], s["upper"]):
            self.columns[name] = np.minimum(np.maximum(self.columns[name], lower), upper)

    def set_missing(self, s):
        for name in s["columns"]:
            self.columns[name] = np.where(np.isin(self.columns[name], s["values"]), math.nan, self.columns[name])

    def difference(self, s):
        self.put(s["column"], self.columns[s["of"]] - self.columns[s["minus"]])

    def date_parts(self, s):
        parts = [_civil(day) for day in self.columns[s["column"]]]
        if not s.get("keep"):
            self.gone(s["column"])
        for i, part in enumerate(("year", "month", "day")):
            if s.get(part):
                self.put(s[part], [p[i] for p in parts])

    def season(self, s):
        name = s["column"]
        angles = np.array([2 * math.pi * _day_of_year(day) / 365.25 for day in self.columns[name]], float)
        if not s.get("keep"):
            self.gone(name)
        self.put(s.get("sine") or name + "_sin", np.sin(angles))
        self.put(s.get("cosine") or name + "_cos", np.cos(angles))

    def indicator(self, s):
        for name in s["columns"]:
            code = self.categories.pop(name).index(s["value"])
            self.columns[name] = (self.columns[name] == code).astype(float)

    def lookup(self, s):
        name = s["column"]
        found = [self.by_code(name, [s["values"][c][k] for c in self.categories[name]]) for k in range(len(s["into"]))]
        if not s.get("keep"):
            self.gone(name)
        for into, values in zip(s["into"], found):
            self.put(into, values)

    def compass(self, s):
        waves = []
        for name in s["columns"]:
            points = s.get("points") or self.categories[name]
            angles = [math.radians(points.index(c) * 360 / len(points)) for c in self.categories[name]]
            waves.append((name, self.by_code(name, np.sin(angles)), self.by_code(name, np.cos(angles))))
        if not s.get("keep"):
            self.gone(*s["columns"])
        for name, sine, cosine in waves:
            self.put(name + "_sin", sine)
            self.put(name + "_cos", cosine)

    def one_hot(self, s):
        names = s.get("columns") or list(self.categories)
        made = [(f"{n}={c}", self.columns[n] == code) for n in names for code, c in enumerate(self.categories[n])]
        if not s.get("keep"):
            self.gone(*names)
        for name, values in made:
            self.put(name, values)

    def fill_mode(self, s):
        within = s.get("within") or []
        modes = {tuple(group): row for group, row in zip(s["groups"], s["modes"])}
        groups = list(zip(*(self.texts(name) for name in within))) if within else [()] * self.rows
        for k, name in enumerate(s["columns"]):
            codes = {c: float(i) for i, c in enumerate(self.categories[name])}
            column = self.columns[name].copy()
            for row in np.flatnonzero(np.isnan(column)):
                mode = modes.get(groups[row], [""] * len(s["columns"]))[k]
                column[row] = codes.get(mode, math.nan)
            self.columns[name] = column

    def texts(self, name):
        categories = self.categories.get(name)
        if categories:
            return [None if math.isnan(v) else categories[int(v)] for v in self.columns[name]]
        return [None if math.isnan(v) else repr(int(v)) if v == int(v) else repr(v) for v in self.columns[name].tolist()]

    def fill_median(self, s):
        for name, median in zip(s["columns"], s["median"]):
            self.columns[name] = np.where(np.isnan(self.columns[name]), median, self.columns[name])

    def standardise(self, s):
        for name, mean, deviation in zip(s["columns"], s["mean"], s["deviation"]):
            self.columns[name] = (self.columns[name] - mean) / (deviation or 1)

    def drop(self, s):
        self.gone(*s["columns"])

    def select(self, s):
        self.columns = {name: self.columns[name] for name in s["columns"]}
        self.categories = {name: c for name, c in self.categories.items() if name in self.columns}


_EPOCH = datetime.date(1970, 1, 1)


def _day(value):
    """Days since 1970 of a date, a timestamp, or a text that begins with YYYY-MM-DD; NaN of None and NaT."""
    if value is None or value != value:
        return math.nan
    if isinstance(value, str):
        value = datetime.date.fromisoformat(value[:10])
    if isinstance(value, datetime.datetime):
        value = value.date()
    return float((value - _EPOCH).days)


def _civil(day):
    if math.isnan(day):
        return (math.nan,) * 3
    date = _EPOCH + datetime.timedelta(days=int(day))
    return date.year, date.month, date.day


def _day_of_year(day):
    return math.nan if math.isnan(day) else (_EPOCH + datetime.timedelta(days=int(day))).timetuple().tm_yday
