"""Makes fastapi.json: what FastAPI itself answers to bad bodies of the flat call.

    .tools/venv/bin/python predict/testdata/fastapi_golden.py > predict/testdata/fastapi.json

fastapi 0.165.0, pydantic 2.14.3, Python 3.11. The model is a small one with each kind of
feature that the flat call knows; predict_test.go builds the same from a project of its own.
"""
import json
import sys
from typing import Annotated, Optional

import fastapi
import pydantic
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field


class Features(BaseModel):
    Low: float = Field(ge=-50, le=60)
    High: float = Field(ge=0, le=1100)
    Share: Optional[float] = Field(default=None, ge=0, le=0.5)
    Flag: int = Field(ge=0, le=1)
    Month: int = Field(ge=1, le=12)


app = FastAPI()


@app.post("/predict/")
def predict(features: Annotated[Features, Body(embed=True)]):
    return features.model_dump()


good = {"Low": 1.5, "High": 1000, "Share": 0.25, "Flag": 1, "Month": 6}


def change(**kw):
    return json.dumps({"features": {**good, **kw}})


def without(*names):
    return json.dumps({"features": {k: v for k, v in good.items() if k not in names}})


bodies = {
    "good": change(),
    "good optional null": change(Share=None),
    "good optional absent": without("Share"),
    "good text numbers": change(Low="12.5", High=" 7 ", Flag="1", Month="6.0"),
    "good bool": change(Low=True, Flag=False),
    "good integral float": change(Month=6.0),
    "good unknown keys": json.dumps({"features": {**good, "Extra": {"a": [1, 2]}}, "other": 1}),
    "good duplicate key": '{"features": {"Low": "x", "High": 1, "Flag": 1, "Month": 2, "Low": 3}}',
    "good escaped key": '{"features": {"L\\u006fw": 3, "High": 1, "Flag": 1, "Month": 2}}',
    "good bounds": change(Low=-50, High=1100, Share=0.5, Flag=0, Month=12),
    "good exponent": '{"features": {"Low": 1.25e1, "High": 1E+2, "Flag": 1, "Month": 2}}',
    "missing one": without("Low"),
    "missing all": '{"features": {}}',
    "null": change(Low=None, Month=None),
    "low": change(Low=-51, High=-0.5),
    "high": change(Low=60.5, Share=0.75, Month=13),
    "flag": change(Flag=2),
    "fraction": change(Month=6.5, Flag=0.5),
    "text": change(Low="warm", Month="June"),
    "text fraction": change(Month="6.5"),
    "text exponent": change(Low="1e1", Month="1e1"),
    "empty text": change(Low="", Month=""),
    "text out of bounds": change(Low="-51"),
    "list": change(Low=[1], Month=[1]),
    "object": change(Low={"a": 1}, Month={"a": 1}),
    "several kinds": change(Low="x", High=None, Share=2, Flag=7, Month=1.5),
    "no features": "{}",
    "other key": '{"feature": {}}',
    "features null": '{"features": null}',
    "features list": '{"features": [1, 2]}',
    "features text": '{"features": "x"}',
    "body list": "[1, 2]",
    "body number": "12",
    "body text": '"x"',
    "body null": "null",
    "empty": "",
    "not json": "hello",
    "truncated": '{"features": {"Low": 1.5, ',
    "truncated value": '{"features": {"Low": ',
    "unterminated": '{"features": {"Low',
    "no colon": '{"features" {"Low": 1}}',
    "no comma": '{"features": {"Low": 1 "High": 2}}',
    "trailing comma": '{"features": {"Low": 1,}}',
    "trailing comma list": '{"features": [1,]}',
    "extra data": '{"features": {}} x',
    "single quotes": "{'features': {}}",
    "leading zero": '{"features": {"Low": 01}}',
    "no fraction": '{"features": {"Low": 1.}}',
    "bare minus": '{"features": {"Low": -}}',
    "plus": '{"features": {"Low": +1}}',
    "control character": '{"features": {"Low": "a\nb"}}',
    "bad escape": '{"features": {"Low": "\\x"}}',
    "bad unicode escape": '{"features": {"Low": "\\u12g4"}}',
    "after umlaut": '{"ä": 1, x}',
    "bare word": '{"features": {"Low": nul}}',
}

client = TestClient(app)
out = []
for name, body in bodies.items():
    r = client.post("/predict/", content=body.encode(), headers={"Content-Type": "application/json"})
    out.append({"name": name, "body": body, "code": r.status_code, "answer": r.json()})
print(json.dumps({"fastapi": fastapi.__version__, "pydantic": pydantic.VERSION, "python": sys.version.split()[0], "cases": out},
                 indent=1, ensure_ascii=False))
