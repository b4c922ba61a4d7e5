import { t } from './messages'

const words: Record<string, () => string> = {
  'open ailoop': () => t('console.permission.open_ailoop'),
  'open ailoop/datalake': () => t('console.permission.open_ailoop_datalake'),
  'open ailoop/flows': () => t('console.permission.open_ailoop_flows'),
  'open fleet': () => t('console.permission.open_fleet'),
  'open fleet/datalake': () => t('console.permission.open_fleet_datalake'),
  'open fleet/flows': () => t('console.permission.open_fleet_flows'),
  'read members': () => t('console.permission.read_members'),
  'invite members': () => t('console.permission.invite_members'),
  'decide members': () => t('console.permission.decide_members'),
  'change members': () => t('console.permission.change_members'),
  'read audit': () => t('console.permission.read_audit'),
  'read settings': () => t('console.permission.read_settings'),
  'change settings': () => t('console.permission.change_settings'),
  'read applications': () => t('console.permission.read_applications'),
  'change applications': () => t('console.permission.change_applications'),
}

// said is a permission in words.
export const said = (permission: string): string => words[permission]?.() ?? permission

// group is the part of the matrix that a permission belongs to.
export function group(permission: string): string {
  if (permission.startsWith('open ailoop')) return t('console.roles.section', { Section: 'AILoop' })
  if (permission.startsWith('open fleet')) return t('console.roles.section', { Section: 'Fleet' })
  return t('console.permission.management')
}

// grouped are permissions by group, in their original order.
export function grouped(permissions: string[]): [string, string[]][] {
  const all = new Map<string, string[]>()
  for (const p of permissions) all.set(group(p), [...(all.get(group(p)) ?? []), p])
  return [...all]
}

// needs is what a permission is of no use without: to approve one has to see.
export function needs(permission: string): string[] {
  const [action, resource] = permission.split(' ')
  return action === 'open' || action === 'read' ? [] : [`read ${resource}`]
}

// ticked are the permissions after one was ticked or unticked, with all that it needs,
// and without all that need it.
export function ticked(chosen: string[], permission: string, on: boolean): string[] {
  if (on) return [...new Set([...chosen, permission, ...needs(permission)])]
  return chosen.filter((p) => p !== permission && !needs(p).includes(permission))
}
