//go:build desktop || bindings

package main

import (
	"io"
	"net/http"
	"os"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
)

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bare</title></head><body><p style="margin: 30vh 0; text-align: center">A window and a few words.</p></body></html>`

func main() {
	err := wails.Run(&options.App{
		Title: "Bare", Width: 1200, Height: 820,
		AssetServer: &assetserver.Options{Handler: http.HandlerFunc(answer)},
		Linux:       &linux.Options{ProgramName: "bare", WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
	})
	if err != nil {
		os.Exit(1)
	}
}

func answer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, page)
}
