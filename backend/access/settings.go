package access

// Settings are the settings that an Admin can change while Doorward runs.
type Settings struct {
	Workspace     string   `json:"workspace"`
	InvitationTTL Duration `json:"invitation"` // how long invitations last by default

	Lifetimes Lifetimes `json:"lifetimes,omitempty"`

	// What was given at the start takes precedence over these.
	PublicURL string       `json:"public_url,omitempty"` // scheme and host; empty: the default
	Mail      MailSettings `json:"mail,omitzero"`

	ChecklistHidden bool  `json:"checklist_hidden,omitempty"` // nobody wants to see the setup checklist any more
	Brand           Brand `json:"brand,omitzero"`
}

// DefaultWorkspace is the workspace's name until an Admin sets one.
const DefaultWorkspace = "AI Loop"

// DefaultSettings are the settings of a new installation.
func DefaultSettings() Settings {
	return Settings{Workspace: DefaultWorkspace, InvitationTTL: Seconds(DefaultInvitationTTL)}
}

// Check returns what is wrong with the settings, with the field; nil if they can be stored.
func (s Settings) Check() error {
	if s.Workspace == "" {
		return Errorf(Invalid, "Enter a name for the workspace.").On("workspace").WithCode("workspace_missing")
	}
	if d := s.InvitationTTL.Std(); d < MinInvitationTTL || d > MaxInvitationTTL {
		return Errorf(Invalid, "An invitation can last from 1 hour to %d days.", maxInvitationDays).
			On("invitation").WithCode("expiry_out_of_range")
	}
	if err := s.Lifetimes.Check(); err != nil {
		return err
	}
	if err := s.Brand.Check(); err != nil {
		return err
	}
	return CheckText("workspace", s.Workspace, MaxWorkspace)
}
