package parquet

import (
	"bytes"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

func TestSkipIsBounded(t *testing.T) {
	t.Parallel()
	nested := bytes.Repeat([]byte{1<<4 | typeStruct}, 1000)
	if _, err := skip(append(nested, make([]byte, 1001)...), typeStruct, 0); err == nil || !strings.Contains(err.Error(), "nested too deeply") {
		t.Errorf("1,000 structures in each other: %v", err)
	}
	if n, err := skip([]byte{1<<4 | typeStruct, 0, 0}, typeStruct, 0); n != 3 || err != nil {
		t.Errorf("one in another: %d bytes, %v", n, err)
	}
}

// What a page claims of itself is looked at before there is room for it.
func TestGuardPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		page  format.PageHeader
		wrong bool
	}{
		"good":          {format.PageHeader{Type: format.DataPage, UncompressedPageSize: 80, CompressedPageSize: 8}, false},
		"uncompressed":  {format.PageHeader{Type: format.DataPage, UncompressedPageSize: maxPage + 1, CompressedPageSize: 8}, true},
		"negative":      {format.PageHeader{Type: format.DataPage, UncompressedPageSize: -1, CompressedPageSize: 8}, true},
		"compressed":    {format.PageHeader{Type: format.DataPage, UncompressedPageSize: 80, CompressedPageSize: 9}, true},
		"values":        {values(format.PageHeader{Type: format.DataPage, UncompressedPageSize: 80, CompressedPageSize: 8}, 11), true},
		"as many":       {values(format.PageHeader{Type: format.DataPage, UncompressedPageSize: 80, CompressedPageSize: 8}, 10), false},
		"less than one": {values(format.PageHeader{Type: format.DataPage, UncompressedPageSize: 80, CompressedPageSize: 8}, -1), true},
	} {
		header, err := thrift.Marshal(new(thrift.CompactProtocol), c.page)
		if err != nil {
			t.Fatal(err)
		}
		file := append(append([]byte("PAR1"), header...), make([]byte, 8)...)
		meta := &format.ColumnMetaData{DataPageOffset: 4, TotalCompressedSize: int64(len(file) - 4)}
		if err := guardPages(bytes.NewReader(file), int64(len(file)), meta, 10); (err != nil) != c.wrong {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// values is the header of a page that claims so many values.
func values(h format.PageHeader, n int32) format.PageHeader {
	h.DataPageHeader.V.NumValues, h.DataPageHeader.Valid = n, true
	return h
}
