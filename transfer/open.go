package transfer

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// Open opens an MLflow for reading:
//
//	mlflow.db, sqlite:///mlflow.db     a database of its own, as a file
//	postgres://USER:PASSWORD@HOST/DB   one on PostgreSQL
//	./mlruns                           a folder of its file store
//	http://localhost:5000              a server
//
// artifacts says where artifacts are when the source does not lead there: a
// folder, s3://BUCKET/PREFIX, or the URL of a server; "" for mlruns and
// mlartifacts beside the source. The database of a server that keeps
// mlflow-artifacts:/ elsewhere needs it, and so does one that has been moved.
func Open(ctx context.Context, source, artifacts string) (Source, error) {
	scheme, rest, ok := strings.Cut(source, "://")
	if !ok {
		return openPath(ctx, source, artifacts)
	}
	switch kind, _, _ := strings.Cut(strings.ToLower(scheme), "+"); kind {
	case "http", "https":
		return openServer(ctx, source, artifacts)
	case "postgres", "postgresql":
		from, err := openPlaces(artifacts)
		if err != nil {
			return nil, err
		}
		return openPostgres(ctx, source, from)
	case "sqlite": // SQLAlchemy has a third slash before a path
		return openPath(ctx, strings.TrimPrefix(rest, "/"), artifacts)
	case "file":
		return openPath(ctx, rest, artifacts)
	}
	return nil, pluvia.Errorf(pluvia.Invalid, "source %s://: want a mlflow.db, a postgres:// URL, an mlruns folder or the URL of a server", scheme)
}

func openPath(ctx context.Context, place, artifacts string) (Source, error) {
	info, err := os.Stat(place)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "source %s: %w", place, err)
	}
	if info.IsDir() {
		return openFolder(place, artifacts)
	}
	folder := filepath.Dir(place)
	from, err := openPlaces(artifacts, filepath.Join(folder, "mlruns"), filepath.Join(folder, "mlartifacts"))
	if err != nil {
		return nil, err
	}
	return openSQLite(ctx, place, from)
}
