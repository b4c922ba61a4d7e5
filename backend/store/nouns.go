package store

// The nouns of a transaction: each has the reads and writes of one kind of record, and
// shares the transaction.
type (
	AuditLog       struct{ *inTx } // audit entries, chained by hash
	Browsers       struct{ *inTx } // browsers that have signed a member in
	Buckets        struct{ *inTx } // rate limits
	Decoys         struct{ *inTx } // stand-ins for emails, for addresses that get none
	LoginLinks     struct{ *inTx } // open login links
	Members        struct{ *inTx } // accounts, and what is stored about deleted ones
	Messages       struct{ *inTx } // the outbox
	Roles          struct{ *inTx } // the workspace's own roles; the built-in ones are in access
	Schedule       struct{ *inTx } // what falls due, by time
	Sessions       struct{ *inTx } // open sessions, and why others ended
	SignInRequests struct{ *inTx } // requests for a sign-in email
	Tokens         struct{ *inTx } // API tokens
	Traces         struct{ *inTx } // unusual events, by kind and network
)

// inTx is the transaction that a noun is a part of. Go promotes what is exported of it, so
// tx.Members.Settings() compiles: write tx.Settings().
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
