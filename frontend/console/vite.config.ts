import { svelte } from '@sveltejs/vite-plugin-svelte'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { themes } from './themes.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  base: '/admin/',
  plugins: [themes(), svelte()],
  resolve: { alias: { $lib: here('src/lib'), $ui: here('src/ui') } },
  build: {
    outDir: '../dist',
    emptyOutDir: false, // the Makefile empties it, and leaves .gitkeep
    assetsInlineLimit: 0, // the content policy wants files
    cssCodeSplit: false, // one small style sheet instead of three requests
    modulePreload: { polyfill: false },
    target: ['es2022', 'safari16.4'],
    rolldownOptions: {
      checks: { pluginTimings: false },
      // What all views share is one file: fewer requests weigh more here than a few bytes.
      output: { codeSplitting: { groups: [{ name: 'base', test: /node_modules|src[/\\](ui|lib)[/\\]/ }] } },
    },
  },
  server: { proxy: { '/api': process.env.DOORWARD_URL ?? 'http://127.0.0.1:8080', '/logout': process.env.DOORWARD_URL ?? 'http://127.0.0.1:8080' } },
  test: { include: ['src/**/*.test.ts', '*.test.ts'], environment: 'node' },
})
