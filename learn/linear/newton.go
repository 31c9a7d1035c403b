package linear

import (
	"context"
	"errors"
	"math"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/learn"
)

// parts is into how many parts the rows are cut. Their sums are added in order,
// so that the number of threads does not show in the bits of the result.
const parts = 16

// problem is the training rows, centred and scaled so that Newton's equations are
// well conditioned whatever the units; the penalty is scaled back, so that the
// minimum is that of the features as they came.
type problem struct {
	x       []float64 // [n][width]: the scaled features of a row, then 1 for the intercept
	y       []bool
	width   int
	penalty []float64 // of each squared scaled coefficient, per row; 0 for the intercept
}

// sums is what a part of the rows adds to loss, gradient and Hessian. The
// Hessian is the lower triangle, row by row.
type sums struct {
	loss              float64
	gradient, hessian []float64
}

func (l Logistic) newton(ctx context.Context, train learn.Train) (*Model, error) {
	columns := train.X.Columns()
	n, d := train.X.Rows(), len(columns)
	means, deviations := make([]float64, d), make([]float64, d)
	p := problem{x: make([]float64, n*(d+1)), y: train.Y, width: d + 1, penalty: make([]float64, d+1)}
	for j, c := range columns {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		means[j], deviations[j] = moments(c.Numbers)
		scale := 1.0
		if deviations[j] > 0 {
			scale = 1 / deviations[j]
		}
		for i, v := range c.Numbers {
			p.x[i*p.width+j] = (v - means[j]) * scale
		}
		p.penalty[j] = scale * scale / (l.C * float64(n))
	}
	for i := range n {
		p.x[i*p.width+d] = 1
	}

	model := &Model{Deviations: deviations}
	w := make([]float64, d+1)
	step, trial := make([]float64, d+1), make([]float64, d+1)
	for model.Iterations < l.MaxIter {
		s, err := p.sums(ctx, w, true)
		if err != nil {
			return nil, err
		}
		if largest(s.gradient) <= l.Tol {
			model.Converged = true
			break
		}
		copy(step, s.gradient)
		if !solve(ctx, s.hessian, step) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, errors.New("logistic regression: Newton's equations have no solution in floating point: take a smaller C, or leave out columns of extreme size")
		}
		slope := 0.0
		for j := range step {
			slope += step[j] * s.gradient[j]
		}
		// Halve the step until it gains (Armijo). Near the minimum, where the gain
		// drowns in rounding, Newton's whole step is safe.
		size := 1.0
		for range 40 {
			for j := range w {
				trial[j] = w[j] - size*step[j]
			}
			t, err := p.sums(ctx, trial, false)
			if err != nil {
				return nil, err
			}
			if t.loss <= s.loss-1e-4*size*slope || slope < 1e-10 {
				break
			}
			size /= 2
		}
		copy(w, trial)
		model.Iterations++
		if train.Progress != nil {
			train.Progress(model.Iterations, l.MaxIter)
		}
	}

	model.Coefficients, model.Intercept = make([]float64, d), w[d]
	for j := range d {
		if deviations[j] > 0 {
			model.Coefficients[j] = w[j] / deviations[j]
			model.Intercept -= model.Coefficients[j] * means[j]
		}
	}
	return model, nil
}

// sums are loss and gradient of the mean log loss plus penalty at w, and its
// Hessian when that is wanted.
func (p *problem) sums(ctx context.Context, w []float64, hessian bool) (*sums, error) {
	n := len(p.y)
	var part [parts]*sums
	if err := parallel.ForContext(ctx, parts, func(i int) {
		part[i] = p.part(ctx, w, n*i/parts, n*(i+1)/parts, hessian)
	}); err != nil {
		return nil, err
	}
	total := part[0]
	for _, s := range part[1:] {
		total.loss += s.loss
		add(total.gradient, s.gradient)
		add(total.hessian, s.hessian)
	}
	total.loss /= float64(n)
	scale(total.gradient, 1/float64(n))
	scale(total.hessian, 1/float64(n))
	for j, penalty := range p.penalty {
		total.loss += penalty * w[j] * w[j] / 2
		total.gradient[j] += penalty * w[j]
		if hessian {
			total.hessian[j*(j+1)/2+j] += penalty
		}
	}
	return total, nil
}

