package learn

import "math/bits"

// Permutation is the permutation of 0 to n-1 that NumPy's
// RandomState(seed).permutation(n) gives: a Fisher-Yates shuffle from the end,
// fed by the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998) through
// masked rejection. Kept so that splits made by older systems can be repeated.
// It panics if n is negative or above 2^32.
func Permutation(seed uint32, n int) []int {
	if n < 0 || uint64(n) > 1<<32 {
		panic("learn: length of a permutation must be from 0 to 2^32")
	}
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	random := newTwister(seed)
	for i := n - 1; i > 0; i-- {
		j := random.upTo(uint32(i))
		rows[i], rows[j] = rows[j], rows[i]
	}
	return rows
}

const (
	twisterSize  = 624
	twisterShift = 397
)

// twister is the generator MT19937.
type twister struct {
	state [twisterSize]uint32
	next  int
}

// newTwister seeds as init_genrand of the reference implementation.
func newTwister(seed uint32) *twister {
	t := &twister{next: twisterSize}
	t.state[0] = seed
	for i := 1; i < twisterSize; i++ {
		prev := t.state[i-1]
		t.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	return t
}

func (t *twister) uint32() uint32 {
	if t.next == twisterSize {
		t.twist()
	}
	v := t.state[t.next]
	t.next++
	v ^= v >> 11
	v ^= v << 7 & 0x9d2c5680
	v ^= v << 15 & 0xefc60000
	return v ^ v>>18
}

func (t *twister) twist() {
	for i := range t.state {
		v := t.state[i]&0x80000000 | t.state[(i+1)%twisterSize]&0x7fffffff
		next := t.state[(i+twisterShift)%twisterSize] ^ v>>1
		if v&1 == 1 {
			next ^= 0x9908b0df
		}
		t.state[i] = next
	}
	t.next = 0
}

// upTo draws from 0 to limit, both included: words cut to the bits of limit, until
// one fits.
func (t *twister) upTo(limit uint32) uint32 {
	mask := uint32(1)<<bits.Len32(limit) - 1
	for {
		if v := t.uint32() & mask; v <= limit {
			return v
		}
	}
}
