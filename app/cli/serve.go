package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"doorward/app"
	"doorward/app/config"

	"github.com/spf13/cobra"
)

// The garbage collector's settings, unless GOMEMLIMIT and GOGC say otherwise: a
// limit (app.MemoryLimit), and below it memory may grow to four times what is in
// use before a collection. Little is in use, so that collecting as often as by
// default would take a fifth of the processor time of a busy server.
const memoryPercent = 300

func (r *run) serveVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve [--listen HOST:PORT] [--url URL]",
		Short: "Run the server",
		Long:  "Run the server until it is interrupted.\n\n" + settingsHelp(),
		Args:  cobra.NoArgs,
	}
	var j joining
	j.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return r.serve(cmd, j) }
	return settings(cmd, false)
}

func settingsHelp() string {
	return "Each setting is a flag, an environment variable and a key in\n" + config.FileName +
		" in the data directory; the first that is given counts: --smtp-url,\nDOORWARD_SMTP_URL, smtp_url."
}

func (r *run) serve(cmd *cobra.Command, j joining) (err error) {
	c, err := config.Load(given(cmd), r.Env)
	if err != nil {
		return err
	}
	if r.Env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(app.MemoryLimit())
	}
	if r.Env("GOGC") == "" {
		debug.SetGCPercent(memoryPercent)
	}
	c.Frontend, c.Version, c.Log, c.Now = r.Frontend, r.Version, r.Stderr, r.Now
	if err := r.join(cmd, &c, j); err != nil {
		return err
	}
	a, err := app.OpenMachine(cmd.Context(), c, app.InThis(r.Cluster))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	say := func(err error) {
		if err != nil {
			fmt.Fprintln(r.Stderr, "doorward: the output cannot be printed:", err)
		}
	}
	a.OnSetupLink(func(link string) { say(r.setupLink(link)) })
	return a.Serve(cmd.Context(), func(info app.ServeInfo) { say(r.ready(info)) })
}

// A serving is what serve --json prints once it answers.
type serving struct {
	URL        string `json:"url"`
	Listen     string `json:"listen"`
	SetupLink  string `json:"setup_link,omitempty"`
	SetupAway  bool   `json:"setup_elsewhere,omitempty"` // another machine prints the link
	MailServer string `json:"mail_server,omitempty"`
	Socket     string `json:"socket"`
}

// A setupLink is what serve --json prints later, on a machine that begins to lead.
type setupLink struct {
	SetupLink string `json:"setup_link"`
}

const notSetUp = "This workspace is not set up yet. "

func (r *run) setupLink(link string) error {
	err := r.value(setupLink{link}, func(w io.Writer) { printSetupLink(w, link) })
	return errors.Join(err, r.out.Flush())
}

func printSetupLink(w io.Writer, link string) {
	fmt.Fprintf(w, notSetUp+"Open this setup link, which works once:\n%s\n\n", link)
}

func (r *run) ready(info app.ServeInfo) error {
	out := serving{info.URL, info.Listen, info.SetupLink, info.SetupAway, info.MailServer, info.Socket}
	err := r.value(out, func(w io.Writer) {
		switch { // before the address, where there is nothing to sign in to yet
		case info.SetupLink != "":
			printSetupLink(w, info.SetupLink)
		case info.SetupAway:
			fmt.Fprintf(w, notSetUp+"The machine that leads prints the setup link when it begins to lead, but not\n"+
				"twice within an hour. Look at what the machines have printed, or make the first Admin here:\n%s\n\n",
				r.spell("setup --email EMAIL"))
		}
		fmt.Fprintf(w, "Doorward is running at %s\n", info.URL)
		if info.MailServer != "" {
			fmt.Fprintf(w, "\nEmails are sent through %s.\n", info.MailServer)
		} else {
			fmt.Fprintf(w, "\nNo mail server is set up, so emails are held here. Read them with:\n%s\n",
				r.spell("outbox"))
		}
	})
	return errors.Join(err, r.out.Flush())
}

// spell is the command line of another verb on the same data directory, with this
// program's name.
func (r *run) spell(verb string) string {
	words := append([]string{cmp.Or(r.Name, "doorward")}, strings.Fields(verb)...)
	if r.data != "" {
		words = append(words, "--data", r.data)
	}
	for i, w := range words {
		if strings.ContainsAny(w, " '\"$`\\*?&;|<>()#") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}
