import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { phrases } from '$lib/api/actions'
import { detail, groups, kind, sentence } from './actions'

// An action that no group has could not be filtered by.
test('every action is in one group', () => {
  expect(groups(true).flatMap(([, actions]) => actions).toSorted()).toEqual(Object.keys(phrases).toSorted())
})

// A server alone has no machines: a filter for them would find nothing.
test('only a cluster has the group about its machines', () => {
  const added = groups(true).filter(([name]) => !groups(false).some(([other]) => other === name))
  expect(added.map(([name]) => name)).toEqual(['Cluster'])
  expect(groups(false).flatMap(([, actions]) => actions).filter((a) => /cluster|machine|join_token/.test(a))).toEqual([])
})

const said = (action: Parameters<typeof sentence>[0], target: boolean) => sentence(action, target).map((part) => part.text ?? part.slot).join('')

test('what an entry says is a sentence with and without a target', () => {
  expect(said('set_up', true)).toBe('Actor set up the workspace: Target')
  expect(said('set_up', false)).toBe('Actor set up the workspace')
  expect(said('invited', true)).toBe('Actor invited Target')
  expect(said('joined_machine', true)).toBe('Actor let the machine Target join the cluster')
  expect(said('created_join_token', false)).toBe('Actor created a token with which a machine can join the cluster')
  expect(said('signed_out_everywhere', true)).toBe('Actor signed Target out everywhere')
})

// An action that the document has and the catalogue lacks was shown in English, by its name.
test('every action of the document has a sentence and a name in the catalogue', () => {
  const english = JSON.parse(readFileSync(new URL('../../../../messages/en.json', import.meta.url), 'utf8')) as Record<string, { other: string }>
  for (const action of Object.keys(phrases) as (keyof typeof phrases)[]) {
    expect(english[`console.audit.action.${action}`]?.other, action).toBe(said(action, true).replace('Actor', '{{.Actor}}').replace('Target', '{{.Target}}'))
    expect(english[`console.audit.kind.${action}`]?.other, action).toBe(kind(action))
  }
  expect(said('flew_away' as 'approved', true)).toBe('Actor flew away Target')
  expect(kind('flew_away' as 'approved')).toBe('flew away')
})

// A German log said "hat sich angemeldet link".
test.each([
  ['signed_in', 'link', 'with a link'],
  ['signed_in', 'window', 'from the desktop app'],
  ['confirmed_session', 'email', 'with an email code'],
  ['ended_session', 'rescue', 'with a link from the command line'],
  ['signed_in', 'something newer', 'something newer'],
  ['approved', 'link', 'link'],
  ['signed_out', undefined, ''],
] as const)('the detail of %s %s is %s', (action, stored, said) => {
  expect(detail({ action, detail: stored })).toBe(said)
})
