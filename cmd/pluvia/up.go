package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/predict"
)

func newUp(o *options) *cobra.Command {
	var listen string
	cmd := withSource(&cobra.Command{
		Use:   "up",
		Short: "Serve the champion; train the first one when there is none",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runUp(cmd.Context(), o, listen, true) },
	}, o)
	withListen(cmd, &listen)
	return cmd
}

func newServe(o *options) *cobra.Command {
	var listen string
	cmd := withSource(&cobra.Command{
		Use:   "serve",
		Short: "Serve what there is; begin a cycle only when told to",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runUp(cmd.Context(), o, listen, false) },
	}, o)
	withListen(cmd, &listen)
	return cmd
}

func withListen(cmd *cobra.Command, listen *string) {
	cmd.Flags().StringVar(listen, "listen", "127.0.0.1:8800", "address and port; port 0 picks a free one")
}

// runUp serves until ctx ends. When it is to work too, it carries on beside that
// the cycle that a dead process has left, or runs the first one, or one on a
// source that has changed. A cycle that fails leaves the server up, and a
// database that cannot be opened does not keep it down while there is a last
// good model.
func runUp(ctx context.Context, o *options, listen string, toWork bool) (err error) {
	h, err := openHouse(ctx, o, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()

	service, err := h.predictor()
	if err != nil {
		return err
	}
	_, missing := service.Update(ctx)
	switch {
	case missing == nil:
	case service.Champion() == nil && h.broken != nil:
		return missing
	case service.Champion() != nil || pluvia.ErrorCode(missing) != pluvia.NotFound:
		h.ui.warn(missing)
	}
	listener, err := listenOn(listen)
	if err != nil {
		return err
	}
	url := address(listener)
	if err := h.sign(url); err != nil {
		return err
	}

	work, stop := context.WithCancel(ctx)
	var worker sync.WaitGroup
	defer worker.Wait()
	defer stop()
	runner := h.runner(func(ctx context.Context) (string, error) {
		outcome, err := service.Update(ctx)
		return string(outcome), err
	})
	handler, err := newHandler(h, service, runner, func(steps ...cycle.Step) error {
		return start(work, &worker, runner, steps)
	}, isLoopback(listener))
	if err != nil {
		return err
	}

	if service.Champion() != nil {
		h.sayChampion(service, url)
	}
	h.ui.say("listening", "Console: "+url, map[string]any{"url": url})
	if !toWork {
		return serve(ctx, listener, handler, h.log)
	}
	worker.Go(func() {
		worked, err := h.begin(work, runner, service)
		switch {
		case work.Err() != nil:
		case h.broken != nil: // said already
			h.ui.say("failed", "The last good model serves, and nothing else works. Mend the database, then start again.", nil)
		case err != nil:
			h.ui.fail(err)
			h.ui.say("failed", "The server stays up; the console shows what happened. Mend the cause, then press \"Run a cycle\" there or start again.", nil)
		case worked:
			h.sayChampion(service, url)
		}
		debug.FreeOSMemory() // what training needed is not needed for serving
	})
	return serve(ctx, listener, handler, h.log)
}

// begin does what is to be done on a start, and says whether there was anything.
func (h *house) begin(ctx context.Context, runner *cycle.Runner, service *predict.Predictor) (worked bool, err error) {
	if resumed, err := runner.Resume(ctx); resumed || err != nil {
		return resumed, err
	}
	// A last good model may serve beside a registry that has none.
	_, err = h.store.VersionByAlias(ctx, h.project.Names.ModelProd, pluvia.Champion)
	if err != nil && pluvia.ErrorCode(err) != pluvia.NotFound {
		return false, err
	}
	if err == nil && service.Champion() != nil {
		if h.options.source == "" {
			return false, nil
		}
		if changed, err := runner.SourceChanged(ctx); err != nil || !changed {
			return false, err
		}
	}
	return true, runner.Run(ctx, cycle.Steps...)
}

// start begins a cycle beside the server, unless one is running. A store that
// does not answer refuses it here, where somebody hears that.
func start(ctx context.Context, worker *sync.WaitGroup, runner *cycle.Runner, steps []cycle.Step) error {
	if _, err := runner.Store.Runs(ctx, pluvia.RunFilter{Limit: 1}); err != nil {
		return err
	}
	work, err := runner.Begin(steps...)
	if err != nil {
		return err
	}
	worker.Go(func() {
		if err := work(ctx); err != nil && ctx.Err() == nil {
			runner.Log.Error("cycle failed", "error", err)
		}
		debug.FreeOSMemory()
	})
	return nil
}

func (h *house) sayChampion(service *predict.Predictor, url string) {
	c := service.Champion()
	which := ""
	if c.Source == predict.FromLast {
		which = "the last good model, "
	}
	h.ui.say("champion", fmt.Sprintf("%s: %sversion %d (%s) answers at %s", h.project.Title.In("en"), which, c.Version, c.Model.Learner, url),
		map[string]any{"version": c.Version, "learner": c.Model.Learner, "model": c.Name, "run_id": c.RunID, "source": c.Source, "url": url})
}

func listenOn(listen string) (net.Listener, error) {
	listener, err := net.Listen("tcp", listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, pluvia.Errorf(pluvia.Unavailable, "%s is taken by another process: name another address with --listen, such as 127.0.0.1:0 for any free port", listen)
	case err != nil:
		return nil, pluvia.Errorf(pluvia.Invalid, "--listen %q: %w", listen, err)
	}
	return listener, nil
}

func isLoopback(l net.Listener) bool {
	a, ok := l.Addr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}

// address is where a browser on this machine finds the listener.
func address(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() || ip.IsUnspecified() {
		host = "localhost"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return "http://" + host + ":" + port
}

// serve answers until ctx ends, then lets the requests under way finish.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute, // a batch of 64 MiB over a slow line
		WriteTimeout:      10 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelInfo),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(finish)
}
