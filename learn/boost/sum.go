package boost

import (
	"math"
	"math/bits"
)

// sum is a gradient and a Hessian as fixed-point numbers in one integer: the
// upper 32 bits are the signed gradient, the lower 32 the Hessian, which is
// never negative. Adding two of them is one addition, and a sum does not
// depend on the order in which it was made, so that any number of threads
// makes the same model.
type sum int64

func (s sum) gradient() float64 { return float64(s >> 32) }
func (s sum) hessian() float64  { return float64(uint32(s)) }

func pack(gradient, hessian int64) sum { return sum(gradient<<32 + hessian) }

// scale is how many units of fixed point make 1.
type scale struct{ gradient, hessian float64 }

// maxHessian is the largest p(1-p).
const maxHessian = 0.25

// newScale leaves room for fewer than 2^bits rows of the largest gradient, 1,
// and of the largest Hessian, 1/4: as the sign takes one bit of the gradient's
// half, Hessians are eight times as fine. At a million rows a gradient still has eleven bits
// behind the point (Shi et al. 2022 go down to two to five bits), at maxRows seven.
func newScale(n int) scale {
	g := math.Ldexp(1, 31-bits.Len(uint(n)))
	return scale{gradient: g, hessian: 2 * g / maxHessian}
}

// histogram is the sums of a leaf by feature and bin.
type histogram [][256]sum

// add adds the sums of the given rows. For each row r and feature j,
//
//	h[j][b.rows[r][j]] += of[r]
//
// Eight features at a time have constant offsets, so that a cell costs a load
// and an addition to memory: a byte cannot leave an array of 256.
func (h histogram) add(b *binned, rows []int32, of []sum) {
	width := b.features
	for _, r := range rows {
		s := of[r]
		row := b.rows[int(r)*width:][:width]
		h := h
		for len(row) >= 8 && len(h) >= 8 {
			eight, bin := (*[8][256]sum)(h), (*[8]uint8)(row)
			eight[0][bin[0]] += s
			eight[1][bin[1]] += s
			eight[2][bin[2]] += s
			eight[3][bin[3]] += s
			eight[4][bin[4]] += s
			eight[5][bin[5]] += s
			eight[6][bin[6]] += s
			eight[7][bin[7]] += s
			row, h = row[8:], h[8:]
		}
		h = h[:len(row)]
		for j, bin := range row {
			h[j][bin] += s
		}
	}
}
