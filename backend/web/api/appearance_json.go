package api

import (
	"doorward/backend/access"
	"doorward/backend/service"
)

type appearanceJSON struct {
	SenderName        string          `json:"sender_name,omitempty" doc:"The name beside the sender's address. Absent: the workspace's name." example:"AI Loop"`
	SenderNameSetWith string          `json:"sender_name_set_with,omitempty" doc:"The sender was given a name with this when Doorward started, and can only be changed there." example:"DOORWARD_MAIL_FROM"`
	Accent            string          `json:"accent,omitempty" doc:"Absent: Doorward's." example:"#1d6b57"`
	AccentDark        string          `json:"accent_dark,omitempty" doc:"In the dark theme. Absent: made from accent." example:"#6cc7ab"`
	Footer            string          `json:"footer,omitempty" doc:"A sentence at the end of pages and emails." example:"Questions? Write to the IT desk."`
	Contact           string          `json:"contact,omitempty" doc:"Where the link after it leads." example:"mailto:help@example.com"`
	Logo              *logoJSON       `json:"logo,omitempty" doc:"Absent: Doorward's sign and the workspace's name."`
	Defaults          defaultLookJSON `json:"defaults"`
}

type defaultLookJSON struct {
	Accent     string `json:"accent" example:"#1d6b57"`
	AccentDark string `json:"accent_dark" example:"#6cc7ab"`
}

type logoJSON struct {
	Hash   string `json:"hash" doc:"Different for each image."`
	Width  int    `json:"width" doc:"In pixels."`
	Height int    `json:"height"`
}

func (s *API) appearanceOf(kept access.Settings) appearanceJSON {
	b := kept.Brand
	out := appearanceJSON{
		SenderNameSetWith: s.setAtStart.SenderName,
		Accent:            string(b.Accent),
		AccentDark:        string(b.AccentDark),
		Footer:            b.Footer,
		Contact:           b.Contact,
		Defaults: defaultLookJSON{
			Accent:     string(access.LightTheme.Accent.Color),
			AccentDark: string(access.DarkTheme.Accent.Color),
		},
	}
	if s.setAtStart.SenderName == "" {
		out.SenderName = kept.Mail.FromName
	}
	if b.Logo.Hash != "" {
		out.Logo = &logoJSON{b.Logo.Hash, b.Logo.Width, b.Logo.Height}
	}
	return out
}

type appearanceChangeJSON struct {
	SenderName *string `json:"sender_name,omitempty" doc:"Empty: the workspace's name." example:"AI Loop"`
	Accent     *string `json:"accent,omitempty" doc:"Links and buttons in it must have a contrast of 4.5 to 1. Empty: Doorward's." example:"#1d6b57"`
	AccentDark *string `json:"accent_dark,omitempty" doc:"Likewise, in the dark theme. Empty: made from accent." example:"#6cc7ab"`
	Footer     *string `json:"footer,omitempty" doc:"At most 200 characters, in one line." example:"Questions? Write to the IT desk."`
	Contact    *string `json:"contact,omitempty" doc:"An email address, or a web address that begins with https." example:"help@example.com"`
}

func (in *appearanceChangeJSON) change() *service.BrandChange {
	if in == nil {
		return nil
	}
	return &service.BrandChange{
		SenderName: in.SenderName,
		Accent:     in.Accent,
		AccentDark: in.AccentDark,
		Footer:     in.Footer,
		Contact:    in.Contact,
	}
}
