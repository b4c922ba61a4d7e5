const words: Record<string, string> = {
  'open ailoop': 'AILoop: home page', 'open ailoop/datalake': 'AILoop: Data Lake', 'open ailoop/flows': 'AILoop: Flows',
  'open fleet': 'Fleet: home page', 'open fleet/datalake': 'Fleet: Data Lake', 'open fleet/flows': 'Fleet: Flows',
  'read members': 'See members and requests', 'invite members': 'Invite, resend, copy links', 'decide members': 'Approve and reject',
  'change members': 'Change roles, suspend, remove', 'read audit': 'See the audit log', 'read settings': 'See settings, tokens and email',
  'change settings': 'Change settings, roles and tokens', 'read applications': 'See applications', 'change applications': 'Connect applications',
}

// said is a permission in words.
export const said = (permission: string): string => words[permission] ?? permission

// group is the part of the matrix that a permission belongs to.
export function group(permission: string): string {
  if (permission.startsWith('open ailoop')) return 'AILoop'
  if (permission.startsWith('open fleet')) return 'Fleet'
  return 'Management'
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
