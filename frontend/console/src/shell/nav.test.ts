import { afterEach, expect, test } from 'vitest'
import type { Me, Settings } from '$lib/api/client'
import { me } from '$lib/me.svelte'
import { mine, settings, there } from './nav'

const admin = { permissions: ['read members', 'read settings', 'change settings'] } as Me
const paths = () => mine(settings).map((p) => p.path)

afterEach(() => {
  me.who = undefined
  me.settings = undefined
})

// The build is the same for all: the server says whether it is a machine of a cluster.
test('only a machine of a cluster has the page about the machines', () => {
  me.who = admin
  const page = settings.find((p) => p.path === '/settings/cluster')!
  for (const none of [undefined, {} as Settings, { cluster: false } as Settings]) {
    me.settings = none
    expect(there(page)).toBe(false)
    expect(paths()).not.toContain('/settings/cluster')
  }
  me.settings = { cluster: true } as Settings
  expect(there(page)).toBe(true)
  expect(paths()).toContain('/settings/cluster')
})

test('who may not read the settings does not see the page', () => {
  me.who = { permissions: ['read members'] } as Me
  me.settings = { cluster: true } as Settings
  expect(paths()).toEqual(['/settings/members', '/settings/roles'])
})
