import { svelte } from '@sveltejs/vite-plugin-svelte'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { guide } from './guides.ts'
import { icons } from './icons.ts'
import { messages } from './messages.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const base = '/admin/'
const shared = /node_modules|vite[/\\]preload-helper|virtual:messages$|src[/\\](ahead|ui[/\\]|lib[/\\])|shell[/\\]nav|requests[/\\](decide|Resend)/
const opens = /node_modules[/\\](bits-ui|@floating-ui|@internationalized|runed|svelte-toolbelt|style-to-object|inline-style-parser|tabbable|lz-string|dequal)[/\\]|src[/\\]ui[/\\]open[/\\]/

// sentFor adds preload links, so that the browser fetches what the first script
// imports together with that script.
const sentFor = (): Plugin => ({
  name: 'sent-for',
  transformIndexHtml: {
    order: 'post',
    handler: (_, { bundle = {} }) =>
      Object.values(bundle)
        .filter((file) => file.type === 'chunk' && file.name === 'base')
        .map((file) => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: base + file.fileName }, injectTo: 'head' as const })),
  },
})

// server is the Doorward behind make dev. It serves everything but the console.
const server = process.env.DOORWARD_SERVER ?? 'http://127.0.0.1:8080'
const besideConsole = '^/(?!admin(/|$))'

// serverPolicy gives the console under make dev the server's content security policy.
// Vite puts style sheets into the page, so inline ones are allowed.
const serverPolicy = (): Plugin => ({
  name: 'server-policy',
  apply: 'serve',
  configureServer: ({ middlewares }) => {
    middlewares.use(async (req, res, next) => {
      if (req.headers.accept?.includes('text/html')) {
        const policy = await fetch(`${server}/healthz`).then(
          (r) => r.headers.get('Content-Security-Policy'),
          () => null,
        )
        if (policy) res.setHeader('Content-Security-Policy', `${policy.replace("style-src 'self'", "$& 'unsafe-inline'")}; frame-src 'self'`)
      }
      next()
    })
  },
})

export default defineConfig({
  base,
  plugins: [messages(), guide(), icons(), svelte(), sentFor(), serverPolicy()],
  resolve: { alias: { $lib: here('src/lib'), $ui: here('src/ui') } },
  build: {
    outDir: '../dist',
    emptyOutDir: false, // the Makefile empties it, except for .gitkeep
    assetsInlineLimit: 0, // the content security policy allows no data: URLs
    cssCodeSplit: false, // one small style sheet instead of three requests
    modulePreload: {
      polyfill: false,
      // index.html preloads these already.
      resolveDependencies: (_, deps) => deps.filter((d) => !/(base|index)-/.test(d)),
    },
    target: ['es2022', 'safari16.4'],
    rolldownOptions: {
      checks: { pluginTimings: false },
      // What all views share is one file, and menus and dialogs are another: fewer
      // requests matter more here than a few bytes.
      output: {
        codeSplitting: {
          groups: [
            { name: 'base', priority: 2, test: (id) => shared.test(id) && !opens.test(id) },
            { name: 'open', priority: 1, test: opens },
          ],
          includeDependenciesRecursively: false,
        },
      },
    },
  },
  server: { proxy: { [besideConsole]: { target: server, changeOrigin: false } } }, // the server checks the Host header
  test: { include: ['src/**/*.test.ts', '*.test.ts'], environment: 'node' },
})
