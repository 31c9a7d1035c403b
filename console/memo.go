package console

import "sync"

// memo keeps the value that was made last, with the key that it was made for:
// what takes milliseconds and changes once a cycle is made once a cycle. Its
// zero value is ready.
type memo[K comparable, V any] struct {
	mu    sync.Mutex
	made  bool
	key   K
	value V
}

// of is the value for the key. An error is not kept.
func (m *memo[K, V]) of(key K, build func() (V, error)) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.made && m.key == key {
		return m.value, nil
	}
	value, err := build()
	if err != nil {
		return value, err
	}
	m.made, m.key, m.value = true, key, value
	return value, nil
}
