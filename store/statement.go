package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxStatements bounds what is kept prepared; the texts of this package are
// some hundred, those of searches aside.
const maxStatements = 128

// statements keeps SQL prepared. A text is prepared after the transaction that
// first ran it, because until then that transaction holds the writer's only
// connection. A nil *statements keeps nothing.
type statements struct {
	db *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
	wanted   []string
}

// find is the statement for text, or nil when it is not prepared yet.
func (s *statements) find(text string) *sql.Stmt {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt, known := s.prepared[text]
	if !known && len(s.prepared) < maxStatements {
		if s.prepared == nil {
			s.prepared = make(map[string]*sql.Stmt)
		}
		s.prepared[text] = nil
		s.wanted = append(s.wanted, text)
	}
	return stmt
}

// prepare prepares the texts that find has missed. One that cannot be prepared
// now is run unprepared from then on.
func (s *statements) prepare(ctx context.Context) {
	if s == nil {
		return
	}
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = nil
	s.mu.Unlock()
	for _, text := range wanted {
		stmt, err := s.db.PrepareContext(context.WithoutCancel(ctx), text)
		if err != nil {
			continue
		}
		s.mu.Lock()
		s.prepared[text] = stmt
		s.mu.Unlock()
	}
}

func (s *statements) close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, stmt := range s.prepared {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	s.prepared = nil
	return errors.Join(errs...)
}
