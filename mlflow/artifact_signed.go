package mlflow

import (
	"context"
	"path"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// How long an address that is signed for a client is good.
const (
	signedFor    = 15 * time.Minute
	maxSignedFor = 7 * 24 * time.Hour // of S3
)

// signed are the buckets, when their server takes requests that were signed
// beforehand. The client falls back to artifacts through this server on the
// words that name what is not supported.
func (s *Server) signed(what string) (pluvia.SignedBuckets, error) {
	if b, ok := s.buckets.(pluvia.SignedBuckets); ok {
		return b, nil
	}
	return nil, faultf(notImplemented, "%s is not supported for the current artifact repository", what)
}

// signedDownload gives the address to read an artifact from.
func (s *Server) signedDownload(ctx context.Context, q *request, out []byte) ([]byte, error) {
	key, err := safePath(q.PathValue("path"))
	if err != nil {
		return nil, err
	}
	b, err := s.signed("Multipart download")
	if err != nil {
		return nil, err
	}
	address, object, err := b.SignedGet(ctx, pluvia.MLflowBucket, key, signedFor)
	if err != nil {
		return nil, err
	}
	return append(signedAnswer(out, "url", address, object.Size), '}'), nil
}

// signedAnswer appends an address and the headers to send to it, of which
// there are none; a size below 0 is not said.
func signedAnswer(out []byte, name, address string, size int64) []byte {
	out = textField(append(out, '{'), name, address)
	out = append(key(out, "headers"), '{', '}')
	if size >= 0 {
		out = intField(out, "file_size", size)
	}
	return out
}

// signedDownloadOfRun is signedDownload for a path below a run.
func (s *Server) signedDownloadOfRun(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id, p := q.need("run_id"), q.need("path")
	expires, err := q.expiration()
	if err != nil {
		return nil, err
	}
	b, err := s.signed("Presigned download")
	if err != nil {
		return nil, err
	}
	run, err := s.store.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	key, err := keyBelow(run.ArtifactURI, p)
	if err != nil {
		return nil, err
	}
	address, object, err := b.SignedGet(ctx, pluvia.MLflowBucket, key, expires)
	if err != nil {
		return nil, err
	}
	return append(signedAnswer(out, "presigned_url", address, object.Size), '}'), nil
}

// signedUpload gives the address to write an artifact of a run or of a logged
// model to.
func (s *Server) signedUpload(ctx context.Context, q *request, out []byte) ([]byte, error) {
	run, model, p := q.text("run_id"), q.text("model_id"), q.need("path")
	expires, err := q.expiration()
	if err != nil {
		return nil, err
	}
	if (run == "") == (model == "") {
		return nil, pluvia.Errorf(pluvia.Invalid, "Exactly one of run_id and model_id must be provided.")
	}
	b, err := s.signed("Presigned upload")
	if err != nil {
		return nil, err
	}
	uri, err := s.artifactURI(ctx, run, model)
	if err != nil {
		return nil, err
	}
	key, err := keyBelow(uri, p)
	if err != nil {
		return nil, err
	}
	address, err := b.SignedPut(ctx, pluvia.MLflowBucket, key, expires)
	if err != nil {
		return nil, err
	}
	return append(signedAnswer(out, "presigned_url", address, -1), '}'), nil
}

// artifactURI is the address of the artifacts of a run, or of a logged model
// when there is no run.
func (s *Server) artifactURI(ctx context.Context, run, model string) (string, error) {
	if run == "" {
		m, err := s.store.LoggedModel(ctx, model)
		if err != nil {
			return "", err
		}
		return m.ArtifactURI, nil
	}
	r, err := s.store.Run(ctx, run)
	if err != nil {
		return "", err
	}
	return r.ArtifactURI, nil
}

// expiration reads how long a signed address is to be good, in seconds.
func (q *request) expiration() (time.Duration, error) {
	seconds := q.integer("expiration", int64(signedFor/time.Second))
	if err := q.err(); err != nil {
		return 0, err
	}
	if most := int64(maxSignedFor / time.Second); seconds < 1 || seconds > most {
		return 0, pluvia.Errorf(pluvia.Invalid, "expiration must be between 1 and %d seconds (got %d).", most, seconds)
	}
	return time.Duration(seconds) * time.Second, nil
}

// uploadKey is the key that an upload in parts is about: the file that the
// client calls so on its side, in the folder of the path.
func (q *request) uploadKey() (string, error) {
	name := q.need("path")
	if err := q.err(); err != nil {
		return "", err
	}
	folder, err := safePath(q.PathValue("path"))
	if err != nil {
		return "", err
	}
	return below(folder, path.Base(name))
}

// beginUpload begins an upload in parts, which the client sends to the server
// of the buckets itself.
func (s *Server) beginUpload(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, err := q.uploadKey()
	parts := q.integer("num_parts", 1)
	if err == nil {
		err = q.err()
	}
	if err != nil {
		return nil, err
	}
	b, err := s.signed("Multipart upload")
	if err != nil {
		return nil, err
	}
	if parts < 1 || parts > 10_000 {
		return nil, pluvia.Errorf(pluvia.Invalid, "Invalid value %d for parameter 'num_parts' supplied: It must be between 1 and 10000", parts)
	}
	upload, addresses, err := b.BeginUpload(ctx, pluvia.MLflowBucket, name, int(parts), signedFor*4)
	if err != nil {
		return nil, err
	}
	out = textField(append(out, '{'), "upload_id", upload)
	out = append(key(out, "credentials"), '[')
	for i, address := range addresses {
		out = textField(append(next(out), '{'), "url", address)
		out = intField(out, "part_number", int64(i+1))
		out = append(key(out, "headers"), '{', '}', '}')
	}
	return append(out, ']', '}'), nil
}

func (s *Server) finishUpload(ctx context.Context, q *request, out []byte) ([]byte, error) {
	var parts []pluvia.UploadedPart
	for p := range q.messages("parts") {
		parts = append(parts, pluvia.UploadedPart{Number: int(p.needInteger("part_number")), ETag: p.need("etag")})
	}
	if len(parts) == 0 {
		q.missing("parts")
	}
	return s.endUpload(q, out, func(b pluvia.SignedBuckets, key, upload string) error {
		return b.FinishUpload(ctx, pluvia.MLflowBucket, key, upload, parts)
	})
}

func (s *Server) abortUpload(ctx context.Context, q *request, out []byte) ([]byte, error) {
	return s.endUpload(q, out, func(b pluvia.SignedBuckets, key, upload string) error {
		return b.AbortUpload(ctx, pluvia.MLflowBucket, key, upload)
	})
}

// endUpload ends the upload that a call is about in one way or the other.
func (s *Server) endUpload(q *request, out []byte, end func(b pluvia.SignedBuckets, key, upload string) error) ([]byte, error) {
	upload := q.need("upload_id")
	name, err := q.uploadKey()
	if err != nil {
		return nil, err
	}
	b, err := s.signed("Multipart upload")
	if err != nil {
		return nil, err
	}
	if err := end(b, name, upload); err != nil {
		return nil, err
	}
	return empty(out), nil
}
