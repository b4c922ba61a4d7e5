import { api, ask, type Member } from './api/client'
import { Problem } from './api/problem'
import { here } from './loginRequests.svelte'
import { t } from './messages'
import { toasts } from './toasts.svelte'
import { called } from './words'

type Undone = { member: Member; problem?: Problem }

// undo takes back the last change to each member. done says what that was, of one.
export async function undo(members: Member[], done: (m: Member) => string, changed?: () => void): Promise<void> {
  const all = await Promise.all(members.map(back))
  const failed = all.filter((one) => one.problem)
  const [first] = all
  if (failed.length < all.length) {
    const n = all.length - failed.length
    toasts.say(n > 1 ? t('console.undo.several_toast', { N: n }) : done((all.find((one) => !one.problem) ?? first)!.member))
  }
  if (failed.length === 1) toasts.warn(failed[0]!.problem!.message)
  if (failed.length > 1) toasts.warn(t('console.undo.several_failed_toast', { N: failed.length, Problem: failed[0]!.problem!.message }))
  changed?.()
}

async function back(m: Member): Promise<Undone> {
  here.add(m.id)
  try {
    return { member: await ask(api.POST('/members/{id}/undo', { params: { path: { id: m.id } } })) }
  } catch (cause) {
    here.delete(m.id)
    return { member: m, problem: Problem.of(cause) }
  }
}

// pendingAgain says that an approval was undone.
export const pendingAgain = (m: Member): string => t('console.undo.pending_again_toast', { Name: called(m) })
