// Package s3test runs a real S3 server for tests: versitygw on a temporary
// folder, as a process of its own, with one bucket in it.
//
// Nothing but Go is needed: the server is a Go tool of the module tools/s3,
// which the first start builds (a minute) and later ones take from the cache.
package s3test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Bucket is the bucket that the server has.
const Bucket = "house"

// Server is a running server.
type Server struct {
	// Environment is what a process needs to know to use it, as NAME=value.
	Environment []string

	folder  string
	process *exec.Cmd
	ended   chan struct{}
	output  bytes.Buffer // to be read when the process has ended
}

// Start starts a server whose files are in folder, which must be empty. The
// caller closes it.
func Start(ctx context.Context, folder string) (*Server, error) {
	_, file, _, _ := runtime.Caller(0)
	find := exec.CommandContext(ctx, "go", "tool", "-n", "versitygw")
	find.Dir = filepath.Join(filepath.Dir(file), "..", "..", "tools", "s3")
	find.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	out, err := find.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("build the S3 server in tools/s3: %w", err)
	}
	// Without a folder for what it knows of objects it needs extended
	// attributes, which not every file system of a test machine has.
	root, known := filepath.Join(folder, "objects"), filepath.Join(folder, "known")
	for _, dir := range []string{filepath.Join(root, Bucket), known} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
	}
	address, err := free()
	if err != nil {
		return nil, err
	}
	const access, secret = "tester", "not-a-secret"
	s := &Server{folder: folder, ended: make(chan struct{}), Environment: []string{
		"AWS_ACCESS_KEY_ID=" + access, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_ENDPOINT_URL=http://" + address,
		"AWS_REGION=us-east-1", "AWS_SESSION_TOKEN=", "MLFLOW_S3_ENDPOINT_URL=", "AWS_ENDPOINT_URL_S3=",
	}}
	s.process = exec.Command(strings.TrimSpace(string(out)), "--port", address, "--access", access, "--secret", secret, "--quiet", "posix", "--sidecar", known, root)
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.process.Wait() // how it ended, Close and await say
		close(s.ended)
	}()
	if err := s.await(ctx, address); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// await waits until the server takes connections.
func (s *Server) await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the S3 server has ended: %s", s.output.String())
		case <-ctx.Done():
			return fmt.Errorf("the S3 server does not answer at %s: %w", address, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Use tells this process of the server, so that bucket.Open finds it.
func (s *Server) Use() error {
	for _, variable := range s.Environment {
		name, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the server.
func (s *Server) Close() error {
	err := s.process.Process.Kill()
	<-s.ended
	if errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("the S3 server had ended by itself: %s", s.output.String())
	}
	return err
}

// free is an address that nobody listens at.
func free() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
