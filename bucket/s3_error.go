package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7"

	"github.com/pluvia-ml/pluvia"
)

// failed gives an error of the server a code. nil, errors of a context, of the
// house and of whoever gave the content pass through.
func (s *S3) failed(what, place string, err error) error {
	var own *pluvia.Error
	var content *readError
	switch {
	case errors.As(err, &content):
		return content.error
	case err == nil, errors.As(err, &own), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	coded := func(code pluvia.Code, sentence string) error {
		return &pluvia.Error{Code: code, Message: fmt.Sprintf("buckets in s3://%s/%s: %s %s: %s", s.bucket, s.prefix, what, place, sentence), Err: err}
	}
	answer, answered := errors.AsType[minio.ErrorResponse](err)
	if !answered {
		return coded(pluvia.Unavailable, fmt.Sprintf("the server at %s does not answer as it should; check that it runs and try again", s.server.EndpointURL()))
	}
	switch answer.Code {
	case minio.NoSuchKey:
		return &pluvia.Error{Code: pluvia.NotFound, Message: "no object s3://" + place, Err: err}
	case minio.NoSuchUpload:
		return coded(pluvia.NotFound, "there is no such upload; it was finished or aborted, or has expired")
	case minio.NoSuchBucket:
		return coded(pluvia.Unavailable, "the bucket is gone; create it anew")
	case minio.InvalidPart, "InvalidPartOrder", "MalformedXML", "InvalidRequest", minio.InvalidArgument, minio.EntityTooSmall:
		return coded(pluvia.Invalid, answer.Message)
	case minio.EntityTooLarge:
		return coded(pluvia.TooLarge, answer.Message)
	case minio.PreconditionFailed:
		return coded(pluvia.Conflict, "the object has changed since it was opened; open it again")
	case "ObjectParentIsFile", "ExistingObjectIsDirectory", "XMinioParentIsObject", "XMinioObjectExistsAsDirectory":
		return coded(pluvia.Conflict, "this server cannot hold an object whose key is the beginning of another object's key, up to a slash; choose another key or delete the other object")
	case "XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "XMinioAdminBucketQuotaExceeded":
		return coded(pluvia.Full, "no space left; what was there is unchanged, free some space and try again")
	case minio.AccessDenied, minio.InvalidAccessKeyID, minio.SignatureDoesNotMatch, "ExpiredToken", "InvalidToken", minio.AuthorizationHeaderMalformed, "RequestTimeTooSkewed":
		return coded(pluvia.Unavailable, answer.Code+"; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, the clock, and what the key may do")
	}
	switch answer.StatusCode {
	case http.StatusInsufficientStorage:
		return coded(pluvia.Full, "no space left; what was there is unchanged, free some space and try again")
	case http.StatusForbidden, http.StatusUnauthorized:
		return coded(pluvia.Unavailable, "not permitted; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what the key may do")
	case http.StatusPreconditionFailed:
		return coded(pluvia.Conflict, "the object has changed since it was opened; open it again")
	}
	return coded(pluvia.Unavailable, "the server answers "+answer.Code+"; try again")
}
