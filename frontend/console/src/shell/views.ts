import type { Component } from 'svelte'
import { page } from '../ahead'
import { asked } from '../pages/members/asked'

type Loads = () => Promise<{ default: Component }>

// views are the parts of the console that are loaded on demand.
export const views: Record<string, Loads> = {
  '/audit': () => import('../pages/audit/Audit.svelte'),
  '/mail': () => import('../pages/mail/Outbox.svelte'),
  '/settings': () => import('../pages/settings/Index.svelte'),
  '/settings/members': () => import('../pages/members/Members.svelte'),
  '/settings/roles': () => import('../pages/roles/Roles.svelte'),
  '/settings/general': () => import('../pages/settings/General.svelte'),
  '/settings/mail': () => import('../pages/settings/Mail.svelte'),
  '/settings/security': () => import('../pages/settings/Security.svelte'),
  '/settings/tokens': () => import('../pages/tokens/Tokens.svelte'),
}

// firsts are the API requests that each view makes first. They are sent before the
// view has loaded.
export const firsts: Record<string, (query: URLSearchParams) => string> = {
  '/settings/members': (query) => `members?${new URLSearchParams({ limit: `${page}`, ...asked(query) })}`,
}
