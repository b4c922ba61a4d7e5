package messages

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
)

// fixedNumbers are messages whose numbers are no limits of ours: examples, codes, ports, names of
// standards, and the day that unusual events are counted in.
var fixedNumbers = []string{
	"check.unusual", "console.dashboard.unusual_count",
	"console.fact_meaning.min_free", "console.invite.guessed", "console.list_file.row_encoding",
	"console.list_file.utf16", "console.list_file.workbook", "error.body_not_utf8", "error.code_malformed",
	"error.duration_format", "error.mail_plain", "error.mail_port", "error.overview_span", "error.page_size",
	"error.invitation_lasts", "error.role_name", "error.role_unknown_permission",
	"console.about.licence", "console.access.no_emails", "console.appearance.accent_darker",
	"console.appearance.accent_fine", "console.appearance.accent_lighter", "console.appearance.accent_made",
	"console.help.dashboard_3", "console.help.dashboard_4",
	"console.ui.saved.not_kept", "error.appearance_contrast_dark", "error.appearance_contrast_light",
	"error.logo_pixels", "error.text_invalid",
	"error.time_format", "reply.no_login", "console.unusual.to_do.wrong_code", "error.url_port",
	"error.window_file_not_utf8", "error.window_no_loopback", "error.listen_forbidden", "error.socket_not_made",
}

var digits = regexp.MustCompile(`\b\d+\b`)

// A message named a limit in ten languages, and the limit was changed in one place of the program:
// people were told another than the one that held.
func TestNumbersInMessagesAreValues(t *testing.T) {
	for key, forms := range catalogue(t, access.English) {
		for form, s := range forms {
			s = placeholder.ReplaceAllString(s, "")
			if form != "description" && digits.MatchString(s) && !slices.Contains(fixedNumbers, key) {
				t.Errorf("%s: %q has a number; give it a placeholder, and the program's constant as its value", key, s)
			}
		}
	}
	// This stands in a sentence as 1 hour.
	if access.MinInvitationTTL != time.Hour {
		t.Error("invitations do not last 1 hour at least: change error.invitation_lasts")
	}
	if access.TextContrast != 4.5 {
		t.Error("the appearance names another number: console.appearance.accent_darker and its kin")
	}
	if access.DigestInterval%time.Minute != 0 || access.ConfirmationCodeTTL%time.Minute != 0 ||
		access.ConfirmationTTL%time.Minute != 0 || access.MaxInvitationTTL%(24*time.Hour) != 0 {
		t.Error("a span is said in whole minutes or days")
	}
}
