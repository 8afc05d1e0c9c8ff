import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeSchemas } from '../../src/adapter/avro/describe.ts'
import { headerOf } from '../../src/adapter/avro/fingerprint.ts'
import { loadSchemas } from '../../src/adapter/avro/schemas.ts'
import { rejectionCodes, topics } from '../../src/events/event.ts'

const path = new URL('../../docs/events.md', import.meta.url)
const between = (text: string, name: string): string => {
  const found = new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- /${name} -->`).exec(text)
  if (found === null) throw new Error(`expected the marks of ${name} in docs/events.md`)
  return found[1]!
}
const firstColumn = (table: string): string[] => [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(row => row[1]!)

describe('docs/events.md', () => {
  test('shows the schemas as they are (npm test with ANDON_WRITE_DOCS=1 writes them anew)', () => {
    const text = readFileSync(path, 'utf8')
    const expected = `\n${describeSchemas(loadSchemas())}\n`
    const written = text.replace(/<!-- schemas -->[\s\S]*<!-- \/schemas -->/, () => `<!-- schemas -->\n${expected}<!-- /schemas -->`)
    if (process.env.ANDON_WRITE_DOCS === '1') writeFileSync(path, written)
    expect(between(readFileSync(path, 'utf8'), 'schemas')).toBe(expected)
  })

  test('prints the header of a label where it shows how to write one', () => {
    const label = loadSchemas().findLast(one => one.name === 'label')!
    expect(readFileSync(path, 'utf8')).toContain(`bytes.fromhex('${Buffer.from(headerOf(label.fingerprint)).toString('hex')}')`)
    expect(readFileSync(path, 'utf8')).toContain(`schemas/label.${label.version}.avsc`)
  })

  test('tells every rejection code, and none that is not', () => {
    expect(firstColumn(between(readFileSync(path, 'utf8'), 'rejections')).sort()).toEqual([...rejectionCodes].sort())
  })

  test('tells every topic with its events, and none that is not', () => {
    const rows = [...readFileSync(path, 'utf8').matchAll(/^\| `(\w+)` \| ([\w, ]+) \| [\w ]+ \| [^|]+ \|$/gm)]
    expect(rows.map(row => [row[1], row[2]!.split(', ')])).toEqual(Object.entries(topics))
  })
})
