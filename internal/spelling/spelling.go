// Package spelling says how far two words are from each other, for messages
// that name what may have been meant.
package spelling

// Distance is Levenshtein's (1966), in bytes: how many bytes must be put in,
// left out or changed. It takes time and memory in proportion to the product
// of the lengths, so whoever calls it bounds them.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
