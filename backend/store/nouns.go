package store

// The nouns of a transaction: each has what is read and written of one kind of record,
// and what they share is the transaction's.
type (
	AuditLog       struct{ *inTx } // who did what, chained by hash
	Browsers       struct{ *inTx } // browsers that signed a member in before
	Buckets        struct{ *inTx } // what limits count
	Decoys         struct{ *inTx } // what is written in place of an email for an address that gets none
	LoginLinks     struct{ *inTx } // open login links
	Members        struct{ *inTx } // accounts, and what is remembered of those that are gone
	Messages       struct{ *inTx } // the outbox
	Roles          struct{ *inTx } // own roles; the built-in ones are in access
	Schedule       struct{ *inTx } // what falls due, by time
	Sessions       struct{ *inTx } // open sessions, and why others ended
	SignInRequests struct{ *inTx } // requests for a sign-in email
	Tokens         struct{ *inTx } // API tokens
	Traces         struct{ *inTx } // what is unusual, by kind and network
)

// inTx is all of them, for the nouns alone: nobody outside of this package finds
// one noun through another.
type inTx = Tx

func newTx(t Tx) *Tx {
	tx := &t
	tx.AuditLog = AuditLog{tx}
	tx.Browsers = Browsers{tx}
	tx.Buckets = Buckets{tx}
	tx.Decoys = Decoys{tx}
	tx.LoginLinks = LoginLinks{tx}
	tx.Members = Members{tx}
	tx.Messages = Messages{tx}
	tx.Roles = Roles{tx}
	tx.Schedule = Schedule{tx}
	tx.Sessions = Sessions{tx}
	tx.SignInRequests = SignInRequests{tx}
	tx.Tokens = Tokens{tx}
	tx.Traces = Traces{tx}
	return tx
}
