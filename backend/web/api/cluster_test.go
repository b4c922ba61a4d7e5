package api_test

import (
	"net/http"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/store"
	"doorward/backend/web/webtest"
)

// twoMachines makes the store that of a cluster of two, and returns the one that does not lead.
func twoMachines(c *webtest.Callers, m *webtest.Machines) cluster.Member {
	c.T.Helper()
	at := time.Date(2030, 5, 1, 11, 0, 0, 0, time.UTC)
	first := cluster.Member{ID: cluster.NodeID(access.NewID()), Name: "berlin-1", Address: "10.0.0.1:9443",
		Key: cluster.KeyHash{1}, Version: "v1.2.3", JoinedAt: at}
	second := cluster.Member{ID: cluster.NodeID(access.NewID()), Name: "berlin-2", Address: "10.0.0.2:9443",
		Key: cluster.KeyHash{2}, Version: "v1.2.3", JoinedAt: at.Add(time.Minute), Role: cluster.Voter}
	c.Must(c.Store.Update(bg, func(tx *store.Tx) error {
		return store.MachinesIn(tx).Begin([]byte("authority"), first)
	}))
	err := store.Registry{Store: c.Store}.Admit(bg, access.SecretHash{1}, func(a *cluster.Admission) error {
		a.Token, a.Joined = &cluster.KeptToken{Hash: access.SecretHash{1}}, second
		return nil
	})
	c.Must(err)
	yes, behind := true, uint64(3)
	m.Are(access.MachineState{ID: string(first.ID), Name: first.Name, Address: first.Address, Role: "voter",
		Version: "v1.2.4", JoinedAt: first.JoinedAt, Leads: true, Self: true},
		access.MachineState{ID: string(second.ID), Name: second.Name, Address: second.Address, Role: "voter",
			Version: "v1.2.3", JoinedAt: second.JoinedAt, Answers: &yes, Behind: &behind})
	return second
}

func (of kept) role(t *testing.T) cluster.Role {
	t.Helper()
	var found cluster.Member
	of.c.Must(of.c.Store.View(bg, func(tx *store.Tx) (err error) {
		found, err = store.MachinesIn(tx).Get(of.id)
		return err
	}))
	return found.Role
}

type kept struct {
	c  *webtest.Callers
	id cluster.NodeID
}

// Who may read the settings sees the machines, and only an Admin in a confirmed session removes
// one. Nobody else is told what the machines are called.
func TestMachines(t *testing.T) {
	m := leading()
	c := webtest.NewCallers(t, m.In)
	second := twoMachines(c, m)
	is := kept{c, second.ID}
	read := []access.Permission{access.May(access.Read, access.ResSettings),
		access.May(access.Change, access.ResSettings)}
	c.Must(c.Service.Roles.Put(bg, c.Server.Admin, access.Role{Name: "Steward", Permissions: read}))
	steward, _ := c.SignedIn("steward@example.com", "Steward")
	path := "/cluster/machines/" + string(second.ID)
	rows := []struct {
		name         string
		by           *webtest.Browser
		list, remove int
	}{
		{"a stranger", c.Stranger, 401, 401},
		{"one who waits", c.Pending, 403, 403},
		{"a member", c.Fleet, 403, 403},
		{"one who may change settings", steward, 200, 403},
	}
	for _, r := range rows {
		list := r.by.API("GET", "/cluster/machines", "")
		list.Want(t, r.list)
		if r.list != 200 {
			list.Lacks(t, "berlin", "10.0.0")
		}
		gone := r.by.API("DELETE", path, "")
		gone.Want(t, r.remove)
		gone.Lacks(t, "berlin", "10.0.0")
		if is.role(t) != cluster.Voter {
			t.Errorf("%s has removed a machine", r.name)
		}
	}
	token := webtest.Bearer(c.Token(c.Server.Admin, access.Admin))
	c.Stranger.API("GET", "/cluster/machines", "", token).Want(t, 200, "berlin-2")
	c.Stranger.API("DELETE", path, "", token).Want(t, 403)
	items := c.Admin.API("GET", "/cluster/machines", "").Items(t)
	if len(items) != 2 || items[0]["leads"] != true || items[0]["answers"] != true || items[0]["version"] != "v1.2.4" ||
		items[1]["leads"] != false || items[1]["behind"] != 3.0 || items[1]["address"] != "10.0.0.2:9443" {
		t.Errorf("the machines are %v", items)
	}
}

