import { describe, expect, test } from 'vitest'
import { browser } from './agent'
import { insecure } from './health'
import { shortcut } from './keys'
import { described, manages, opens } from './opens'
import { grouped } from './permissions'
import { bound, capital, capped, list, number, holders } from './words'

test('a key stays on the line of the word that it is for', () => {
  const of = [{ text: 'In the list: next ' }, { slot: 'Next' }, { text: ' search ' }, { slot: 'Search' }, { text: ' . ' }]
  expect(bound(of)).toEqual([{ text: 'In the list: next\u00a0' }, { slot: 'Next' }, { text: ' search\u00a0' }, { slot: 'Search' }, { text: ' . ' }])
})

test('numbers and lists', () => {
  expect([number(0), number(999), number(1204), number(100_000), number(1_234_567)]).toEqual(['0', '999', '1,204', '100,000', '1,234,567'])
  expect([capped(3), capped(99), capped(100)]).toEqual(['3', '99', '99+'])
  expect([list([]), list(['Fleet']), list(['AILoop', 'Fleet']), list(['Admin', 'AILoop', 'Fleet'])]).toEqual(['', 'Fleet', 'AILoop and Fleet', 'Admin, AILoop and Fleet'])
})

test('a word at the beginning of a sentence', () => {
  expect(['the operator', 'Doorward', 'élan', ''].map(capital)).toEqual(['The operator', 'Doorward', 'Élan', ''])
})

describe('opens', () => {
  const role = (...permissions: string[]) => ({ name: 'Pilots', permissions, built_in: false })
  test.each([
    [[role('open fleet', 'open fleet/datalake', 'open fleet/flows')], 'Access to Fleet (Data Lake, Flows).'],
    [[role('open ailoop/flows', 'read members')], 'Access to AILoop (Flows). Can view members.'],
    [[role('open fleet')], 'Access to Fleet (home page only).'],
    [[role('read audit', 'read members', 'decide members')], 'Can manage members. Can view the audit log.'],
    [[role()], 'No access yet.'],
    [[], 'No access yet.'],
    // "Nothing in Fleet" and "Nothing in AILoop" stood beside each other.
    [[role('open fleet', 'open fleet/datalake', 'open fleet/flows'), role('open ailoop', 'open ailoop/datalake', 'open ailoop/flows')], 'Access to AILoop and Fleet (Data Lake, Flows).'],
    [[role('open fleet/flows'), role('open ailoop/datalake')], 'Access to AILoop (Data Lake) and Fleet (Flows).'],
  ])('%j', (roles, want) => expect(opens(roles)).toBe(want))
  test('a role made here has its own description, too', () => expect(described({ ...role('open fleet'), description: 'For pilots.' })).toBe('For pilots. Access to Fleet (home page only).'))
  test('whoever decides or changes is warned of', () => {
    expect([manages(role('decide members')), manages(role('change settings')), manages(role('read members', 'open fleet')), manages(undefined)]).toEqual([true, true, false, false])
  })
})

test('permissions stand in their groups', () => {
  expect(grouped(['open ailoop', 'open fleet', 'read audit', 'open fleet/flows'])).toEqual([['AILoop section', ['open ailoop']], ['Fleet section', ['open fleet', 'open fleet/flows']], ['Management', ['read audit']]])
})

test.each([
  ['https://door.example.com', ''],
  ['http://door.example.com', 'Without HTTPS'],
  ['http://127.0.0.1:8080', 'Links work on this'],
  ['http://[::1]:8080', 'Links work on this'],
])('the public URL %s: %s', (url, want) => expect(insecure(url).startsWith(want) && (want !== '' || insecure(url) === '')).toBe(true))

test('a shortcut is one only outside of fields, dialogs and chords', () => {
  const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, defaultPrevented: false, target: null, ...more })
  const field = { closest: () => ({}) }
  expect(shortcut(press('a'))).toBe('a')
  expect([shortcut(press('a', { ctrlKey: true })), shortcut(press('a', { target: field })), shortcut(press('a'), true), shortcut(press('a', { defaultPrevented: true }))]).toEqual(['', '', '', ''])
})

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36', 'Chrome on Linux'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15', 'Safari on macOS'],
  ['curl/8.14.1', 'curl/8.14.1'],
  ['', 'Unknown browser'],
])('%s is "%s"', (agent, want) => expect(browser(agent)).toBe(want))

test('who holds a role', () => {
  expect([holders(), holders(0, 0), holders(1), holders(2, 0), holders(0, 1), holders(0, 3), holders(1, 1), holders(2, 1)]).toEqual([
    '', '', '1 member has', '2 members have', '1 API token has', '3 API tokens have', '1 member and 1 API token have', '2 members and 1 API token have',
  ].map((who) => who && `${who} this role, so it cannot be deleted.`))
})
