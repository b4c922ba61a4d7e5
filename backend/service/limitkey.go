package service

import (
	"doorward/backend/access"
	"doorward/backend/address"
)

// limitKey is the address as limits count it.
func limitKey(a access.Address) string { return address.LimitKey(a) }
