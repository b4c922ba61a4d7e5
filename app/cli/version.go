package cli

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"
)

func (r *run) versionVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			out := map[string]string{
				"version": r.Version,
				"go":      runtime.Version(),
				"os":      runtime.GOOS,
				"arch":    runtime.GOARCH,
			}
			return r.value(out, func(w io.Writer) {
				fmt.Fprintf(w, "doorward %s (%s, %s/%s)\n", r.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			})
		},
	}
}

const completionHelp = `Print the completion script of a shell. To have it in every new shell:

  bash        doorward completion bash > ~/.local/share/bash-completion/completions/doorward
  zsh         doorward completion zsh > "${fpath[1]}/_doorward"
  fish        doorward completion fish > ~/.config/fish/completions/doorward.fish
  powershell  doorward completion powershell >> $PROFILE`

func (r *run) completionVerb() *cobra.Command {
	shells := map[string]func(root *cobra.Command) error{
		"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(r.out, true) },
		"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(r.out) },
		"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(r.out, true) },
		"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(r.out) },
	}
	return &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print a completion script for your shell",
		Long:      completionHelp,
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			script, known := shells[args[0]]
			if !known {
				return wrongUse(cmd, "There is no completion for %q. Use bash, zsh, fish or powershell.", args[0])
			}
			return script(cmd.Root())
		},
	}
}
