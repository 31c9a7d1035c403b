package modelfile

import (
	_ "embed"
	"encoding/json"
	"strconv"

	"github.com/pluvia-ml/pluvia/table"
)

// loader is the Python module that MLflow calls; it reads the other files of
// the folder, as data.
//
//go:embed python/pluvia_model.py
var loader []byte

// pythonFunction is MLflow's flavour of that name.
type pythonFunction struct {
	Loader  string `yaml:"loader_module"`
	Code    string `yaml:"code"` // folder that is put on Python's path
	Version string `yaml:"python_version"`
	Env     struct {
		Virtualenv string `yaml:"virtualenv"`
	} `yaml:"env"`
}

const (
	pythonVersion    = "3.11" // the oldest that the loader is tested with
	codeFolder       = "code"
	loaderModule     = "pluvia_model"
	requirementsFile = "requirements.txt"
	environmentFile  = "python_env.yaml"
)

func newPythonFunction() *pythonFunction {
	f := &pythonFunction{Loader: loaderModule, Code: codeFolder, Version: pythonVersion}
	f.Env.Virtualenv = environmentFile
	return f
}

// pythonParts are the files by which Python predicts.
func pythonParts(trees bool) []part {
	requirements := "mlflow\nnumpy\npandas\n"
	if trees {
		requirements += "lightgbm\n"
	}
	return []part{
		{codeFolder + "/" + loaderModule + ".py", loader},
		{requirementsFile, []byte(requirements)},
		{environmentFile, []byte("python: \"" + pythonVersion + "\"\ndependencies:\n- -r " + requirementsFile + "\n")},
	}
}

// exampleInfo is how MLflow finds the input example.
type exampleInfo struct {
	Path   string `yaml:"artifact_path"`
	Type   string `yaml:"type"`
	Orient string `yaml:"pandas_orient"`
}

// exampleJSON is the example as pandas writes a table of one row, split.
func (m *Model) exampleJSON() []byte {
	var split struct {
		Columns []string `json:"columns"`
		Data    [][]any  `json:"data"`
	}
	row := []any{}
	for i, f := range m.Schema() {
		split.Columns = append(split.Columns, f.Name)
		var value any
		if text := m.Example[i]; text != "" {
			value = text
			if number, err := strconv.ParseFloat(text, 64); err == nil && f.Type.Kind() == table.Number {
				value = number
			}
		}
		row = append(row, value)
	}
	split.Data = append(split.Data, row)
	text, err := json.Marshal(split)
	if err != nil {
		panic(err) // texts and finite numbers cannot fail
	}
	return text
}
