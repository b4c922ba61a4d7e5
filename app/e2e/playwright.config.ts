import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: '.',
  snapshotPathTemplate: '{testDir}/looks/{arg}{ext}',
  updateSnapshots: process.env.LOOKS === 'update' ? 'all' : 'none',
  outputDir: process.env.E2E_OUTPUT ?? 'test-results',
  reporter: [['list'], ['json', { outputFile: process.env.E2E_REPORT ?? 'test-results/report.json' }]],
  workers: 1,
  retries: 0,
  forbidOnly: true,
  // Generous, for a machine that is busy with other work.
  timeout: 30 * 60_000,
  expect: { timeout: 60_000 },
  use: {
    baseURL: process.env.BASE_URL,
    trace: 'off',
    screenshot: 'off',
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})
