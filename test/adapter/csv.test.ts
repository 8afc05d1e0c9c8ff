import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { type CsvOptions, type LabelledRow, openCsv } from '../../src/adapter/csv/csv.ts'
import { shuffleRows } from '../../src/adapter/csv/shuffle.ts'
import { check } from '../../src/events/check.ts'
import { Fault } from '../../src/fault/fault.ts'
import { Random } from '../../src/numeric/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'csv-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (text: string | Uint8Array, name = 'rows.csv'): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const rowsOf = async (path: string, options: CsvOptions): Promise<LabelledRow[]> => {
  const rows: LabelledRow[] = []
  for await (const row of openCsv(path, options)) rows.push(row)
  return rows
}
const features = async (text: string): Promise<unknown[]> =>
  (await rowsOf(file(text), { labels: ['y'] })).map(row => row.observation.features)
/** The message of the fault that reading ends with. */
const faultOf = async (path: string, options: CsvOptions = { labels: ['y'] }): Promise<string> => {
  try {
    await rowsOf(path, options)
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`
    throw error
  }
  return 'no fault'
}

describe('a row becomes an observation and its labels', () => {
  test('with an id by name and row, the domain as its line, and a synthetic clock', async () => {
    const path = file('m,a,tool,fault,grade\nm1,1.5,drill,none,B\nm2,-2e3,mill,scratch,\n', 'press.csv')
    expect(await rowsOf(path, { labels: ['fault', 'grade'], domain: 'm' })).toEqual([
      {
        observation: {
          id: 'press-1',
          line: 'm1',
          station: null,
          product: null,
          time: Date.UTC(2026, 0, 1, 0, 0, 1),
          features: { a: 1.5, tool: 'drill' }
        },
        labels: { fault: 'none', grade: 'B' }
      },
      {
        observation: {
          id: 'press-2',
          line: 'm2',
          station: null,
          product: null,
          time: Date.UTC(2026, 0, 1, 0, 0, 2),
          features: { a: -2000, tool: 'mill' }
        },
        labels: { fault: 'scratch' }
      }
    ])
  })

  test('without a domain the line is the file; ignored columns and the time are no inputs', async () => {
    const path = file('at,a,b,y\n2026-03-14T09:26:53Z,1,2,c\n1773480413001,3,4,c\n', 'oven.csv')
    const opened = openCsv(path, { labels: ['y'], ignore: ['b'], timeColumn: 'at' })
    expect(opened.name).toBe('oven')
    expect(await opened.inputs()).toEqual([{ name: 'a', kind: 'number' }])
    const rows = await shuffleRows(opened, { below: n => n - 1 })
    expect(rows.map(row => [row.observation.line, row.observation.time])).toEqual([
      ['oven', 1_773_480_413_000],
      ['oven', 1_773_480_413_001]
    ])
  })

  test('gzip, a byte order mark, Windows line ends, quotes and empty lines are read', async () => {
    const text = '\ufeffa,b,y\r\n1,"x, ""y""\nz",c\r\n\r\n2,w,c\r\n'
    const rows = await rowsOf(file(gzipSync(text), 'zipped.csv.gz'), { labels: ['y'] })
    expect(rows.map(row => [row.observation.id, row.observation.features])).toEqual([
      ['zipped-1', { a: 1, b: 'x, "y"\nz' }],
      ['zipped-2', { a: 2, b: 'w' }]
    ])
  })

  test('several columns make one domain', async () => {
    const path = file('site,m,a,y\ns1,m1,1,c\ns2,,2,c\n')
    const [first] = await rowsOf(path, { labels: ['y'], domain: ['site', 'm'], limit: 1 })
    expect(first?.observation).toMatchObject({ line: 's1/m1', features: { a: 1 } })
    expect(await faultOf(path, { labels: ['y'], domain: ['site', 'm'] })).toMatch(/line 3, domain: expected a value in every domain column/)
  })

  test('a limit ends the rows, and a file can be read twice', async () => {
    const path = file(`a,y\n${'1,c\n'.repeat(20)}`)
    const opened = openCsv(path, { labels: ['y'], limit: 7 })
    const none: Random = new Random(1)
    expect((await shuffleRows(opened, none)).length).toBe(7)
    expect((await shuffleRows(opened, none)).length).toBe(7)
  })
})

describe('the column decides what a cell is', () => {
  test('one text among numbers makes categories of all, wherever in the first 1,000 rows', async () => {
    const rows = Array.from({ length: 1500 }, (_, i) => (i === 998 ? 'x,c' : `${i},c`))
    const read = await features(`a,y\n${rows.join('\n')}\n`)
    expect(read[0]).toEqual({ a: '0' })
    expect(read[1499]).toEqual({ a: '1499' })
  })

  test('text after the first 1,000 rows in a column of numbers is a fault that names line and column', async () => {
    const rows = Array.from({ length: 1500 }, (_, i) => (i === 1200 ? 'x,c' : `${i},c`))
    const message = await faultOf(file(`a,y\n${rows.join('\n')}\n`))
    expect(message).toBe(
      'INPUT_INVALID: line 1202, column "a": expected a finite number as in the rows before, got "x": correct the cell, empty it, or ignore the column'
    )
  })

  test.each(['', ' ', 'NA', 'NaN', '?', 'null'])('%j is missing, among numbers and among categories, early and late', async cell => {
    const filler = '1,x,c\n'.repeat(1000)
    const read = await features(`a,b,y\n${cell},${cell},c\n${filler}${cell},${cell},c\n`)
    expect(read[0]).toEqual({ a: null, b: null })
    expect(read[1]).toEqual({ a: 1, b: 'x' })
    expect(read[1001]).toEqual({ a: null, b: null })
  })

  test('a column empty so far is decided by its first value', async () => {
    const filler = ',,c\n'.repeat(1100)
    const read = await features(`a,b,y\n${filler}x,5,c\n7,6,c\n`)
    expect(read.slice(1100)).toEqual([
      { a: 'x', b: 5 },
      { a: '7', b: 6 }
    ])
  })

  test('numbers of other bases are categories, infinities are a fault, spaces do not matter', async () => {
    expect(await features('a,b,y\n0x10, 1.5 ,c\n7,+.5,c\n')).toEqual([
      { a: '0x10', b: 1.5 },
      { a: '7', b: 0.5 }
    ])
    for (const cell of ['Infinity', '-inf', '1e999']) expect(await faultOf(file(`a,y\n1,c\n${cell},c\n`))).toMatch(/line 3, column "a"/)
  })
})

describe('what cannot be read says what to do', () => {
  test('a column that is not there names those that are', async () => {
    const path = file('a,b,y\n1,2,c\n')
    expect(await faultOf(path, { labels: ['z'] })).toMatch(/expected a column "z" \(label\) in .*, there are a, b, y/)
    expect(await faultOf(path, { labels: ['y'], domain: 'z' })).toMatch(/"z" \(domain\)/)
    expect(await faultOf(path, { labels: ['y'], ignore: ['z'] })).toMatch(/"z" \(ignored\)/)
    expect(await faultOf(path, { labels: ['y'], ignore: ['y'] })).toMatch(/expected one use of column "y"/)
  })

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['an empty file', '', /INPUT_INVALID: expected a header/],
    ['a row of another width', 'a,y\n1,c\n1,2,c\n', /line 3: expected 2 cells as in the header, got 3/],
    ['a name twice', 'a,a,y\n', /expected every name once, got "a" twice/],
    ['a column without a name', ',y\n', /column 1: expected 1 to 200 characters/],
    ['a reserved name', '__proto__,y\n', /reserved/],
    ['an open quote', 'a,y\n"1,c\n', /INPUT_INVALID: expected comma-separated values/]
  ]
  test.each(wrong)('%s', async (_, text, message) => expect(await faultOf(file(text))).toMatch(message))

  test('an empty domain and a time that is none', async () => {
    expect(await faultOf(file('m,y\n,c\n'), { labels: ['y'], domain: 'm' })).toMatch(/line 2, domain/)
    expect(await faultOf(file('t,y\nsoon,c\n'), { labels: ['y'], timeColumn: 't' })).toMatch(/line 2, time: .*"soon"/)
  })

  test('no file, a folder, and gzip that is none or cut off', async () => {
    expect(await faultOf(join(folder, 'none.csv'))).toMatch(/FILE_UNREADABLE: .*ENOENT/)
    expect(await faultOf(folder)).toMatch(/FILE_UNREADABLE: .*EISDIR/)
    expect(await faultOf(file('a,y\n', 'plain.csv.gz'))).toMatch(/FILE_UNREADABLE: expected gzip/)
    const zipped = gzipSync(`a,y\n${Array.from({ length: 5000 }, (_, i) => `${i * 7919},c\n`).join('')}`)
    expect(await faultOf(file(zipped.subarray(0, zipped.length / 2), 'cut.csv.gz'))).toMatch(/FILE_UNREADABLE: expected gzip/)
  })
})

describe('a shuffle', () => {
  const rows = Array.from({ length: 200 }, (_, i) => ({
    observation: { id: `p-${i}`, line: 'l', station: null, product: null, time: i * 10, features: { a: i } },
    labels: { y: `c${i}` }
  }))

  test('is the same for a seed and another for another, keeps rows whole and time going forward', async () => {
    const once = await shuffleRows(rows, new Random(7))
    expect(await shuffleRows(rows, new Random(7))).toEqual(once)
    expect(await shuffleRows(rows, new Random(8))).not.toEqual(once)
    expect(once.map(row => row.observation.time)).toEqual(rows.map(row => row.observation.time))
    for (const row of once)
      expect([row.observation.features.a, row.labels['y']]).toEqual([
        Number(row.observation.id.slice(2)),
        `c${row.observation.id.slice(2)}`
      ])
    expect(new Set(once.map(row => row.observation.id)).size).toBe(rows.length)
    expect(once.map(row => row.observation.id)).not.toEqual(rows.map(row => row.observation.id))
  })

  test('gives each of the orders of three about equally often', async () => {
    const random = new Random(3)
    const counts = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const order = (await shuffleRows(rows.slice(0, 3), random)).map(row => row.observation.id).join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150) // 5 standard deviations
  })
})

describe('the published streams', () => {
  const data = process.env.ANDON_DATA ?? '../shared/data'
  const streams: readonly (readonly [string, CsvOptions, number, number])[] = [
    ['steel_plates.csv', { labels: ['fault'], domain: 'steel' }, 1941, 25],
    ['hydraulic.csv', { labels: ['valve', 'pump', 'accumulator', 'stable'], domain: 'cooler', ignore: ['cycle'] }, 2205, 17],
    ['ai4i.csv', { labels: ['failure', 'twf', 'hdf', 'pwf', 'osf', 'rnf'], domain: 'type' }, 10_000, 5],
    ['sme.csv', { labels: ['status', 'product'], domain: 'machine', ignore: ['ts'] }, 14_492, 4],
    ['secom.csv.gz', { labels: ['result'] }, 1567, 590],
    ['tennessee_eastman.csv.gz', { labels: ['fault'], ignore: ['run'] }, 21_120, 52],
    ['imbalanced_rbf.csv.gz', { labels: ['label'] }, 100_000, 10]
  ]
  for (const [name, options, count, inputs] of streams) {
    const path = `${data}/${name}`
    test(`${name} is read whole and passes the checks`, async context => {
      if (!existsSync(path)) return context.skip(`${path} is not there: set ANDON_DATA to the folder of streams`)
      const opened = openCsv(path, options)
      expect((await opened.inputs()).length).toBe(inputs)
      let rows = 0
      for await (const { observation, labels } of opened) {
        rows++
        const policy = { maxSkewMs: 0, maxFeatures: 600, now: observation.time }
        const problem = check('observation', observation, policy)
        if (problem !== null || Object.keys(labels).length !== options.labels.length)
          throw new Error(`${observation.id}: ${problem?.reason}`)
      }
      expect(rows).toBe(count)
    })
  }
})
