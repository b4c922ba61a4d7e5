// Visits a page some times, each in a browser that has never been anywhere, and
// prints what each visit cost.
const { createRequire } = require('node:module')
const { chromium } = createRequire(`${process.cwd()}/`)('@playwright/test')

const [executablePath, url, times] = process.argv.slice(2)

async function visit() {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    const wire = await page.context().newCDPSession(page)
    await wire.send('Network.enable')
    const seen = { bytes: 0, requests: 0, paint: 0 }
    wire.on('Network.requestWillBeSent', () => seen.requests++)
    wire.on('Network.loadingFinished', (e) => (seen.bytes += e.encodedDataLength))
    await page.goto(url, { waitUntil: 'networkidle' })
    const paint = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
    seen.paint = await paint.jsonValue()
    return seen
  } finally {
    await browser.close()
  }
}

async function main() {
  const all = []
  for (let i = 0; i < Number(times); i++) all.push(await visit())
  console.log(JSON.stringify(all))
}

main().catch((err) => {
  console.error(err)
  process.exitCode = 1
})
