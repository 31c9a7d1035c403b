package bucket_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "buckets")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	buckets, err := bucket.OpenFolder(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer buckets.Close()

	if err := buckets.Put(ctx, pluvia.DataBucket, "raw/days.csv", strings.NewReader("day,mm\n1,0.4\n")); err != nil {
		log.Fatal(err)
	}
	r, object, err := buckets.Open(ctx, pluvia.DataBucket, "raw/days.csv")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, %d bytes\n%s", pluvia.URI(pluvia.DataBucket, object.Key), object.Size, text)
	// Output:
	// s3://data/raw/days.csv, 13 bytes
	// day,mm
	// 1,0.4
}
