package access

import (
	"slices"
	"time"
)

// UndoTTL is how long whoever made a change can undo it. An email about the change waits
// as long.
const UndoTTL = 8 * time.Second

// An Undo is what a member was before the last change that can be undone.
type Undo struct {
	By               Actor       `json:"by"`
	Until            time.Time   `json:"until"`
	Action           AuditAction `json:"action"`
	State            State       `json:"state"`
	Roles            []RoleName  `json:"roles"`
	Decision         Decision    `json:"decision,omitzero"`
	LastStatusChange Decision    `json:"standing,omitzero"`
	SetBack          time.Time   `json:"set_back,omitzero"`
	Epoch            int         `json:"epoch,omitempty"`
	Message          MessageID   `json:"letter,omitempty"` // the member's newest email then
	Posted           MessageID   `json:"posted,omitempty"` // the email about the change, which waits
}

// AtScreen reports whether the actor is a person in front of the console, who can still
// press Undo. Programs and the shell cannot.
func (b Actor) AtScreen() bool {
	return b.Token == "" && (b.Source == SourceConsole || b.Source == SourceDesktop)
}

// undoable notes what the member was before a change that has just been made, if whoever
// made it can undo it. Any other change of roles, state or epoch ends that.
func (m *Member) undoable(before Member, actor Actor, did AuditAction, now time.Time) {
	m.Undo = nil
	if !actor.AtScreen() {
		return
	}
	m.Undo = &Undo{
		By:               actor,
		Until:            now.Add(UndoTTL),
		Action:           did,
		State:            before.State,
		Roles:            slices.Clone(before.Roles),
		Decision:         before.Decision,
		LastStatusChange: before.LastStatusChange,
		SetBack:          before.SetBack,
		Epoch:            before.Epoch,
		Message:          before.Message,
	}
}

// UndoneBy puts back what the member was before the last change, if this actor made it
// and its time is not over, and returns what was put back. Sessions that the change ended
// are open again.
func (m *Member) UndoneBy(actor Actor, now time.Time) (Undo, error) {
	switch {
	case m.Undo == nil || !actor.AtScreen() || m.Undo.By.Member != actor.Member:
		return Undo{}, Errorf(Conflict, "You have made no change to %s that can be undone.", m.DisplayName()).
			WithCode("nothing_to_undo")
	case !now.Before(m.Undo.Until):
		return Undo{}, Errorf(Conflict, "It is too late to undo this. Change %s again instead.", m.DisplayName()).
			WithCode("undo_expired")
	}
	was := *m.Undo
	m.State, m.Roles, m.Epoch = was.State, was.Roles, was.Epoch
	m.Decision, m.LastStatusChange = was.Decision, was.LastStatusChange
	m.SetBack, m.Undo = was.SetBack, nil
	if was.State == Pending || m.Message == was.Posted { // else they have had another email since
		m.Message = was.Message
	}
	m.PermissionRevision++ // what was put back may be more
	return was, nil
}
