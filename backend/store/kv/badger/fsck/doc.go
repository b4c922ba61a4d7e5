// Package fsck reads the private file formats of one version of Badger: its log, its
// tables, its list of tables. Badger ignores damage in them silently, or the process dies
// of it, so they are checked before Badger opens them.
//
// Badger does not promise that these formats stay the same. The golden files in testdata
// were written by the version that go.mod pins, and a test fails when it pins another.
package fsck
