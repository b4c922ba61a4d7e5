import type { Component } from 'svelte'
import { page } from '../ahead'
import { asked } from '../pages/members/asked'

// memberView stands for the pages of all members.
export const memberView = '/settings/members/'

// viewAt is the view at a path.
export const viewAt = (path: string): string => (path.startsWith(memberView) ? memberView : path)

type Loads = () => Promise<{ default: Component }>

const guide: Loads = () => import('../pages/help/Guide.svelte')

// views are the parts of the console that are loaded on demand.
export const views: Record<string, Loads> = {
  [memberView]: () => import('../pages/access/Member.svelte'),
  '/audit': () => import('../pages/audit/Audit.svelte'),
  '/mail': () => import('../pages/mail/Outbox.svelte'),
  '/settings': () => import('../pages/settings/Index.svelte'),
  '/settings/members': () => import('../pages/members/Members.svelte'),
  '/settings/roles': () => import('../pages/roles/Roles.svelte'),
  '/settings/general': () => import('../pages/settings/General.svelte'),
  '/settings/appearance': () => import('../pages/settings/Appearance.svelte'),
  '/settings/mail': () => import('../pages/settings/Mail.svelte'),
  '/settings/security': () => import('../pages/settings/Security.svelte'),
  '/help/console': guide,
  '/help/operating': guide,
  '/help/security': guide,
  '/help/cluster': guide,
  '/settings/cluster': () => import('../pages/cluster/Cluster.svelte'),
  '/settings/tokens': () => import('../pages/tokens/Tokens.svelte'),
}

// firsts are the API requests that each view makes first. They are sent before the
// view has loaded.
export const firsts: Record<string, (query: URLSearchParams, path: string) => string> = {
  [memberView]: (_, path) => `members/${path.slice(memberView.length)}`,
  '/settings/members': (query) => `members?${new URLSearchParams({ limit: `${page}`, ...asked(query) })}`,
}
