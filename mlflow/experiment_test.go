package mlflow

import (
	"os"
	"strings"
	"testing"
)

func TestRelativeLocation(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	if status, answer := ask(t, h, "POST /experiments/create", `{"name": "x", "artifact_location": "some/place"}`); status != 200 {
		t.Fatal(answer)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if _, answer := ask(t, h, "GET /experiments/get?experiment_id=1", ""); !strings.Contains(answer, `"artifact_location":"`+here+`/some/place"`) {
		t.Error(answer)
	}
}
