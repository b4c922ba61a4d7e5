// Visits pages some times in turn, each time in a browser that has never been
// anywhere, and prints what each visit cost.
const { createRequire } = require('node:module')
const { chromium } = createRequire(`${process.cwd()}/`)('@playwright/test')

const [executablePath, times, ...urls] = process.argv.slice(2)

// What goes over the wire is counted in one visit, and how soon there is
// something to see in two others: a browser that tells of the network is slower.
// One of them begins while the browser itself is still starting.
async function visit(url) {
  const [starting, paint] = [await time(url, 0), await time(url, 1000)]
  return { ...(await weigh(url)), paint, starting }
}

async function time(url, rest) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await new Promise((done) => setTimeout(done, rest))
    await page.goto(url, { waitUntil: 'networkidle' })
    return await (await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)).jsonValue()
  } finally {
    await browser.close()
  }
}

async function weigh(url) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    const wire = await page.context().newCDPSession(page)
    await wire.send('Network.enable')
    const seen = { bytes: 0, requests: 0 }
    wire.on('Network.requestWillBeSent', () => seen.requests++)
    wire.on('Network.loadingFinished', (e) => (seen.bytes += e.encodedDataLength))
    await page.goto(url, { waitUntil: 'networkidle' })
    return seen
  } finally {
    await browser.close()
  }
}

async function main() {
  const all = urls.map(() => [])
  for (let i = 0; i < Number(times); i++) for (const [at, url] of urls.entries()) all[at].push(await visit(url))
  console.log(JSON.stringify(all))
}

main().catch((err) => {
  console.error(err)
  process.exitCode = 1
})