// part sums rows from to until to. Rows are taken four at a time, so that a
// cell of the Hessian is loaded and stored once for four of them.
func (p *problem) part(ctx context.Context, w []float64, from, to int, hessian bool) *sums {
	s := &sums{gradient: make([]float64, p.width)}
	if hessian {
		s.hessian = make([]float64, p.width*(p.width+1)/2)
	}
	zero := make([]float64, p.width)
	for i := from; i < to; i += 4 {
		if (i-from)%64 == 0 && ctx.Err() != nil {
			return s
		}
		var rows [4][]float64
		var curve [4]float64
		for k := range rows {
			rows[k] = zero
			if i+k >= to {
				continue
			}
			x := p.x[(i+k)*p.width:][:p.width]
			rows[k] = x
			z := 0.0
			for j, v := range x {
				z += v * w[j]
			}
			q := sigmoid(z)
			slope := q
			if p.y[i+k] {
				slope, z = q-1, -z
			}
			s.loss += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) // ln(1 + e^z)
			curve[k] = q * (1 - q)
			for j, v := range x {
				s.gradient[j] += slope * v
			}
		}
		if !hessian {
			continue
		}
		h := s.hessian
		for j := range p.width {
			a0, a1 := curve[0]*rows[0][j], curve[1]*rows[1][j]
			a2, a3 := curve[2]*rows[2][j], curve[3]*rows[3][j]
			line := h[:j+1]
			x0, x1, x2, x3 := rows[0][:len(line)], rows[1][:len(line)], rows[2][:len(line)], rows[3][:len(line)]
			for k := range line {
				line[k] += (a0*x0[k] + a1*x1[k]) + (a2*x2[k] + a3*x3[k])
			}
			h = h[j+1:]
		}
	}
	return s
}

// moments are mean and population standard deviation, in two passes. A column
// of one value has deviation exactly 0.
func moments(values []float64) (mean, deviation float64) {
	constant := true
	for _, v := range values {
		mean += v / float64(len(values))
		constant = constant && v == values[0]
	}
	if constant {
		return values[0], 0
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(deviation)
}

// solve replaces b by the solution of A x = b, A given as the lower triangle of
// a positive definite matrix, row by row, which it overwrites with its Cholesky
// factor. It reports whether A was positive definite, and ctx not done before
// the end.
func solve(ctx context.Context, a, b []float64) bool {
	at := func(i, j int) int { return i*(i+1)/2 + j }
	n := len(b)
	for j := range n {
		if ctx.Err() != nil {
			return false
		}
		for i := j; i < n; i++ {
			sum := a[at(i, j)]
			for k := range j {
				sum -= a[at(i, k)] * a[at(j, k)]
			}
			if i > j {
				a[at(i, j)] = sum / a[at(j, j)]
			} else if sum > 0 {
				a[at(j, j)] = math.Sqrt(sum)
			} else {
				return false
			}
		}
	}
	for i := range n {
		for k := range i {
			b[i] -= a[at(i, k)] * b[k]
		}
		b[i] /= a[at(i, i)]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= a[at(k, i)] * b[k]
		}
		b[i] /= a[at(i, i)]
	}
	return true
}

func largest(values []float64) float64 {
	out := 0.0
	for _, v := range values {
		out = max(out, math.Abs(v))
	}
	return out
}

func add(dst, src []float64) {
	for i, v := range src {
		dst[i] += v
	}
}

func scale(dst []float64, by float64) {
	for i := range dst {
		dst[i] *= by
	}
}
