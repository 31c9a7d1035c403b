package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/cycle"
)

// patience is how long the server that holds the data directory may take for
// an answer: one that was stopped, not ended, gives none.
const patience = 15 * time.Second

// server is the client for it: on this machine, so past any proxy.
var server = &http.Client{Transport: &http.Transport{}}

// cycleStatus is a [cycle.Status] on the wire.
type cycleStatus struct {
	Running bool      `json:"running"`
	RunID   string    `json:"run_id,omitempty"`
	Steps   []string  `json:"steps,omitempty"`
	Step    string    `json:"step,omitempty"`
	Doing   string    `json:"doing,omitempty"`
	Done    int64     `json:"done,omitempty"`
	Total   int64     `json:"total,omitempty"`
	Unit    string    `json:"unit,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Error   string    `json:"error,omitempty"`
}

func toWire(s cycle.Status) cycleStatus {
	w := cycleStatus{
		Running: s.Running, RunID: s.RunID, Steps: s.Steps, Step: string(s.Step), Doing: s.Doing,
		Done: s.Done, Total: s.Total, Unit: s.Unit, Since: s.Since, Ended: s.Ended,
	}
	if s.Err != nil {
		w.Error = s.Err.Error()
	}
	return w
}

func (w cycleStatus) status() cycle.Status {
	s := cycle.Status{
		Running: w.Running, RunID: w.RunID, Steps: w.Steps, Step: cycle.Step(w.Step), Doing: w.Doing,
		Done: w.Done, Total: w.Total, Unit: w.Unit, Since: w.Since, Ended: w.Ended,
	}
	return s
}

// runRemote has the server at url run a cycle, and waits for its end.
func runRemote(ctx context.Context, o *options, url string, steps []cycle.Step) error {
	body, err := json.Marshal(map[string]any{"steps": steps})
	if err != nil {
		return err
	}
	if _, err := call(ctx, http.MethodPost, url+"/api/v1/cycles", body); err != nil {
		return err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := call(ctx, http.MethodGet, url+"/api/v1/cycles/current", nil)
		if err != nil {
			return err
		}
		o.ui.progress(status.status())
		if !status.Running {
			if status.Error != "" {
				return fmt.Errorf("the cycle failed: %s", status.Error)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			o.ui.warn(errors.New("interrupted: the server goes on with its cycle"))
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func call(ctx context.Context, method, url string, body []byte) (*cycleStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := server.Do(request)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Unavailable, "the server that holds the data directory does not answer: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		var refused struct{ Code, Message string }
		if err := json.Unmarshal(text, &refused); err != nil || refused.Message == "" {
			return nil, fmt.Errorf("%s answered %s", url, response.Status)
		}
		return nil, &pluvia.Error{Code: pluvia.Code(refused.Code), Message: refused.Message}
	}
	status := new(cycleStatus)
	return status, json.Unmarshal(text, status)
}
