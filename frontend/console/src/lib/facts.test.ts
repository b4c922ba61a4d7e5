import { expect, test } from 'vitest'
import { label } from './facts'

test.each([
  ['session_idle_managers', 'Admin sessions: idle timeout'],
  ['tls_cert', 'TLS certificate'],
  ['trusted_proxies', 'Trusted proxies'],
])('%s reads %s', (name, want) => expect(label(name)).toBe(want))
