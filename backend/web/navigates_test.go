package web_test

import (
	"io"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/web"
)

// A page sends several requests at once. If one that is not for a page got a session's new
// secret, the others would arrive with a void one. A browser that does not say what it
// requests is taken to request a page: otherwise it would never get the new secret.
func TestOnlyRequestsForPagesGetANewSecret(t *testing.T) {
	app := fiber.New()
	app.Get("/", func(c *fiber.Ctx) error { return c.SendString(strconv.FormatBool(web.Navigates(c))) })
	for mode, want := range map[string]string{
		"": "true", "navigate": "true", "cors": "false", "no-cors": "false", "same-origin": "false",
		"websocket": "false",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if mode != "" {
			r.Header.Set("Sec-Fetch-Mode", mode)
		}
		answer, err := app.Test(r, -1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		if err != nil || string(got) != want {
			t.Errorf("a request with the mode %q is for a page: %s, %v, want %s", mode, got, err, want)
		}
	}
}
