package boost

import "testing"

// TestSumHasRoom: the largest sums that there can be come out of the integer as they went in.
func TestSumHasRoom(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 1023, 1024, 107_502, 1 << 20, maxRows} {
		sc := newScale(n)
		for _, gradient := range []float64{-1, 0, 1} {
			one := pack(round(gradient*sc.gradient), round(maxHessian*sc.hessian))
			all := one * sum(n)
			if g, h := all.gradient()/sc.gradient, all.hessian()/sc.hessian; g != gradient*float64(n) || h != maxHessian*float64(n) {
				t.Errorf("%d rows of gradient %v: %v and %v", n, gradient, g, h)
			}
			if rest := all - one; rest.hessian()/sc.hessian != maxHessian*float64(n-1) {
				t.Errorf("%d rows less one: Hessian %v", n, rest.hessian()/sc.hessian)
			}
		}
	}
}

// TestHistogram compares the unrolled loop with the one of its doc, at widths
// around eight features.
func TestHistogram(t *testing.T) {
	t.Parallel()
	for width := 1; width < 20; width++ {
		const n = 300
		b := &binned{n: n, features: width, rows: make([]uint8, n*width)}
		for i := range b.rows {
			b.rows[i] = uint8(i * i * 31 / 7)
		}
		var rows []int32
		of := make([]sum, n)
		for i := range of {
			of[i] = pack(int64(i*7919%1000-500), int64(i))
			if i%3 > 0 {
				rows = append(rows, int32(i))
			}
		}
		got, want := make(histogram, width), make(histogram, width)
		got.add(b, rows, of)
		for _, r := range rows {
			for j := range width {
				want[j][b.rows[int(r)*width+j]] += of[r]
			}
		}
		for j := range want {
			if got[j] != want[j] {
				t.Errorf("width %d: feature %d differs", width, j)
			}
		}
	}
}
