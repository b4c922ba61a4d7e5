import { expect, test } from 'vitest'
import type { Machine } from '$lib/api/client'
import { Problem } from '$lib/api/problem'
import { commands, says, spare, state, stopped, vote } from './view'

const machine = (name: string, is: Partial<Machine> = {}): Machine => ({ id: name, name, address: `${name}:9443`, role: 'voter', version: 'v1', joined_at: '2030-05-01T12:00:00Z', leads: name === 'a', answers: true, behind: 0, ...is })
const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => machine(name)) as [Machine, Machine, Machine, Machine, Machine]
const down = (m: Machine): Machine => ({ ...m, answers: false })
const learner = (m: Machine): Machine => ({ ...m, role: 'learner' })

// Each row is what the page says above the machines: how bad it is, and in which words.
test.each<[string, Machine[], number, [string, RegExp][]]>([
  ['one machine', [a], 0, [['warn', /^There is one machine.*nothing takes over/]]],
  ['two machines', [a, b], 0, [['warn', /neither may fail.*third/]]],
  ['two machines, one down', [a, down(b)], -1, [['bad', /^b does not answer/]]],
  ['three machines', [a, b, c], 1, [['ok', /^All machines answer.*1 machine can fail/]]],
  ['three machines, one down', [a, b, down(c)], 0, [['bad', /^c does not answer.*if one more machine stops, nobody can sign in/]]],
  ['four machines', [a, b, c, d], 1, [['ok', /1 machine can fail/]]],
  ['five machines', [a, b, c, d, e], 2, [['ok', /2 machines can fail/]]],
  ['five machines, one down', [a, b, c, d, down(e)], 1, [['warn', /^e does not answer.*1 more machine can fail/]]],
  ['five machines, two down', [a, b, c, down(d), down(e)], 0, [['bad', /^d does/], ['bad', /^e does/]]],
  ['one that joins', [a, learner(b)], 0, [['warn', /^There is one machine/], ['ok', /^b is copying the data/]]],
  ['one that joins and is silent', [a, b, c, down(learner(d))], 1, [['warn', /^d does not answer.*1 more machine can fail/]]],
  ['one that joins and is silent at the edge', [a, b, down(c), down(learner(d))], 0, [['bad', /^c does/], ['bad', /^d does/]]],
  ['one that leaves', [a, b, c, { ...down(d), role: 'leaving' }], 1, [['ok', /^All machines answer/]]],
  ['an upgrade', [a, { ...b, version: 'v2' }, c], 1, [['warn', /^The machines run different versions/], ['ok', /^All/]]],
  ['a clock that is wrong', [a, b, { ...c, wrong_clock: true }], 1, [['warn', /^The clock of c is wrong.*too far off.*does not lead/], ['ok', /^All/]]],
  ['a damaged copy', [a, b, { ...c, damaged: true }], 1, [['bad', /^The copy of c is damaged.*does not lead/], ['ok', /^All/]]],
  ['all at once', [down(a), { ...b, damaged: true, version: 'v2' }, { ...c, wrong_clock: true }, d, e], 1, [['bad', /^The copy of b/], ['warn', /^a does not answer/], ['warn', /^The clock of c/], ['warn', /^The machines run different versions/]]],
  ['an old version that is down', [a, b, { ...down(c), version: 'v0' }], 0, [['bad', /^c does/]]],
])('%s', (_, all, left, want) => {
  expect(spare(all)).toBe(left)
  const said = says(all)
  expect(said.map((s) => s.state)).toEqual(want.map(([state]) => state))
  said.forEach((s, i) => expect(`${s.title} ${s.text}`).toMatch(want[i]![1]))
  for (const s of said) expect(s.fix !== undefined, s.title).toBe(/does not answer|clock|damaged/.test(s.title))
})

test('while nobody leads, what to do stands there and not only the refusal', () => {
  for (const code of ['no_majority', 'no_leader']) expect(stopped(new Problem('', 503, code))?.fix).toContain('doorward cluster recover')
  for (const other of [undefined, new Problem('', 503, 'busy'), new Problem('', 403, 'forbidden')]) expect(stopped(other)).toBeUndefined()
})

test('a machine in words', () => {
  expect(state(a)).toEqual({ look: 'ok', text: 'Up to date' })
  expect(state({ ...a, behind: 1 }).text).toBe('1 change behind')
  expect(state({ ...a, behind: 1200 })).toEqual({ look: 'wait', text: '1,200 changes behind' })
  expect(state({ ...down(a), behind: 7 })).toEqual({ look: 'bad', text: 'Does not answer' })
  expect([a, learner(b), { ...c, role: 'leaving' as const }].map(vote)).toEqual(['Has a vote', 'Not yet: still copying the data', 'Being removed'])
  expect(commands(b)[1]).toContain('--join b:9443 ')
  expect(commands(undefined)[1]).toContain('--join HOST:PORT ')
})
