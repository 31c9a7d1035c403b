package csv

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

func number(v float64) *float64 { return &v }

var shop = &table.Schema{
	Fields: []table.Field{
		{Name: "day", Type: table.TypeDate, Earliest: "2020-01-01", Required: true},
		{Name: "shop", Type: table.TypeCategory, Categories: []string{"north", "south", "the \"old\" one", "two\nlines", "Zürich"}, Required: true},
		{Name: "sales", Type: table.TypeNumber, Min: number(0), Max: number(1e6)},
		{Name: "staff", Type: table.TypeInteger},
	},
	Key:     []string{"day", "shop"},
	Missing: []string{"NA"},
}

// texts is a table as rows of texts.
func texts(t *table.Table) string {
	var out strings.Builder
	for row := range t.Rows() {
		for i, c := range t.Columns() {
			if i > 0 {
				out.WriteByte('|')
			}
			out.WriteString(c.Text(row))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestRead(t *testing.T) {
	t.Parallel()
	const head = "day,shop,sales,staff\n"
	for name, c := range map[string]struct{ in, want, faults string }{
		"plain":          {in: head + "2020-01-01,north,1.5,3\n2020-01-01,south,NA,\n", want: "2020-01-01|north|1.5|3\n2020-01-01|south||\n"},
		"no last end":    {in: head + "2020-01-01,north,1.5,3", want: "2020-01-01|north|1.5|3\n"},
		"order, ignored": {in: "staff,x,shop,day,sales\n3,?,north,2020-01-01,1.5\n", want: "2020-01-01|north|1.5|3\n"},
		"mark, CRLF":     {in: "\ufeffday,shop,sales,staff\r\n2020-01-01,north,1.5,3\r\n\r\n", want: "2020-01-01|north|1.5|3\n"},
		"quotes": {in: "\"day\",shop,\"sales\",staff\n\"2020-01-01\",\"the \"\"old\"\" one\",\"1.5\",\"\"\r\n2020-01-02,\"two\r\nlines\",1,x\n",
			want: "2020-01-01|the \"old\" one|1.5|\n", faults: `line 3, column staff: "x": must be an integer` + "\n"},
		"lines in quotes": {in: head + "2020-01-01,\"two\nlines\",1,1\n2020-01-02,\"two\nlines\",1,x\n2020-01-03,north,x,1\n2020-01-01,\"two\nlines\",1,1\n", want: "2020-01-01|two\nlines|1|1\n",
			faults: `line 4, column staff: "x": must be an integer
line 6, column sales: "x": must be a number from 0 to 1e+06
line 7, column day, shop: "2020-01-01, two\nlines": must be the only row of its key; line 2 has it already
`},
		"empty lines": {in: head + "\n\n2020-01-01,north,x,3\n\n", faults: `line 4, column sales: "x": must be a number from 0 to 1e+06` + "\n"},
		"all faults of a row": {in: head + "2019-12-31,nort,-1,3.5\n,NA,NaN,inf\n", faults: `line 2, column day: "2019-12-31": must be a date of the calendar, written YYYY-MM-DD, at least 2020-01-01
line 2, column shop: "nort": must be one of north, south, the "old" one, two
lines, Zürich
line 2, column sales: "-1": must be a number from 0 to 1e+06
line 2, column staff: "3.5": must be an integer
line 3, column day: "": must be present; it is a date of the calendar, written YYYY-MM-DD, at least 2020-01-01
line 3, column shop: "NA": must be present; it is one of north, south, the "old" one, two
lines, Zürich
line 3, column sales: "NaN": must be a number from 0 to 1e+06
line 3, column staff: "inf": must be an integer
`},
		"calendar": {in: head + "2023-02-30,north,1,1\n2023-02-28,north,1,1\n", want: "2023-02-28|north|1|1\n",
			faults: `line 2, column day: "2023-02-30": must be a date of the calendar, written YYYY-MM-DD, at least 2020-01-01` + "\n"},
		"cells": {in: head + "2020-01-01,north,1\n2020-01-01,north,1,1,1\n", faults: `line 2: "2020-01-01,north,1": must be a row of 4 cells, as the header has; it has 3
line 3: "2020-01-01,north,1,1,1": must be a row of 4 cells, as the header has; it has 5
`},
		"header twice": {in: head + "2020-01-01,north,1,1\n" + head + "2020-01-02,north,1,1\n", want: "2020-01-01|north|1|1\n2020-01-02|north|1|1\n",
			faults: `line 3: "day,shop,sales,staff": must be ` + ruleHeader + "\n"},
		"duplicate": {in: head + "2020-01-01,north,1,1\n2020-01-02,north,1,1\n2020-01-01,north,2,2\n", want: "2020-01-01|north|1|1\n2020-01-02|north|1|1\n",
			faults: `line 4, column day, shop: "2020-01-01, north": must be the only row of its key; line 2 has it already` + "\n"},
		"Latin-1": {in: head + "2020-01-01,Z\xfcrich,1,1\n2020-01-02,Zürich,1,1\n", want: "2020-01-02|Zürich|1|1\n",
			faults: `line 2, column shop: "Z\xfcrich": must be ` + ruleUTF8 + "\n" + `line 2: "2020-01-01,Z\xfcrich,1,1": must be ` + ruleUTF8 + "\n"},
		"NUL":   {in: head + "2020-01-01,north,1,\x001\n", faults: "line 2, column staff: \"\\x001\": must be an integer\nline 2: \"2020-01-01,north,1,\\x001\": must be " + ruleNUL + "\n"},
		"quote": {in: head + "2020-01-01,no\"rth,1,1\n2020-01-01,\"north\"x,1,1\n2020-01-02,north,1,1\n", want: "2020-01-02|north|1|1\n", faults: `line 2: "2020-01-01,no\"rth,1,1": must be ` + ruleQuotes + "\n" + `line 3: "2020-01-01,\"north\"x,1,1": must be ` + ruleQuotes + "\n"},
	} {
		for _, chunk := range []int{0, 1, 7, 30} {
			t.Run(fmt.Sprint(name, " in chunks of ", chunk), func(t *testing.T) {
				t.Parallel()
				got, report, err := Read(t.Context(), strings.NewReader(c.in), shop, Options{chunk: chunk})
				if err != nil {
					t.Fatal(err)
				}
				if got := texts(got); got != c.want {
					t.Errorf("rows:\n%swant:\n%s", got, c.want)
				}
				var faults strings.Builder
				for _, f := range report.Faults {
					fmt.Fprintln(&faults, f)
				}
				if faults.String() != c.faults {
					t.Errorf("faults:\n%swant:\n%s", &faults, c.faults)
				}
			})
		}
	}
}
