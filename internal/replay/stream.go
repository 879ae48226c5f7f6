package replay

import (
	"context"
	"database/sql"
	"errors"
)

// Stream is rows that could not be read to their end: those that were read,
// followed by what the database still has or by the error that was met. It
// can be played once, and holds a connection until the rows are closed.
type Stream struct {
	*Result // what was read

	live    *sql.Rows
	err     error // met after the last row that was read
	nextSet bool  // live is at the beginning of the next result set
	played  bool
	release func() // called when live is closed; may be nil
}

var errPlayed = errors.New("cacheops: these rows were played already")

// OnClose has f called when the stream's rows are closed.
func (s *Stream) OnClose(f func()) { s.release = f }

// Rows plays the stream. If that fails the stream is closed.
func (s *Stream) Rows(ctx context.Context) (*sql.Rows, error) {
	rows, err := play(ctx, s)
	if err != nil {
		_ = s.Close()
	}
	return rows, err
}

// Row plays the stream's first row. If that fails the stream is closed.
func (s *Stream) Row(ctx context.Context) *sql.Row {
	row := playRow(ctx, s)
	if row.Err() != nil {
		_ = s.Close()
	}
	return row
}

// Close ends the database's rows.
func (s *Stream) Close() error {
	err := s.live.Close()
	if s.release != nil {
		s.release()
	}
	return err
}

func (s *Stream) open(ctx context.Context) (*player, error) {
	if s.played {
		return nil, errPlayed
	}
	s.played = true
	p := newPlayer(ctx, s.Result)
	p.stream = s
	return p, nil
}
