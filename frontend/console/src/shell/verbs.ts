import { api, ask, type Member } from '$lib/api/client'
import { Problem } from '$lib/api/problem'
import { me } from '$lib/me.svelte'
import { pageOf } from '$lib/member'
import { t } from '$lib/messages'
import { manages } from '$lib/opens'
import { roles } from '$lib/roles.svelte'
import { router } from '$lib/router.svelte'
import { toasts } from '$lib/toasts.svelte'
import { undo } from '$lib/undo'
import { called } from '$lib/words'
import { approve, resend, tellApproved } from '../pages/requests/decide'
import type { Found } from './palette'

// verbsOn is what the reader may do to a member. What asks first leads to where it asks.
export function verbsOn(m: Member): Found[] {
  const values = { Name: called(m) }
  const path = { params: { path: { id: m.id } } }
  const verb = (name: string, label: string, go: () => unknown): Found => ({ id: `${name}-${m.id}`, name: label, more: m.name ? m.email : '', go: () => void go() })
  const asks = (question: string) => () => router.go(`${pageOf(m.id)}?${question}`, { replace: true })
  const done = (act: Promise<unknown>, said: string, back?: () => void) =>
    act.then(() => toasts.say(said, undefined, back), (cause) => toasts.warn(Problem.of(cause).message))

  const all: Found[] = []
  if (m.state === 'pending' && me.may('decide members')) {
    const asksFirst = m.inviter_may_not || m.roles.some((name) => manages(roles.all.find((r) => r.name === name)))
    all.push(
      verb('approve', t('console.requests.approve_name', values), asksFirst ? asks('approve') : () => approveNow(m)),
      verb('reject', t('console.requests.reject_name', values), () => router.go(router.to('/requests', { q: m.email, reject: m.id }), { replace: true })),
    )
  }
  if (m.state === 'pending' && !m.accepted_at && me.may('invite members'))
    all.push(verb('resend', t('console.requests.resend_to', values), () => done(resend(m), t('console.requests.resent_toast', { Address: m.email }))))
  if (me.may('change members') && m.id !== me.who?.id) {
    const back = () => void undo([m], (m) => t('console.access.unsuspended_toast', { Name: called(m) }))
    if (m.state === 'active') all.push(verb('suspend', t('console.find.suspend_name', values), () => done(ask(api.POST('/members/{id}/suspend', path)), t('console.access.suspended_toast', values), back)))
    if (m.state === 'suspended') all.push(verb('restore', t('console.find.restore_name', values), () => done(ask(api.POST('/members/{id}/unsuspend', path)), t('console.access.restored_toast', values))))
    all.push(verb('remove', t('console.find.remove_name', values), asks('remove')))
  }
  return all
}

async function approveNow(m: Member): Promise<void> {
  const { done, failed } = await approve([m], (m) => m.roles)
  tellApproved(done, (m) => m.roles)
  if (failed[0]) toasts.warn(failed[0].problem.message)
}
