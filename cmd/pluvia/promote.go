package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	pluvia "github.com/pluvia-ml/pluvia"
)

func newPromote(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "promote VERSION",
		Short: "Make a version of the model champion by hand",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := strconv.Atoi(args[0])
			if err != nil || number < 1 {
				return &usageError{fmt.Errorf("VERSION %q: must be a number from 1 on; see \"pluvia runs\"", args[0])}
			}
			return runPromote(cmd.Context(), o, number)
		},
	}
}

// runPromote moves the alias and tells the server that holds the data
// directory, if there is one, to take the new champion.
func runPromote(ctx context.Context, o *options, number int) (err error) {
	h, err := openHouse(ctx, o, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if err := h.runner(nil).PromoteByHand(ctx, number); err != nil {
		return err
	}
	served := "no server runs on this data directory"
	if url := h.servedAt(); url != "" {
		if served, err = tellServer(ctx, url); err != nil {
			return fmt.Errorf("version %d is champion, but the server at %s still serves the old one: %w", number, url, err)
		}
	}
	h.ui.say("promoted", fmt.Sprintf("Version %d of %s is champion; %s.", number, h.project.Names.ModelProd, served),
		map[string]any{"version": number, "model": h.project.Names.ModelProd, "server": served})
	return nil
}

// servedAt is where the holder of the data directory serves, or "".
func (h *house) servedAt() string {
	text, err := os.ReadFile(h.path(holderFile))
	if err != nil {
		return ""
	}
	var who holder
	if err := json.Unmarshal(text, &who); err != nil {
		return ""
	}
	return who.URL
}

func tellServer(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/update-model", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", pluvia.Errorf(pluvia.Unavailable, "it does not answer: %w", err)
	}
	defer response.Body.Close()
	var answer struct{ Status string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("it answered %s", response.Status)
	}
	return fmt.Sprintf("the server at %s says %q", url, answer.Status), nil
}
