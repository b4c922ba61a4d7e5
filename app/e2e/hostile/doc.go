// Package hostile is what a stranger, a member and a neighbour try against
// Doorward: the built program, on a data directory and a mail server of its own,
// over HTTP and raw sockets, SMTP and files, and behind nginx and HAProxy. Each
// row stands for one item of the security checklist that docs/security.md
// numbers, and opens with its attack.
//
// Rows register themselves with item; TestTable runs them all, in parallel, and
// holds the table in docs/security.md to what the run found:
//
//	go test ./app/e2e/hostile                               all rows
//	go test ./app/e2e/hostile -run TestTable/rows/53_       the rows of one item
//	go test ./app/e2e/hostile -run TestTable -update        write the table
//
// In make test no row is skipped, and none is ever loosened to pass. The program's clock cannot
// be turned from outside: where an item is about time, its row stops the server
// and opens the data that it left in the test's own process, with another clock.
package hostile
