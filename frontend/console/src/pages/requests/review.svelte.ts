import { tick, untrack } from 'svelte'
import type { Member } from '$lib/api/client'
import { router } from '$lib/router.svelte'
import { LoginRequests, loginRequests } from '$lib/loginRequests.svelte'
import { manages } from '$lib/opens'
import { roles } from '$lib/roles.svelte'
import { asked } from './asked'
import { approve, tellApproved, type Outcome } from './decide'

// many is how many approvals at once need a second word.
const many = 10

// A Review is the state of the list of login requests: which rows are shown, which
// one has the keyboard, which are selected. It acts only on rows on the screen.
export class Review {
  at = $state('') // the row that has the keyboard
  failed = $state.raw<Outcome['failed']>([])
  toConfirm = $state.raw<Member[]>([]) // approved once somebody confirms it
  #selected = $state.raw<ReadonlySet<string>>(new Set())
  #busy = $state.raw<ReadonlySet<string>>(new Set())
  #roles = $state<Record<string, string[]>>({})
  #found = new LoginRequests()
  #asked = $derived(JSON.stringify(asked(router.query))) // text, so that a dialog in the address changes nothing
  #narrowed = $derived(this.#asked !== '{}') // else what happens would load all requests twice

  // A Review must be created while a component is initialised.
  constructor() {
    $effect(() => (this.#narrowed ? this.#found.start() : undefined))
    $effect(() => {
      const now = JSON.parse(this.#asked) as Record<string, string>
      untrack(() => this.#found.about(now))
    })
    // A row that leaves the screen is no longer selected.
    $effect(() => {
      const there = new Set(this.shown.map((m) => m.id))
      untrack(() => (this.#selected = new Set([...this.#selected].filter((id) => there.has(id)))))
    })
  }

  get words(): string {
    return router.get('q').trim()
  }

  // list is all requests, or those that a search or filter finds, once they have arrived.
  get list(): LoginRequests {
    return this.#narrowed && this.#found.loaded ? this.#found : loginRequests
  }

  get problem() {
    return this.#found.problem ?? loginRequests.problem
  }

  // ready are the shown requests of people who accepted; invited are the others.
  ready = $derived.by(() => this.list.items.filter((m) => m.accepted_at))
  invited = $derived.by(() => this.list.items.filter((m) => !m.accepted_at))
  shown = $derived.by(() => [...this.ready, ...this.invited])

  get picked(): Member[] {
    return this.shown.filter((m) => this.#selected.has(m.id))
  }

  isPicked = (m: Member): boolean => this.#selected.has(m.id)
  isBusy = (m: Member): boolean => this.#busy.has(m.id)
  // rolesOf are the roles to approve with: those chosen here, else those of the
  // invitation, unless the Admin who invited may no longer grant them.
  rolesOf = (m: Member): string[] => this.#roles[m.id] ?? (m.inviter_may_not ? [] : m.roles)

  setRoles(m: Member, roles: string[]): void {
    this.#roles[m.id] = roles
  }

  toggle = (id: string): void => {
    const next = new Set(this.#selected)
    if (!next.delete(id)) next.add(id)
    this.#selected = next
  }

  all(yes: boolean): void {
    this.#selected = new Set(yes ? this.shown.map((m) => m.id) : [])
  }

  // under is what a key acts on: the selected rows, else the one with the keyboard.
  under(): Member[] {
    return this.picked.length > 0 ? this.picked : this.shown.filter((m) => m.id === this.at)
  }

  move(by: number): void {
    const i = this.shown.findIndex((m) => m.id === this.at)
    const next = this.shown[Math.max(0, Math.min(this.shown.length - 1, i < 0 ? 0 : i + by))]
    if (!next) return
    this.at = next.id
    focusRow(next.id)
  }

  // manages reports whether the member would get a role that decides about others.
  manages = (m: Member): boolean => this.rolesOf(m).some((name) => manages(roles.all.find((r) => r.name === name)))

  // approve approves requests. It asks first where somebody gets a role that manages
  // others, or where they are many.
  async approve(members: Member[]): Promise<void> {
    if (members.length === 0 || members.some(this.isBusy)) return
    if (members.length > many || members.some(this.manages)) this.toConfirm = members
    else await this.approveNow(members)
  }

  // approveNow approves requests, and moves the keyboard to the next row.
  async approveNow(members: Member[]): Promise<void> {
    this.toConfirm = []
    const ids = new Set(members.map((m) => m.id))
    const i = this.shown.findIndex((m) => m.id === this.at)
    const had = ids.has(this.at) && document.getElementById(`request-${this.at}`)?.contains(document.activeElement)
    this.#busy = new Set([...this.#busy, ...ids])
    const outcome = await approve(members, this.rolesOf)
    this.#busy = new Set([...this.#busy].filter((id) => !ids.has(id)))
    this.failed = outcome.failed
    tellApproved(outcome.done, this.rolesOf)
    if (i >= 0) this.at = this.shown[Math.min(i, this.shown.length - 1)]?.id ?? ''
    // The button that was pressed is gone, so the focus would be lost.
    await tick()
    const lost = document.activeElement === document.body || document.activeElement === null
    if (had || lost) focusRow(this.at)
  }

  askToReject(members: Member[]): void {
    if (members.length > 0) router.set({ reject: members.map((m) => m.id).join(',') })
  }
}

function focusRow(id: string): void {
  const row = document.getElementById(`request-${id}`) ?? document.getElementById('requests') ?? document.querySelector<HTMLElement>('main')
  row?.focus()
}
