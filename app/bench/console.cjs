// Opens the console's members page some times, each in a browser that has never
// been anywhere but holds the session, and prints what each visit cost. Then it
// has one console approve people, and prints how long each of them could still
// be seen in another.
const { createRequire } = require('node:module')
const { chromium } = createRequire(`${process.cwd()}/`)('@playwright/test')

const [executablePath, origin, cookie, times, decisions] = process.argv.slice(2)
const [name, value] = cookie.split('=')

async function open() {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] })
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  await context.addCookies([{ name, value, url: origin }])
  return { browser, context }
}

// What goes over the wire is counted in one visit, and how soon the page is
// there in two others: a browser that tells of the network is slower. One of them
// begins while the browser itself is still starting.
async function visit() {
  const [starting, rested] = [await time(0), await time(1000)]
  return { ...(await weigh()), ...rested, starting: starting.usable }
}

const address = `${origin}/admin/settings/members`

async function time(rest) {
  const { browser, context } = await open()
  try {
    const page = await context.newPage()
    await new Promise((done) => setTimeout(done, rest))
    await page.goto(address, { waitUntil: 'commit' })
    const usable = await (await page.waitForFunction(() => document.querySelector('main tbody tr') && performance.now())).jsonValue()
    const paint = await (await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)).jsonValue()
    return { usable, paint }
  } finally {
    await browser.close()
  }
}

async function weigh() {
  const { browser, context } = await open()
  try {
    const page = await context.newPage()
    const wire = await context.newCDPSession(page)
    await wire.send('Network.enable')
    const seen = { bytes: 0, requests: 0 }
    wire.on('Network.requestWillBeSent', () => seen.requests++)
    wire.on('Network.loadingFinished', (e) => (seen.bytes += e.encodedDataLength))
    await page.goto(address, { waitUntil: 'commit' })
    await page.waitForFunction(() => document.querySelector('main tbody tr'))
    await page.waitForFunction((n) => performance.getEntriesByType('resource').every((r) => r.responseEnd > 0))
    return seen
  } finally {
    await browser.close()
  }
}

async function decide() {
  const { browser, context } = await open()
  try {
    const [mine, theirs] = [await context.newPage(), await context.newPage()]
    await mine.goto(`${origin}/admin/requests`)
    await theirs.goto(`${origin}/admin/requests`)
    const all = []
    for (let i = 0; i < Number(decisions); i++) {
      const label = await theirs.waitForFunction(() => document.querySelector('main li[aria-label]')?.getAttribute('aria-label')).then((l) => l.jsonValue())
      const gone = theirs.evaluate(
        (label) =>
          new Promise((resolve) => {
            const there = () => [...document.querySelectorAll('main li[aria-label]')].some((li) => li.getAttribute('aria-label') === label)
            new MutationObserver((_, watch) => there() || (watch.disconnect(), resolve(Date.now()))).observe(document.body, { childList: true, subtree: true, attributes: true })
          }),
        label,
      )
      const began = await mine.evaluate(async (label) => {
        const { items } = await (await fetch('/api/v1/login-requests?limit=50')).json()
        const who = items.find((m) => (m.name || m.email) === label)
        const now = Date.now()
        const answer = await fetch(`/api/v1/members/${who.id}/approve`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
        if (!answer.ok) throw new Error(await answer.text())
        return now
      }, label)
      all.push((await gone) - began)
    }
    return all
  } finally {
    await browser.close()
  }
}

async function main() {
  const visits = []
  for (let i = 0; i < Number(times); i++) visits.push(await visit())
  console.log(JSON.stringify({ visits, decisions: await decide() }))
}

main().catch((err) => {
  console.error(err)
  process.exitCode = 1
})
