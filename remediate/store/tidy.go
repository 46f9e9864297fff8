package store

import "context"

// Tidier is a Driver of a store in which a write that was cut off leaves more than a
// version that waits: tags without a value, a name without a version, half a file.
type Tidier interface {
	// Tidy takes away what an operation left that never became a value, by its id.
	// Where there is nothing it is done.
	Tidy(ctx context.Context, name, op string) error
}

// Tidy takes away what an operation left of a write that was cut off.
func (s *Store) Tidy(ctx context.Context, name, op string) error {
	d, ok := s.driver.(Tidier)
	if !ok {
		return nil
	}
	err := s.call(ctx, "tidy up", name, func() error { return d.Tidy(ctx, name, op) })
	if CodeOf(err) == NotFound {
		return nil
	}
	return err
}
