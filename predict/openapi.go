package predict

import (
	"encoding/json"

	"github.com/pluvia-ml/pluvia/project"
)

func openAPI(p *project.Project) ([]byte, error) {
	return json.Marshal(map[string]any{"openapi": "3.1.0"})
}
