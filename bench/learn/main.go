// Command learn measures gradient boosting beside LightGBM, in one run on one
// machine: the two fit and predict in turn, in pairs, on the same matrix, and
// the medians are compared. It prints a line for each bar and exits 1 when one
// does not hold.
//
//	go run ./bench/learn            100 trees of 31 leaves, five pairs
//	go run ./bench/learn -large     500 trees of 63 leaves as well
//	go run ./bench/learn -csv FILE  on another copy of the data set
//
// It needs the peers of bench/requirements.txt in .tools/venv. Run it from the
// root of the checkout.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/pluvia-ml/pluvia/bench/bar"
	"github.com/pluvia-ml/pluvia/bench/snapshot"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/boost"
	"github.com/pluvia-ml/pluvia/table"
)

func main() {
	pairs := flag.Int("pairs", 5, "how often each of the two fits, at least 3")
	csv := flag.String("csv", "", "the data set; the snapshot that ships with the project by default")
	python := flag.String("python", ".tools/venv/bin/python", "the interpreter that has the peers")
	large := flag.Bool("large", false, "measure 500 trees of 63 leaves as well")
	flag.Parse()
	hold, err := run(*csv, *python, max(3, *pairs), *large)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/learn:", err)
		os.Exit(2)
	}
	if !hold {
		os.Exit(1)
	}
}

// figures are what one fit and one prediction took, or their medians.
type figures struct {
	Fit     float64 `json:"fit_s"`
	Predict float64 `json:"predict_s"`
	AUC     float64 `json:"auc"`
}

func run(csv, python string, pairs int, large bool) (hold bool, err error) {
	dir, err := os.MkdirTemp("", "bench-learn-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if csv == "" {
		if csv, err = snapshot.Unpack(dir); err != nil {
			return false, err
		}
	}
	matrix := filepath.Join(dir, "matrix")
	peer, version, err := start(python, csv, matrix)
	if err != nil {
		return false, err
	}
	defer peer.close()
	train, test, err := read(matrix)
	if err != nil {
		return false, err
	}
	fmt.Printf("%d rows to train, %d to test, %d columns; LightGBM %s at 2 threads, Go at %d; medians of %d pairs\n\n",
		len(train.Y), len(test.Y), len(train.X.Columns()), version, runtime.GOMAXPROCS(0), pairs)
	sizes := []boost.Boost{boost.Default()}
	if large {
		b := boost.Default()
		b.Trees, b.MaxLeaves, b.LearningRate = 500, 63, 0.05
		sizes = append(sizes, b)
	}
	sheet := bar.NewSheet(os.Stdout, "LightGBM")
	for _, b := range sizes {
		ours, theirs, err := measure(b, peer, train, test, pairs)
		if err != nil {
			return false, err
		}
		size := fmt.Sprintf("%d x %d", b.Trees, b.MaxLeaves)
		sheet.Ratio("fit "+size+", s", ours.Fit, theirs.Fit, bar.AtMost(mostFit))
		sheet.Ratio("predict "+size+", s", ours.Predict, theirs.Predict, bar.AtMost(mostPredict))
		sheet.Difference("AUC "+size, ours.AUC, theirs.AUC, bar.AtLeast(-mostAUC))
	}
	return sheet.Held(), nil
}

// The bars: at most so many times LightGBM's time, and so much less of AUC.
const (
	mostFit     = 3.0
	mostPredict = 1.0
	mostAUC     = 0.002
)

// measure fits and predicts in turn with the peer.
func measure(b boost.Boost, p *peer, train, test learn.Labelled, pairs int) (ours, theirs figures, err error) {
	var us, them []figures
	for range pairs {
		var f figures
		begin := time.Now()
		m, err := b.Fit(context.Background(), learn.Train{X: train.X, Y: train.Y})
		if err != nil {
			return ours, theirs, err
		}
		f.Fit = time.Since(begin).Seconds()
		begin = time.Now()
		probabilities := m.Probabilities(nil, test.X)
		f.Predict = time.Since(begin).Seconds()
		f.AUC = learn.Evaluate(test.Y, probabilities, 0.5).ROCAUC
		us = append(us, f)
		if f, err = p.fit(b); err != nil {
			return ours, theirs, err
		}
		them = append(them, f)
	}
	return median(us), median(them), nil
}

func median(all []figures) figures {
	of := func(field func(figures) float64) float64 {
		values := make([]float64, len(all))
		for i, f := range all {
			values[i] = field(f)
		}
		return bar.Median(values)
	}
	return figures{
		Fit:     of(func(f figures) float64 { return f.Fit }),
		Predict: of(func(f figures) float64 { return f.Predict }),
		AUC:     of(func(f figures) float64 { return f.AUC }),
	}
}

// peer is a Python process that fits when it is told to.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// start starts the peer, which writes the matrix first.
func start(python, csv, matrix string) (*peer, string, error) {
	if _, err := os.Stat(python); err != nil {
		return nil, "", fmt.Errorf("no peers: %w: run `make peers`", err)
	}
	cmd := exec.Command(python, "bench/learn/peer.py", csv, matrix)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start the peer: %w", err)
	}
	p := &peer{cmd: cmd, in: in, out: bufio.NewScanner(out)}
	var ready struct{ Ready string }
	if err := p.answer(&ready); err != nil {
		p.close()
		return nil, "", err
	}
	return p, ready.Ready, nil
}

func (p *peer) fit(b boost.Boost) (f figures, err error) {
	if _, err := fmt.Fprintln(p.in, b.Trees, b.MaxLeaves, b.LearningRate); err != nil {
		return f, fmt.Errorf("tell the peer: %w", err)
	}
	return f, p.answer(&f)
}

func (p *peer) answer(to any) error {
	if !p.out.Scan() {
		return errors.New("the peer ended; its last words are above")
	}
	if err := json.Unmarshal(p.out.Bytes(), to); err != nil {
		return fmt.Errorf("the peer says %q: %w", p.out.Text(), err)
	}
	return nil
}

func (p *peer) close() {
	p.in.Close()
	_ = p.cmd.Wait() // it has said all that is wanted of it
}

// read reads the matrix that peer.py wrote.
func read(path string) (train, test learn.Labelled, err error) {
	file, err := os.Open(path)
	if err != nil {
		return train, test, err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	var size struct{ Train, Test, Columns int64 }
	if err := binary.Read(in, binary.LittleEndian, &size); err != nil {
		return train, test, fmt.Errorf("read %s: %w", path, err)
	}
	part := func(rows int64) (out learn.Labelled, err error) {
		columns := make([]*table.Column, size.Columns)
		for j := range columns {
			values := make([]float64, rows)
			if err := binary.Read(in, binary.LittleEndian, values); err != nil {
				return out, fmt.Errorf("read %s: %w", path, err)
			}
			columns[j] = table.Numbers(fmt.Sprintf("c%d", j), values)
		}
		labels := make([]byte, rows)
		if _, err := io.ReadFull(in, labels); err != nil {
			return out, fmt.Errorf("read %s: %w", path, err)
		}
		out.X, out.Y = table.New(columns...), make([]bool, rows)
		for i, b := range labels {
			out.Y[i] = b != 0
		}
		return out, nil
	}
	if train, err = part(size.Train); err != nil {
		return train, test, err
	}
	test, err = part(size.Test)
	return train, test, err
}
