// Package rain is the project Rain in Australia: ten years of daily
// observations of 49 weather stations, and the question whether it will rain
// tomorrow.
//
// Everything that Pluvia knows about the weather is data in this folder: the
// project file, the catalogue of stations, the outline of the country, and a
// snapshot of the data set with which a first start needs no network. The
// package has no behaviour; NOTICE says whose the data are.
package rain

import (
	"embed"

	"github.com/pluvia-ml/pluvia/project"
)

//go:generate ./snapshot.sh weatherAUS.csv

//go:embed rain.yaml stations.csv australia.svg weatherAUS.csv.zst
var files embed.FS

// Project is the project, read and checked.
func Project() (*project.Project, error) { return project.Load(files, "rain.yaml") }
