package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The library makes room for whatever length a file claims: of its footer, of
// a list in it, of a page. A few damaged bytes could so ask for all memory,
// which no recover catches. What follows looks at the claims first.

const (
	maxFooter = 16 << 20 // bytes
	maxPage   = 256 << 20
)

var errCut = errors.New("it ends too early")

// guardFooter checks the last bytes of a file and its footer.
func guardFooter(r io.ReaderAt, size int64) error {
	const tail = 8 // length of the footer, then the magic number
	if size < tail+4 {
		return fmt.Errorf("%d bytes are no Parquet file", size)
	}
	end := make([]byte, tail)
	if _, err := r.ReadAt(end, size-tail); err != nil && err != io.EOF {
		return err
	}
	if string(end[4:]) != "PAR1" {
		return errors.New("it does not end as a Parquet file does")
	}
	n := int64(binary.LittleEndian.Uint32(end))
	if n > size-tail-4 || n > maxFooter {
		return fmt.Errorf("its footer claims %d bytes", n)
	}
	footer := make([]byte, n)
	if _, err := r.ReadAt(footer, size-tail-n); err != nil && err != io.EOF {
		return err
	}
	_, err := skip(footer, typeStruct, 0)
	return err
}

// guardPages checks the header of every page of a column chunk of so many rows.
func guardPages(r io.ReaderAt, size int64, meta *format.ColumnMetaData, rows int64) error {
	at := meta.DataPageOffset
	if meta.DictionaryPageOffset > 0 && meta.DictionaryPageOffset < at {
		at = meta.DictionaryPageOffset
	}
	length := meta.TotalCompressedSize
	if at < 4 || length < 0 || length > size-at {
		return fmt.Errorf("a column chunk claims %d bytes from byte %d on", length, at)
	}
	const window = 64 << 10 // a header has some hundred bytes
	buffer := make([]byte, window)
	for end := at + length; at < end; {
		data := buffer[:min(window, end-at)]
		if _, err := r.ReadAt(data, at); err != nil && err != io.EOF {
			return err
		}
		n, err := skip(data, typeStruct, 0)
		if err != nil {
			return err
		}
		var page format.PageHeader
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), data[:n], &page); err != nil {
			return err
		}
		if page.UncompressedPageSize < 0 || page.UncompressedPageSize > maxPage || page.CompressedPageSize < 0 || int64(page.CompressedPageSize) > end-at-int64(n) {
			return fmt.Errorf("a page claims %d bytes, or %d when decompressed", page.CompressedPageSize, page.UncompressedPageSize)
		}
		for _, n := range []int32{page.DataPageHeader.V.NumValues, page.DataPageHeaderV2.V.NumValues, page.DictionaryPageHeader.V.NumValues} {
			if values := int64(n); values < 0 || values > MaxValues || values > rows && page.Type != format.DictionaryPage {
				return fmt.Errorf("a page claims %d values", values)
			}
		}
		at += int64(n) + int64(page.CompressedPageSize)
	}
	return nil
}

// guardChunks checks the column chunks of the leaves.
func guardChunks(r io.ReaderAt, size int64, f *parquet.File, leaves []*parquet.Column) error {
	var rows int64
	for i := range f.Metadata().RowGroups {
		group := &f.Metadata().RowGroups[i]
		if group.NumRows < 0 || group.NumRows > f.NumRows()-rows {
			return fmt.Errorf("a row group claims %d rows, the file %d", group.NumRows, f.NumRows())
		}
		rows += group.NumRows
		for _, leaf := range leaves {
			if leaf == nil {
				continue
			}
			if err := guardPages(r, size, &group.Columns[leaf.Index()].MetaData, group.NumRows); err != nil {
				return err
			}
		}
	}
	return nil
}

// The types of the compact protocol of Thrift
// (github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
const (
	typeTrue   = 1
	typeFalse  = 2
	typeByte   = 3
	typeDouble = 7
	typeBinary = 8
	typeList   = 9
	typeSet    = 10
	typeMap    = 11
	typeStruct = 12
)

// skip says how many bytes a value takes, having checked that all of it, and
// so as many elements as each list claims, is there.
func skip(data []byte, kind byte, depth int) (n int, err error) {
	const deepest = 32
	if depth > deepest {
		return 0, errors.New("its structures are nested too deeply")
	}
	switch kind {
	case typeTrue, typeFalse, typeByte:
		n = 1
	case typeDouble:
		n = 8
	case typeBinary:
		length, n := binary.Uvarint(data)
		if n <= 0 || length > uint64(len(data)-n) {
			return 0, errCut
		}
		return n + int(length), nil
	case typeList, typeSet:
		return skipList(data, depth)
	case typeMap:
		return 0, errors.New("it has a map, which no Parquet file has")
	case typeStruct:
		for n < len(data) {
			head := data[n]
			n++
			if head == 0 {
				return n, nil
			}
			if head>>4 == 0 { // the number of the field follows
				_, size := binary.Varint(data[n:])
				if size <= 0 {
					return 0, errCut
				}
				n += size
			}
			if head&15 == typeTrue || head&15 == typeFalse {
				continue // the type is the value
			}
			size, err := skip(data[n:], head&15, depth+1)
			if err != nil {
				return 0, err
			}
			n += size
		}
		return 0, errCut
	case 4, 5, 6: // integers of 16, 32, 64 bits
		_, n = binary.Varint(data)
		if n <= 0 {
			return 0, errCut
		}
	default:
		return 0, fmt.Errorf("it has a value of the unknown type %d", kind)
	}
	if n > len(data) {
		return 0, errCut
	}
	return n, nil
}

func skipList(data []byte, depth int) (n int, err error) {
	if len(data) == 0 {
		return 0, errCut
	}
	count, kind := uint64(data[0]>>4), data[0]&15
	n = 1
	if count == 15 {
		var size int
		if count, size = binary.Uvarint(data[1:]); size <= 0 {
			return 0, errCut
		}
		n += size
	}
	if count > uint64(len(data)-n) { // each element has a byte at least
		return 0, errCut
	}
	for range count {
		size, err := skip(data[n:], kind, depth+1)
		if err != nil {
			return 0, err
		}
		n += size
	}
	return n, nil
}
