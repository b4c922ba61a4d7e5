package e2e

import (
	"os"
	"testing"

	"doorward/app/e2e/product"
)

func TestMain(m *testing.M) { os.Exit(product.Run(m)) }

// running is one Doorward, with the actions of this package's tests.
type running struct{ *product.Product }

func newProduct(t *testing.T, flags ...string) *running {
	t.Helper()
	return &running{product.New(t, flags...)}
}

func serving(t *testing.T, flags ...string) *running {
	t.Helper()
	return &running{product.Serving(t, flags...)}
}
