package access

// An Order is one in which a list of members can be asked for, by the word of the API; with
// a minus sign it is reversed.
type Order string

const (
	ByName          Order = "name" // as it is shown: the address, where there is no name
	ByNameReversed  Order = "-name"
	ByEmail         Order = "email"
	ByEmailReversed Order = "-email"
	OldestFirst     Order = "added" // by the invitation
	NewestFirst     Order = "-added"
	LeastRecent     Order = "last_sign_in" // who has never signed in comes first
	MostRecent      Order = "-last_sign_in"
)

// ParseOrder returns the order of the members that has this name.
func ParseOrder(s string) (Order, error) {
	switch Order(s) {
	case ByName, ByNameReversed, ByEmail, ByEmailReversed, OldestFirst, NewestFirst, LeastRecent, MostRecent:
		return Order(s), nil
	}
	return "", Errorf(Invalid, "Unknown order %q. Use name, email, added or last_sign_in, or one of them "+
		"with a minus sign before it.", Shorten(s, 40)).On("sort").WithCode("unknown_order")
}

// ParseRequestOrder returns the order of the login requests that has this name.
func ParseRequestOrder(s string) (Order, error) {
	switch Order(s) {
	case OldestFirst, NewestFirst:
		return Order(s), nil
	}
	return "", Errorf(Invalid, "Unknown order %q. Login requests have added and -added.", Shorten(s, 40)).
		On("sort").WithCode("unknown_order")
}
