package kv

import "fmt"

// TooLarge returns an ErrTooLarge that says which limit was exceeded.
func TooLarge(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTooLarge, fmt.Sprintf(format, args...))
}

// CheckKey refuses a key that no engine accepts.
func CheckKey(key []byte) error {
	if len(key) == 0 {
		return TooLarge("a key has no bytes; it needs 1 to %d", MaxKey)
	}
	if len(key) > MaxKey {
		return TooLarge("a key has %d bytes, at most %d are allowed", len(key), MaxKey)
	}
	return nil
}

// CheckValue refuses a value that no engine accepts.
func CheckValue(value []byte) error {
	if len(value) > MaxValue {
		return TooLarge("a value has %d bytes, at most %d are allowed", len(value), MaxValue)
	}
	return nil
}

// CheckLimit refuses a Scan limit outside 1 to maximum.
func CheckLimit(limit, maximum int) error {
	if limit < 1 || limit > maximum {
		return TooLarge("a scan with limit %d, it must be 1 to %d here", limit, maximum)
	}
	return nil
}
