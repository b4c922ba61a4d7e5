// Package config is what an operator decides before Doorward starts: the settings,
// each under one name as a flag, a variable of the environment and a key of
// doorward.toml, and the file or credential in which the mail server's password may
// lie. [Load] gathers them, checks each once and says which setting is wrong, as it
// is spelled in all three places.
//
// It opens nothing that the settings name: that the port is free or the mail server
// answers is found out by package app. Settings that Admins change while Doorward
// runs, such as the workspace's name, are no part of it: they are in the store.
package config
