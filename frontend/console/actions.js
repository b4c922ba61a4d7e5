// Writes src/lib/api/actions.ts from the OpenAPI document: the actions of the audit log
// with their phrases. With --check it only compares, and fails if they differ.
import { readFileSync, writeFileSync } from 'node:fs'

const file = 'src/lib/api/actions.ts'
const { enum: names, 'x-phrases': phrases } = JSON.parse(readFileSync('openapi.json', 'utf8')).components.schemas.Audit.properties.action
const text = `// Written by \`npm run types\`. Do not edit.
import type { AuditEntry } from './client'

// phrases are the words for each action, to stand between the actor and the target.
export const phrases: Record<AuditEntry['action'], string> = {
${names.map((name) => `  ${name}: ${JSON.stringify(phrases[name])},\n`).join('')}}
`
if (!process.argv.includes('--check')) writeFileSync(file, text)
else if (readFileSync(file, 'utf8') !== text) {
  console.error(`${file} is out of date: run npm run types.`)
  process.exit(1)
}
