// Package fsck reads the private file formats of one version of Badger: its log,
// its tables, its list of tables. Badger answers damage in them silently, or ends
// the process over it, so they are read before Badger sees them.
//
// Nothing in Badger promises that these formats stay. The golden files in testdata
// were written by the version that go.mod pins, and a test fails when it pins
// another.
package fsck
