package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"
	"doorward/backend/web/api"
)

// copy is the line about the store of a machine that does not lead.
func (o operations) copy(ctx context.Context) api.Check {
	c, err := o.a.service.Dashboard.Overview(ctx, access.Operator)
	if err != nil {
		return unreadable("store", err)
	}
	if leader, _ := o.a.machine.Leader(); leader == "" {
		return check("store", "fail",
			reportf("No machine is in charge of the cluster right now. Most of its machines must be running."),
			access.Text{})
	}
	return check("store", "ok", reportf("This machine follows the one that leads. Members: %d", c.Members()),
		access.Text{})
}

// onlyShell is a line that the command line alone has, in English.
func onlyShell(name, state, mend, format string, values ...any) api.Check {
	return api.Check{Name: name, State: state, Detail: reportf("%s", fmt.Sprintf(format, values...)), Shell: mend}
}

// What is unusual of a machine.
const (
	clockApart      = time.Second
	muchBehind      = 64                  // changes: it has them within a heartbeat or two
	certificateSoon = 14 * 24 * time.Hour // it was to be renewed long before
)

// Machines says who leads, and how each machine of the cluster is.
func (o operations) Machines(ctx context.Context) []api.Check {
	if o.a.machine == nil {
		return nil
	}
	return clusterChecks(o.a.machine.Health(ctx), time.Now())
}

func clusterChecks(all []MachineHealth, now time.Time) []api.Check {
	i := slices.IndexFunc(all, func(m MachineHealth) bool { return m.Self })
	if i < 0 || all[i].Leaves {
		return []api.Check{onlyShell("cluster", "fail", "To add it again, stop its server and run: doorward "+
			"cluster rejoin. Else put its data away.", "This machine was removed from the cluster. It serves nobody, "+
			"and its copy is as it was then.")}
	}
	checks := []api.Check{leadCheck(all)}
	led := slices.ContainsFunc(all, func(m MachineHealth) bool { return m.Leads })
	for _, m := range all {
		c := machineCheck(m, all[i], now)
		if !m.Answers && !led { // only while one leads can another be removed
			c.Shell = "Start it."
		}
		checks = append(checks, c)
	}
	return checks
}

func leadCheck(all []MachineHealth) api.Check {
	leader, answer := "", 0
	for _, m := range all {
		if m.Leads {
			leader = m.Name
		}
		if m.Answers {
			answer++
		}
	}
	switch {
	case leader == "":
		return onlyShell("cluster", "fail", "Start the others. If most of them are lost for good, stop this one and "+
			"run: doorward cluster recover", "No machine leads, so nothing can be changed. Of %s, %d can be reached.",
			text.Count(len(all), "machine"), answer)
	case len(all) == 1:
		return onlyShell("cluster", "warn", "Let two others join: doorward cluster token",
			"%s is the only machine of the cluster.", leader)
	case len(all) == 2:
		return onlyShell("cluster", "warn", "Add a third: doorward cluster token",
			"%s leads. There are two machines, which survive the loss of neither.", leader)
	}
	return onlyShell("cluster", "ok", "", "%s leads. Of %s, %d can be reached.", leader,
		text.Count(len(all), "machine"), answer)
}

// aheadOrBehind says how far a clock is from others.
func aheadOrBehind(ahead time.Duration) string {
	if ahead < 0 {
		return (-ahead).Round(100*time.Millisecond).String() + " behind"
	}
	return ahead.Round(100*time.Millisecond).String() + " ahead of"
}

// machineCheck is what is worst about a machine, or else how it is.
func machineCheck(m, self MachineHealth, now time.Time) api.Check {
	name := "machine " + m.Name
	switch {
	case !m.Answers:
		return onlyShell(name, "fail", "Start it, or remove it for good: doorward cluster remove "+m.Name,
			"It cannot be reached.")
	case m.Harmed:
		return onlyShell(name, "fail", "Remove it: doorward cluster remove "+m.Name+". Then stop its server, and run "+
			"there: doorward cluster rejoin", "Its copy is damaged; its log says where.")
	case m.Free < m.Floor:
		return onlyShell(name, "fail", "Free up disk space there.",
			"It takes no changes: %d MB of its disk are free.", m.Free>>20)
	case m.WrongClock:
		return onlyShell(name, "warn", "Have it follow the same time server as the others.",
			"Its clock is %s most of the others': it does not lead until that is corrected.", aheadOrBehind(m.Ahead))
	case m.Ahead.Abs() > clockApart:
		return onlyShell(name, "warn", "Have all machines follow the same time server: things expire by the clock of "+
			"the one that leads, and of two clocks nobody knows which is right.",
			"Its clock is %s the others'.", aheadOrBehind(m.Ahead))
	case m.CertificateEnds.Sub(now) < certificateSoon:
		return onlyShell(name, "warn", "It should have been renewed 30 days before. Check that machine's log.",
			"Its certificate for the others ends on %s.", m.CertificateEnds.Format(time.DateOnly))
	case m.Behind > muchBehind:
		return onlyShell(name, "warn",
			"If that does not go down, check its log and the network between the machines.",
			"Its copy lacks %s.", text.Count(int(m.Behind), "change"))
	case m.Version != self.Version:
		return onlyShell(name, "warn", "Upgrade all machines to the same version.",
			"It runs version %s, and this machine %s.", m.Version, self.Version)
	}
	return onlyShell(name, "ok", "", "Version %s, %s behind, %d MB of disk free, certificate until %s", m.Version,
		text.Count(int(m.Behind), "change"), m.Free>>20, m.CertificateEnds.Format(time.DateOnly))
}
