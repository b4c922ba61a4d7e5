import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { dark, light, measure, nearest, parse, ratio, wash } from './accent'

type Case = { text: string; button: string; mark: string; passes: boolean; nearest: string; wash: string }
const cases = JSON.parse(readFileSync(new URL('../../../../../backend/access/testdata/accents.json', import.meta.url), 'utf8')) as { colour: string; light: Case; dark: Case }[]

// The form says that a colour is fine, and the server refuses it; or the other way round.
test.each(cases)('$colour is worth what it is worth to the server', (row) => {
  for (const theme of [light, dark]) {
    const m = measure(theme, row.colour)
    const got = { text: m.text.toFixed(2), button: m.button.toFixed(2), mark: m.mark.toFixed(2), passes: m.passes, nearest: nearest(theme, row.colour), wash: wash(theme, row.colour) }
    expect(got).toEqual(row[theme.name])
  }
})

test('a colour is read as the server reads it', () => {
  expect(['#1d6b57', ' 1D6B57 ', '#1d5', '', 'red', '#12345', '#1234567', '#1d6b57;}'].map(parse)).toEqual(['#1d6b57', '#1d6b57', '#11dd55', undefined, undefined, undefined, undefined, undefined])
})

test('a contrast that is just too low is not rounded up', () => {
  expect(ratio({ text: 4.49, button: 9, mark: 9, passes: false })).toBe(4.4)
})
