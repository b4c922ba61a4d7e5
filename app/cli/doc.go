// Package cli is the command line: one verb, one request to the API.
//
// It decides nothing. Each verb calls the same HTTP API that the console uses, as
// the machine's operator, and prints the answer: for people as sentences and
// tables, with --json as the API's own objects, one to a line. While a server
// runs on the data directory the request goes through its socket; otherwise the
// verb opens the store itself and calls the same handler in this process. So
// every rule of the API holds here.
//
// Exit codes: 0 done; 1 refused or failed, with the sentence on standard error; 2
// wrong usage. Control characters are removed from text that goes to a terminal:
// names, notes and the answers of mail servers come from strangers.
//
// This is the only package that imports cobra.
package cli
