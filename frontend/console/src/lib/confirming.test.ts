import { expect, test } from 'vitest'
import { Confirming } from './confirming.svelte'

const said = (status: number, code: string) => new Response(JSON.stringify({ code }), { status })

// server gives these answers in turn, and counts the requests.
function server(...answers: Response[]) {
  const asked = { times: 0 }
  return { asked, send: () => Promise.resolve(answers[asked.times++]!) }
}

// opened resolves when the dialog is open.
async function opened(c: Confirming): Promise<void> {
  while (!c.open) await new Promise((later) => setTimeout(later))
}

test('what needs no confirmation is sent once', async () => {
  for (const [status, code] of [[200, ''], [403, 'not_allowed'], [422, 'confirmation_required'], [401, 'signed_out']] as const) {
    const c = new Confirming()
    const { asked, send } = server(said(status, code))
    expect((await c.through(send)).status).toBe(status)
    expect(asked.times).toBe(1)
    expect(c.open).toBe(false)
  }
})

test('a refusal that is no JSON is handed on', async () => {
  const c = new Confirming()
  expect((await c.through(server(new Response('<p>no', { status: 403 })).send)).status).toBe(403)
  expect(c.open).toBe(false)
})

test('the act goes on once the person has confirmed', async () => {
  const c = new Confirming()
  const { asked, send } = server(said(403, 'confirmation_required'), said(201, ''))
  const waits = c.through(send)
  await opened(c)
  expect(asked.times).toBe(1)
  c.close(true)
  expect((await waits).status).toBe(201)
  expect(asked.times).toBe(2)
})

test('who does not confirm gets the refusal, readable', async () => {
  const c = new Confirming()
  const waits = c.through(server(said(403, 'confirmation_required')).send)
  await opened(c)
  c.close(false)
  const answer = await waits
  expect(answer.status).toBe(403)
  expect(await answer.json()).toEqual({ code: 'confirmation_required' })
})

test('several acts ask once', async () => {
  const c = new Confirming()
  const servers = [1, 2, 3].map(() => server(said(403, 'confirmation_required'), said(200, '')))
  const waits = servers.map((s) => c.through(s.send))
  await opened(c)
  await Promise.all(servers.map(() => new Promise((later) => setTimeout(later))))
  c.close(true)
  expect((await Promise.all(waits)).map((a) => a.status)).toEqual([200, 200, 200])
  expect(c.open).toBe(false)
})
