// Package config is what an operator decides before Doorward starts: the
// settings, each under one name as a flag, an environment variable and a key of
// doorward.toml, and the file or credential that may hold the mail server's
// password. [Load] collects them, checks each once and says which setting is
// wrong, as it is spelled in all three places.
//
// It opens nothing that the settings name: package app finds out whether the port
// is free and the mail server answers. Settings that Admins change while Doorward
// runs, such as the workspace's name, are not here: they are in the store.
package config
