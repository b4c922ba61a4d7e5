import { describe, expect, test } from 'vitest'
import { didYouMean, domain, oneOff } from './domains'

describe('oneOff', () => {
  test.each([
    ['gmial.com', 'gmail.com', true], ['gmal.com', 'gmail.com', true], ['gmaill.com', 'gmail.com', true], ['gmxil.com', 'gmail.com', true],
    ['gmail.com', 'gmail.com', false], ['mail.com', 'gmial.com', false], ['a.b', 'c.d', false],
  ])('%s and %s: %s', (a, b, want) => expect(oneOff(a, b)).toBe(want))
})

describe('didYouMean', () => {
  test.each([
    ['ada@exmaple.org', ['example.org'], 'ada@example.org'],
    ['ada@gmial.com', [], 'ada@gmail.com'],
    ['ada@example.org', ['example.org'], ''],
    ['ada@else.where', ['example.org'], ''],
    ['ada', ['example.org'], ''],
    ['@exmaple.org', ['example.org'], ''],
  ])('%s among %j: "%s"', (email, known, want) => expect(didYouMean(email, known)).toBe(want))
})

test('the domain is behind the last @', () => expect(domain('"a@b"@Example.ORG ')).toBe('example.org'))
