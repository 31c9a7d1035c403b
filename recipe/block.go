package recipe

import (
	"github.com/pluvia-ml/pluvia/internal/parallel"
)

// block holds the values of some rows, slot by slot. ApplyRow runs on a block
// of one row, Apply on blocks of chunkRows, Fit on one of all rows: the same loops, and
// therefore the same bits.
type block [][]float64

// op is the arithmetic of one step: it reads and writes slots of b.
type op interface{ run(b block) }

// chunkRows rows of some fifty slots fit into a core's second-level cache.
const chunkRows = 512

func newBlock(slots, rows int) block {
	b, values := make(block, slots), make([]float64, slots*rows)
	for i := range b {
		b[i] = values[i*rows : (i+1)*rows : (i+1)*rows]
	}
	return b
}

// part is the rows from lo to hi, in b's own memory; dst is reused.
func (b block) part(dst block, lo, hi int) block {
	dst = dst[:0]
	for _, column := range b {
		dst = append(dst, column[lo:hi])
	}
	return dst
}

// runChunks runs the operation over all rows, chunks in parallel.
func (b block) runChunks(o op) {
	if len(b) == 0 {
		return
	}
	rows := len(b[0])
	const size = 8 * chunkRows
	parallel.For((rows+size-1)/size, func(i int) {
		o.run(b.part(make(block, 0, len(b)), i*size, min((i+1)*size, rows)))
	})
}
