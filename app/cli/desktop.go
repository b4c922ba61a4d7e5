package cli

import (
	"doorward/app/config"

	"github.com/spf13/cobra"
)

func (r *run) desktopVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "desktop",
		Short: "Open the console in its own window",
		Long: "Open the console in its own window. If a server runs on the data directory,\nthe window uses it; " +
			"otherwise the window runs one until it closes.\n\n" + settingsHelp(),
		Args:   cobra.NoArgs,
		Hidden: !hasWindow,
		RunE:   func(cmd *cobra.Command, _ []string) error { return r.desktop(cmd) },
	}
	return settings(cmd, false)
}

// bare runs the program without a verb: it opens the window, if this build has
// one.
func (r *run) bare(cmd *cobra.Command, _ []string) error {
	if hasWindow {
		return r.desktop(cmd)
	}
	return cmd.Help()
}

func (r *run) desktop(cmd *cobra.Command) error {
	c, err := config.Load(given(cmd), r.Env)
	if err != nil {
		return err
	}
	c.Frontend, c.Version, c.Log, c.Now = r.Frontend, r.Version, r.Stderr, r.Now
	return openWindow(cmd.Context(), c)
}
