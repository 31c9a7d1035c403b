"""Print what mlflow.pyfunc makes of model folders on a CSV, as JSON, by folder. usage: predict.py CSV MODEL..."""
import json
import sys
import warnings

warnings.filterwarnings("ignore")
import mlflow.pyfunc
import pandas as pd

said = {}
for folder in sys.argv[2:]:
    model = mlflow.pyfunc.load_model(folder)
    data = pd.read_csv(sys.argv[1])
    for column in model.metadata.signature.inputs.inputs:
        if column.type.name == "double":
            data[column.name] = data[column.name].astype(float)
    example = model.metadata.load_input_example(folder)
    said[folder] = {"probabilities": list(model.predict(data)), "example": list(model.predict(example))}
print(json.dumps(said))
