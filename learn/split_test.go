package learn

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

func TestByDay(t *testing.T) {
	t.Parallel()
	days := []table.Day{5, 1, 10, 9, 20, 10}
	for _, c := range []struct {
		name string
		from []table.Day
		want [][]int
		err  string
	}{
		{"no bounds", nil, [][]int{{0, 1, 2, 3, 4, 5}}, ""},
		{"two bounds", []table.Day{6, 10}, [][]int{{0, 1}, {3}, {2, 4, 5}}, ""},
		{"an empty part", []table.Day{30}, [][]int{{0, 1, 2, 3, 4, 5}, nil}, ""},
		{"falling", []table.Day{10, 6}, nil, "1970-01-07 comes after 1970-01-11"},
		{"twice", []table.Day{6, 6}, nil, "rising order"},
	} {
		got, err := ByDay(days, c.from...)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.name, err, c.err)
			}
		} else if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
	if _, err := ByDay([]table.Day{1, table.MissingDay}, 1); err == nil || !strings.Contains(err.Error(), "row 2") {
		t.Errorf("missing date: %v", err)
	}
}

func TestStratifiedKFoldIsThatOfScikitLearn(t *testing.T) {
	t.Parallel()
	for _, c := range readGolden(t).Folds {
		folds, err := StratifiedKFold(bools(c.Y), c.K)
		if err != nil || len(folds) != c.K {
			t.Fatalf("%d folds of %d: %d, %v", c.K, len(c.Y), len(folds), err)
		}
		for i, f := range folds {
			if !slices.Equal(f.Test, c.Test[i]) {
				t.Errorf("%d folds of %d: fold %d tests %v, want %v", c.K, len(c.Y), i, f.Test, c.Test[i])
			}
			all := append(slices.Clone(f.Test), f.Train...)
			slices.Sort(all)
			if len(all) != len(c.Y) || !slices.IsSorted(f.Train) || len(slices.Compact(all)) != len(c.Y) {
				t.Errorf("%d folds of %d: fold %d does not part the rows", c.K, len(c.Y), i)
			}
		}
	}
}

func TestStratifiedKFoldRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		y []bool
		k int
	}{
		"empty": {nil, 2}, "one fold": {[]bool{true, true, false, false}, 1}, "too many": {[]bool{true, true, false, false, false}, 3}, "one class": {make([]bool, 9), 3},
	} {
		if folds, err := StratifiedKFold(c.y, c.k); err == nil {
			t.Errorf("%s: %v, want an error", name, folds)
		}
	}
}

func digest(rows []int) string {
	var data []byte
	for _, row := range rows {
		data = binary.LittleEndian.AppendUint64(data, uint64(row))
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestPermutationIsThatOfNumPy(t *testing.T) {
	t.Parallel()
	for _, c := range readGolden(t).Permutations {
		got := Permutation(c.Seed, c.N)
		if digest(got) != c.SHA256 {
			t.Errorf("seed %d, %d rows: begins %v, want %v", c.Seed, c.N, got[:len(c.First)], c.First)
		}
	}
}

func TestPermutationMakesTheSplitOfTheOriginal(t *testing.T) {
	t.Parallel()
	const n = 142193
	rows := Permutation(1234, n)
	test := (n + 3) / 4
	for name, c := range map[string]struct {
		rows []int
		want string
	}{
		"test":  {rows[:test], "334f256b0bcdf8b022fef7794daf58045957e640c27f61ba19bf328d93dcc5e1"},
		"train": {rows[test:], "ac641df615a9fbe4aa929f2ac01ebf8b1fa0d348c8933735eff86d5ed78bc03d"},
	} {
		if got := digest(c.rows); got != c.want {
			t.Errorf("%s: %d rows with sha256 %s, want %s", name, len(c.rows), got, c.want)
		}
	}
}
