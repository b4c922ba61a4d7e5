// Package hostile is what a stranger, a member and a neighbour try against
// Doorward: the built program, on a data directory and a mail server of its own,
// over HTTP and raw sockets, SMTP and files, and behind nginx and HAProxy. Each
// row stands for one item of the security checklist that docs/security.md
// numbers, and its comment opens with the attack.
//
// Rows register themselves with item; TestTable runs them all, in parallel, and
// checks that the table in docs/security.md says what the run found:
//
//	go test ./app/e2e/hostile                               all rows
//	go test ./app/e2e/hostile -run TestTable/rows/53_       the rows of one item
//	go test ./app/e2e/hostile -run TestTable -update        write the table
//
// In make test no row is skipped. The program's clock cannot be set from outside, so
// a row about time stops the server and opens its data in the test's own process,
// with another clock.
package hostile
