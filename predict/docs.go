package predict

import (
	"net/http"

	"github.com/pluvia-ml/pluvia/project"
)

type docs struct{}

func newDocs(p *project.Project, spec []byte) (*docs, error) { return nil, nil }

func (s *Service) showDocs(w http.ResponseWriter, r *http.Request) error { return nil }
func (s *Service) docsFile(w http.ResponseWriter, r *http.Request) error { return nil }
func (s *Service) showSpec(w http.ResponseWriter, r *http.Request) error { return nil }
