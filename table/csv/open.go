package csv

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"github.com/pluvia-ml/pluvia/table"
)

// Decompress recognises zstd and gzip by their first bytes and gives what they
// hold; anything else it gives as it is. It does not bound the length: whoever
// reads does. Closing it does not close r.
func Decompress(r io.Reader) (io.ReadCloser, error) {
	in := &counted{r: r}
	head := bufio.NewReaderSize(in, 1<<16)
	magic, err := head.Peek(zstd.HeaderMaxSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte("\x28\xb5\x2f\xfd")):
		d, err := zstd.NewReader(head, zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		var frame zstd.Header
		out := &decompressed{kind: "zstd", in: in, r: d.IOReadCloser()}
		if frame.Decode(magic) == nil && frame.HasFCS {
			const most = 64 << 20 // any number can be claimed
			out.size = int64(min(frame.FrameContentSize, most))
		}
		return out, nil
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		d, err := gzip.NewReader(head)
		if err != nil {
			return nil, broken("gzip", in.n.Load(), err)
		}
		return &decompressed{kind: "gzip", in: in, r: d}, nil
	default:
		return io.NopCloser(head), nil
	}
}

// decompressed says of an error in which byte of the compressed file it was met.
type decompressed struct {
	kind string
	size int64 // that the file claims, or 0
	in   *counted
	r    io.ReadCloser
}

func (d *decompressed) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if err != nil && err != io.EOF {
		if source := d.in.err.Load(); source != nil {
			return n, *source
		}
		err = broken(d.kind, d.in.n.Load(), err)
	}
	return n, err
}

func (d *decompressed) Close() error { return d.r.Close() }

func broken(kind string, at int64, err error) error {
	text := fmt.Sprintf("the %s file is damaged: %v, after reading %d bytes of it; fetch it again", kind, err, at)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		text = fmt.Sprintf("the %s file ends too early, after %d bytes; fetch it again", kind, at)
	}
	return &table.InputError{Text: text, Err: err}
}

// counted counts the bytes that have been read from r, and keeps its error.
// A decompressor may read ahead on another goroutine.
type counted struct {
	r   io.Reader
	n   atomic.Int64
	err atomic.Pointer[error]
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	if err != nil && err != io.EOF {
		c.err.Store(&err)
	}
	return n, err
}

// sizeOf is how many bytes plain, the contents of r, will probably give; 0 if nobody knows.
func sizeOf(r io.Reader, plain io.Reader) int64 {
	if d, ok := plain.(*decompressed); ok {
		return d.size
	}
	switch r := r.(type) {
	case interface{ Size() int64 }: // bytes.Reader, strings.Reader, io.SectionReader
		return r.Size()
	case interface{ Len() int }: // bytes.Buffer
		return int64(r.Len())
	case io.Seeker: // os.File
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0
		}
		end, err := r.Seek(0, io.SeekEnd)
		if err != nil {
			return 0
		}
		if _, err := r.Seek(at, io.SeekStart); err != nil {
			return 0
		}
		return end
	}
	return 0
}

// readAll reads everything, as far as limit allows. The size is a hint.
func readAll(ctx context.Context, r io.Reader, size, limit int64) ([]byte, error) {
	data := make([]byte, 0, min(max(size, 1<<16), limit)+1)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if int64(len(data)) > limit {
			return nil, tooLarge(limit)
		}
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
