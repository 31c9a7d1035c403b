# Everything here is pure Go: no C compiler is needed, and none is used.
export CGO_ENABLED = 0

.PHONY: build test lint bench bench-etl bench-up bench-predict bench-learn bench-tracking peers

build: ## the binary ./pluvia
	go build -trimpath -o pluvia ./cmd/pluvia

test: ## set up what the tests need, then run them all; nothing is left out
	tools/setup chromium
	tools/setup postgresql
	tools/setup clients
	CI=true go test -timeout 20m ./...

lint: ## formatting, vet, staticcheck, module tidiness
	@test -z "$$(gofmt -l .)" || { gofmt -l . ; echo "run gofmt -w on these files"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff

peers: ## the Python peers of the benchmarks, pinned, under .tools/venv
	tools/setup peers

bench: bench-etl bench-up bench-predict bench-learn bench-tracking ## every bar beside its peer

bench-etl: peers ## classic ETL beside polars
	go run ./bench/etl

bench-up: ## start of the house, memory
	go run ./bench/up

bench-predict: peers ## one-row predictions beside FastAPI and scikit-learn
	tools/setup wrk
	go run ./bench/predict

bench-learn: peers ## boosting beside LightGBM
	go run ./bench/learn

bench-tracking: peers ## the MLflow dialect beside MLflow and fasttrackml
	tools/setup wrk
	go run ./bench/tracking -large
