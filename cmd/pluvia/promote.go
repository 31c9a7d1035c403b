package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
	h, err := openHouse(ctx, o, true)
	var held *heldError // the lock says so; holder.json may be that of a dead process
	if errors.As(err, &held) {
		h, err = openHouse(ctx, o, false)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	moved, err := h.runner(nil).PromoteByHand(ctx, number)
	if err != nil {
		return err
	}
	served := "no server runs on this data directory"
	if held != nil && held.URL != "" {
		if served, err = tellServer(ctx, held.URL); err != nil {
			return fmt.Errorf("version %d is champion, but the server at %s may still serve another: %w", number, held.URL, err)
		}
	}
	is := "is"
	if !moved {
		is = "was already"
	}
	h.ui.say("promoted", fmt.Sprintf("Version %d of %s %s champion; %s.", number, h.project.Names.ModelProd, is, served),
		map[string]any{"version": number, "model": h.project.Names.ModelProd, "moved": moved, "server": served})
	return nil
}

func tellServer(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/update-model", nil)
	if err != nil {
		return "", err
	}
	response, err := server.Do(request)
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
