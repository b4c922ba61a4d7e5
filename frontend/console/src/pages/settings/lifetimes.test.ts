import { expect, test } from 'vitest'
import { read, written } from './lifetimes'

test.each([
  ['7d', { n: '7', unit: 'd' }],
  ['36h', { n: '36', unit: 'h' }],
  ['90m', { n: '90', unit: 'm' }],
  ['forever', { n: '', unit: 'd' }],
  ['', { n: '', unit: 'd' }],
] as const)('%s is read', (text, typed) => expect(read(text)).toEqual(typed))

test.each([
  [{ n: '7', unit: 'd' }, '7d'],
  [{ n: ' 36 ', unit: 'h' }, '36h'],
  [{ n: '', unit: 'm' }, '-m'], // empty would be the default
  [{ n: 'two', unit: 'm' }, 'twom'],
] as const)('%o is written', (typed, text) => expect(written(typed)).toBe(text))
