package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"doorward/app"
	"doorward/app/config"

	"github.com/spf13/cobra"
)

func complete(cmd *cobra.Command, flag string, with cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, with); err != nil {
		panic(err) // the verb has no such flag: a mistake in this package
	}
}

func words(all ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)
}

// roleFlag adds --role, which may be repeated.
func (r *run) roleFlag(cmd *cobra.Command, roles *[]string, usage string) {
	cmd.Flags().StringArrayVar(roles, "role", nil, usage)
	complete(cmd, "role", r.roleNames)
}

// removableNames completes machines of the cluster that can be removed: all but the one that leads.
func (r *run) removableNames(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	dir, err := config.DataDir(given(cmd), r.Env)
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
	defer cancel()
	all, _ := r.Cluster.Machines(ctx, dir)
	var fit []string
	for _, m := range all {
		if !m.Leads && strings.HasPrefix(strings.ToLower(m.Name), strings.ToLower(begun)) {
			fit = append(fit, m.Name)
		}
	}
	return fit, cobra.ShellCompDirectiveNoFileComp
}

// roleNames completes roles: those that the running server knows, else the
// built-in ones.
func (r *run) roleNames(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	known := []string{"Admin", "AILoop", "Fleet"}
	if dir, err := config.DataDir(given(cmd), r.Env); err == nil {
		if client, running := app.Dial(dir); running {
			client.Timeout = 2 * time.Second
			known = rolesOf(client, known)
		}
	}
	var fit []string
	for _, name := range known {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(begun)) {
			fit = append(fit, name)
		}
	}
	return fit, cobra.ShellCompDirectiveNoFileComp
}

func rolesOf(client *http.Client, otherwise []string) (names []string) {
	resp, err := client.Get("http://doorward" + public + "/roles")
	if err != nil {
		return otherwise
	}
	defer resp.Body.Close()
	var out struct {
		Items []struct {
			Name string `json:"name"`
		} `json:"items"`
	}
	if resp.StatusCode != http.StatusOK || json.NewDecoder(resp.Body).Decode(&out) != nil {
		return otherwise
	}
	for _, role := range out.Items {
		names = append(names, role.Name)
	}
	return names
}
