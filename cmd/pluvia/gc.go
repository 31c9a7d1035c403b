package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	pluvia "github.com/pluvia-ml/pluvia"
)

func newGC(o *options) *cobra.Command {
	var older string
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove for good what was deleted: runs, experiments, their artifacts",
		Long: `Remove for good the runs, logged models and experiments that were deleted, free
their names, and delete the artifacts that nothing refers to any more. What
has been removed cannot be restored.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			age, err := parseAge(older)
			if err != nil {
				return &usageError{err}
			}
			return runGC(cmd.Context(), o, age)
		},
	}
	cmd.Flags().StringVar(&older, "older-than", "0s", "only what was deleted longer ago, such as 30d or 1d12h")
	return cmd
}

func runGC(ctx context.Context, o *options, age time.Duration) (err error) {
	h, err := openHouse(ctx, o, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	// One millisecond more, because what was deleted before a moment is meant.
	artifacts, err := h.store.Purge(ctx, pluvia.Millis(time.Now().Add(-age))+1)
	removed, kept := 0, []string{}
	for _, uri := range artifacts {
		bucket, key, foreign := pluvia.ParseURI(uri)
		if foreign != nil || bucket != pluvia.MLflowBucket {
			kept = append(kept, uri)
			continue
		}
		if failed := h.buckets.DeleteTree(ctx, bucket, key); failed != nil {
			err = errors.Join(err, fmt.Errorf("delete %s by hand, nothing refers to it: %w", uri, failed))
			continue
		}
		removed++
	}
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%d places of artifacts removed", removed)
	if len(kept) > 0 {
		text += fmt.Sprintf("; these are not in this house's buckets, and stay: %q", kept)
	}
	h.ui.say("gc", text, map[string]any{"removed": removed, "elsewhere": kept})
	return nil
}

// parseAge reads a duration as MLflow writes one, with days: 1d2h3m4s.
func parseAge(text string) (time.Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	var age time.Duration
	if found {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36_500 {
			return 0, fmt.Errorf("--older-than %q: must be a length of time such as 30d or 1d12h", text)
		}
		age = time.Duration(n) * 24 * time.Hour
	} else {
		rest = text
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("--older-than %q: must be a length of time such as 30d or 1d12h", text)
		}
		age += d
	}
	return age, nil
}
