import { afterEach, expect, test, vi } from 'vitest'
import { Columns, readColumns, usual, withColumn } from './columns.svelte'

afterEach(() => vi.unstubAllGlobals())

// What an extension or an older console left in the storage stopped the page.
test.each([null, '', '{', '{}', '"status"', '7', '["gone"]', '[null,{"name":1}]'])('%j is no choice', (text) => {
  expect(readColumns(text)).toEqual(usual)
})

test('a choice is in the order of the table, without what is unknown or said twice', () => {
  expect(readColumns('["added","gone","roles",null,"roles"]')).toEqual(['roles', 'added'])
})

test('no column is a choice', () => expect(readColumns('[]')).toEqual([]))

test('a column comes to its place, and goes', () => {
  expect(withColumn(['roles', 'added'], 'status', true)).toEqual(['roles', 'status', 'added'])
  expect(withColumn(['roles', 'status'], 'status', true)).toEqual(['roles', 'status'])
  expect(withColumn(['roles', 'status'], 'status', false)).toEqual(['roles'])
  expect(withColumn(['roles'], 'roles', false)).toEqual([])
})

test('a choice is kept until it is reset', () => {
  const kept = new Map<string, string>()
  const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => kept.set(k, v), removeItem: (k: string) => kept.delete(k) }
  vi.stubGlobal('localStorage', storage)
  const chosen = new Columns()
  expect(chosen.usual).toBe(true)
  chosen.set('invited_by', true)
  chosen.set('status', false)
  expect(new Columns().shown).toEqual(['roles', 'last_sign_in', 'invited_by'])
  expect(chosen.usual).toBe(false)
  expect(chosen.has('status')).toBe(false)
  chosen.reset()
  expect(chosen.usual).toBe(true)
  expect(kept.size).toBe(0)
})

// A browser that refuses its storage showed no list.
test('without storage a choice lasts as long as the page', () => {
  const refuse = () => {
    throw new DOMException('denied', 'SecurityError')
  }
  vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse, removeItem: refuse })
  const chosen = new Columns()
  chosen.set('added', true)
  expect(chosen.shown).toEqual([...usual, 'added'])
  chosen.reset()
  expect(chosen.shown).toEqual(usual)
})
