// Command etl measures the classic ETL, from a CSV file to two standardised
// Parquet files, beside the same written by hand in polars: in turn, in pairs,
// both warm, medians. It exits 1 when a bar does not hold.
//
//	go run ./bench/etl
//
// It needs the peers of bench/requirements.txt in .tools/venv. Run it from the
// root of the checkout.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/pluvia-ml/pluvia/bench/bar"
	"github.com/pluvia-ml/pluvia/bench/snapshot"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/project/rain"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

func main() {
	pairs := flag.Int("pairs", 9, "how often the two are measured in turn, after one warm-up")
	python := flag.String("python", ".tools/venv/bin/python", "the interpreter that has the peers")
	stages := flag.Bool("stages", false, "say where the time goes")
	flag.Parse()
	held, err := run(*pairs, *python, *stages)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/etl:", err)
		os.Exit(2)
	}
	if !held {
		os.Exit(1)
	}
}

func run(pairs int, python string, stages bool) (held bool, err error) {
	dir, err := os.MkdirTemp("", "bench-etl-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	p, err := rain.Project()
	if err != nil {
		return false, err
	}
	file, err := snapshot.Unpack(dir)
	if err != nil {
		return false, err
	}
	peer, version, err := start(python, file)
	if err != nil {
		return false, err
	}
	defer peer.close()

	var ours, theirs []float64
	for i := range pairs + 1 {
		begin := time.Now()
		if err := etl(p, file, dir, stages && i == pairs); err != nil {
			return false, err
		}
		mine := time.Since(begin).Seconds()
		other, err := peer.once()
		if err != nil {
			return false, err
		}
		if i > 0 {
			ours, theirs = append(ours, mine), append(theirs, other)
		}
	}
	sheet := bar.NewSheet(os.Stdout, "polars "+version)
	sheet.Ratio(fmt.Sprintf("classic ETL, s, median of %d", pairs), bar.Median(ours), bar.Median(theirs), bar.AtMost(0.5))
	return sheet.Held(), nil
}

// etl does what the original's pipeline does: clip, encode and fill on all
// rows, split by NumPy's permutation, standardise by the training part.
func etl(p *project.Project, file, dir string, stages bool) error {
	begin := time.Now()
	stage := func(name string) {
		if stages {
			fmt.Printf("%-12s %5.0f ms\n", name, time.Since(begin).Seconds()*1e3)
		}
		begin = time.Now()
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	t, report, err := csv.Read(context.Background(), f, &p.Schema, csv.Options{})
	if err != nil {
		return err
	}
	if err := report.Exceeds(0); err != nil {
		return err
	}
	stage("read")

	steps := p.Recipes["classic"]
	encode, scale := steps[:len(steps)-1], steps[len(steps)-1:]
	encoder, err := encode.Fit(p.Inputs(), t)
	if err != nil {
		return err
	}
	stage("fit")
	x, err := encoder.Apply(t)
	if err != nil {
		return err
	}
	target := t.Column(p.Target.Field)
	label := make([]float64, t.Rows())
	for i := range label {
		label[i] = target.Float(i)
	}
	stage("apply")

	order := learn.Permutation(1234, x.Rows())
	cut := (x.Rows() + 3) / 4
	y := table.New(table.Numbers(p.Target.Field, label))
	var scaler *recipe.Fitted
	for _, part := range []struct {
		name string
		rows []int
	}{{"train", order[cut:]}, {"test", order[:cut]}} {
		xs := x.Take(part.rows)
		if scaler == nil {
			if scaler, err = scale.Fit(encoder.Output(), xs); err != nil {
				return err
			}
		}
		if xs, err = scaler.Apply(xs); err != nil {
			return err
		}
		stage("scale " + part.name)
		out, err := os.Create(filepath.Join(dir, part.name+".parquet"))
		if err != nil {
			return err
		}
		whole := table.New(append(slices.Clone(xs.Columns()), y.Take(part.rows).Columns()...)...)
		if err := errors.Join(parquet.Write(out, whole), out.Close()); err != nil {
			return err
		}
		stage("write " + part.name)
	}
	return nil
}

// peer is polars in a process of its own.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(python, file string) (*peer, string, error) {
	p := &peer{cmd: exec.Command(python, "bench/etl/peer.py", file)}
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	p.in, p.out = in, bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("%w; \"make peers\" sets the peers up", err)
	}
	if !p.out.Scan() {
		return nil, "", errors.New("the peer says nothing; \"make peers\" sets the peers up")
	}
	return p, p.out.Text(), nil
}

func (p *peer) once() (seconds float64, err error) {
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		return 0, err
	}
	if !p.out.Scan() {
		return 0, errors.New("the peer has ended")
	}
	return strconv.ParseFloat(p.out.Text(), 64)
}

func (p *peer) close() {
	p.in.Close()
	p.cmd.Wait()
}
