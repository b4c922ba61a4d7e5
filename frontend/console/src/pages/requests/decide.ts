import { api, ask, type Member } from '$lib/api/client'
import type { Problem } from '$lib/api/problem'
import { each } from '$lib/each'
import { t } from '$lib/messages'
import { toasts } from '$lib/toasts.svelte'
import { decided, here } from '$lib/loginRequests.svelte'
import { called, list } from '$lib/words'
import { pageOf } from '$lib/member'
import { pendingAgain, undo } from '$lib/undo'

// Outcome is the result of deciding on several requests: the members decided on, and
// the problems with the others.
export type Outcome = { done: Member[]; failed: { member: Member; problem: Problem }[] }

// approve approves the members, each with the given roles or those of the invitation.
export const approve = (members: Member[], rolesOf: (m: Member) => string[]): Promise<Outcome> =>
  decideAll(members, (m) => ask(api.POST('/members/{id}/approve', { params: { path: { id: m.id } }, body: { roles: rolesOf(m) } })))

// reject rejects the members and deletes their accounts.
export const reject = (members: Member[], reason: string, tell: boolean): Promise<Outcome> =>
  decideAll(members, (m) => ask(api.POST('/members/{id}/reject', { params: { path: { id: m.id } }, body: { reason, tell_them: tell } })))

// resend renews an invitation and its expiry.
export const resend = (m: Member) => ask(api.POST('/members/{id}/resend', { params: { path: { id: m.id } } }))

// decideAll decides on all members. It removes every decided request from the list, also
// those that another Admin decided.
async function decideAll(members: Member[], verb: (m: Member) => Promise<unknown>): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [] }
  for (const m of members) here.add(m.id)
  await each(members, verb, ({ item: member, problem }) => {
    if (problem) outcome.failed.push({ member, problem })
    else outcome.done.push(member)
  })
  for (const m of outcome.done) decided(m.id)
  for (const { member, problem } of outcome.failed) {
    if (gone(problem)) decided(member.id)
    else here.delete(member.id)
  }
  return outcome
}

const gone = (p: Problem) => p.code === 'already_decided' || p.status === 404

// tellApproved says who was approved, and offers to undo it.
export function tellApproved(done: Member[], rolesOf: (m: Member) => string[]): void {
  const [first] = done
  if (!first) return
  const back = () => void undo(done, pendingAgain)
  if (done.length > 1) return toasts.say(t('console.requests.approved_many_toast', { N: done.length }), undefined, back)
  const more = { label: t('console.requests.manage_link'), href: pageOf(first.id) }
  toasts.say(t('console.requests.approved_toast', { Name: called(first), Roles: list(rolesOf(first)) }), more, back)
}

// tellRejected says who was rejected.
export function tellRejected(done: Member[]): void {
  const [first] = done
  if (!first) return
  toasts.say(done.length > 1 ? t('console.requests.rejected_many_toast', { N: done.length }) : t('console.requests.rejected_toast', { Name: called(first) }))
}