// A removal begins, says who did it, and is refused as the machines decide.
func TestAMachineIsRemoved(t *testing.T) {
	m := leading()
	c := webtest.NewCallers(t, m.In)
	second := twoMachines(c, m)
	is := kept{c, second.ID}
	path := "/cluster/machines/" + string(second.ID)
	m.Refuse(access.ClusterWouldStop("berlin-2", 1, 2))
	c.Admin.API("DELETE", path, "").Want(t, 409, "cluster_would_stop", "1 of 2")
	c.Admin.API("DELETE", path, "", webtest.InLanguage("de")).Want(t, 409, "berlin-2")
	if is.role(t) != cluster.Voter {
		t.Error("a machine was removed that must stay")
	}
	m.Refuse(nil)
	c.Advance(16 * time.Minute) // the session is not confirmed any more
	c.Admin.API("DELETE", path, "").Want(t, 403, "confirmation_required")
	c.Session(access.Session{Hash: c.Admin.Session().Hash()})
	m.Refuse(access.MachineUnknown("nowhere", []string{"berlin-1", "berlin-2"}))
	c.Admin.API("DELETE", "/cluster/machines/nowhere", "").Want(t, 404, "machine_unknown")
	m.Refuse(nil)
	if is.role(t) != cluster.Voter {
		t.Error("a machine was removed without a confirmation")
	}
}

// The entry of a removal names the Admin, and not the operator.
func TestARemovalSaysWhoDidIt(t *testing.T) {
	m := leading()
	c := webtest.NewCallers(t, m.In)
	second := twoMachines(c, m)
	c.Admin.API("DELETE", "/cluster/machines/"+string(second.ID), "").Want(t, http.StatusNoContent)
	if role := (kept{c, second.ID}).role(t); role != cluster.Leaving {
		t.Errorf("the machine is a %s", role)
	}
	entries := c.Admin.API("GET", "/audit?action=removed_machine", "").Items(t)
	if len(entries) != 1 || entries[0]["target"] != "berlin-2" || entries[0]["source"] != "console" ||
		entries[0]["actor_id"] == nil {
		t.Errorf("the log has %v", entries)
	}
}

// A server alone has no machines, and no routes about them.
func TestAServerAloneHasNoMachines(t *testing.T) {
	c := webtest.NewCallers(t)
	c.Admin.API("GET", "/cluster/machines", "").Want(t, 404)
	c.Admin.API("DELETE", "/cluster/machines/x", "").Want(t, 404)
}

// An entry of the audit log names the machine on which the operator gave a command: in a list, and
// in a table, in a column at its end.
func TestEntriesNameTheMachine(t *testing.T) {
	c := webtest.NewCallers(t, leading().In)
	there := access.Operator
	there.Machine = "berlin-2"
	c.Must(c.Store.Update(bg, func(tx *store.Tx) error { return tx.Record(there, access.ActionBackUp, "", "") }))
	c.As("admin", "GET", "/audit?action=backed_up", "").Want(t, 200, `"machine":"berlin-2"`)
	c.As("admin", "GET", "/audit/export?action=backed_up&format=json", "").Want(t, 200, `"machine":"berlin-2"`)
	c.As("admin", "GET", "/audit/export?action=backed_up", "").Want(t, 200,
		"\"hash\",\"machine\"\r\n", ",\"berlin-2\"\r\n")
}
