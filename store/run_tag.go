package store

import "context"

// DeleteTag removes a tag of an active run; one that it does not have is a
// NotFound error.
func (s *Store) DeleteTag(ctx context.Context, runID, key string) error {
	return s.write(ctx, "remove a tag of a run", func(t *tx) error {
		run, _, err := activeRun(ctx, t, runID)
		if err != nil {
			return err
		}
		if !storable(key) {
			return noTag("run", runID, key)
		}
		n, err := t.exec(ctx, `DELETE FROM run_tags WHERE run = $1 AND key = $2`, run, key)
		if err == nil && n == 0 {
			err = noTag("run", runID, key)
		}
		return err
	})
}
