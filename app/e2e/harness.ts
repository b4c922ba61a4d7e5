import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, type Page } from '@playwright/test'
import type { AxeResults } from 'axe-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// control asks the Go test that started this run to do something, and returns
// its answer. A refusal there fails the spec with the sentence given.
export async function control<T = unknown>(verb: string, input: unknown = null): Promise<T> {
  const res = await fetch(`${process.env.CONTROL_URL}/${verb}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(input),
  })
  if (!res.ok) throw new Error(`control ${verb}: ${res.status} ${await res.text()}`)
  return (await res.json()) as T
}

// barriers lists what axe finds in the page as it stands, rule and element. It
// is evaluated by the debugger, so a strict content policy does not stop it.
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<AxeResults> } }
    return (await axe.run()).violations
  })
  return found.flatMap((v) => v.nodes.map((n) => `${v.id} at ${n.target.join(' ')}: ${v.help}`))
}

// expectNoBarriers fails with what a person with a disability would run into.
export async function expectNoBarriers(page: Page): Promise<void> {
  expect(await barriers(page), `accessibility of ${page.url()}`).toEqual([])
}
