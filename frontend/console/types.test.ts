import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

// The types check of package.json, run on a document of the test's own.
const script: string = JSON.parse(readFileSync('package.json', 'utf8')).scripts['types:check']
const check = script.split('&&').find((part) => part.includes('openapi-typescript'))!.trim().split(/\s+/)
const document = (answer: string) =>
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Doorward', version: '1' },
    paths: { '/me': { get: { responses: { 200: { description: 'OK', content: { 'application/json': { schema: { type: answer } } } } } } } },
  })

let dir = ''
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'types-'))))
afterEach(() => rmSync(dir, { recursive: true }))

function run(): number {
  const [tool, , , , ...flags] = check
  const there = [join(dir, 'openapi.json'), '-o', join(dir, 'schema.d.ts')]
  try {
    execFileSync(join('node_modules', '.bin', tool!), [...there, ...flags], { stdio: 'pipe' })
    return 0
  } catch (failed) {
    return (failed as { status: number }).status
  }
}

test('the check of the types fails once the document is another', { timeout: 60_000 }, () => {
  expect(check.slice(0, 4)).toEqual(['openapi-typescript', 'openapi.json', '-o', 'src/lib/api/schema.d.ts'])
  expect(check.slice(4)).toEqual(['--check'])
  writeFileSync(join(dir, 'openapi.json'), document('string'))
  execFileSync(join('node_modules', '.bin', check[0]!), [join(dir, 'openapi.json'), '-o', join(dir, 'schema.d.ts')], { stdio: 'pipe' })
  expect(run(), 'fresh').toBe(0)
  writeFileSync(join(dir, 'openapi.json'), document('number'))
  expect(run(), 'stale').not.toBe(0)
})
