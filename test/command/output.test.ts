import { PassThrough } from 'node:stream'
import { CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { duration, exitCodeOf, exitCodes, json, palette, progress, table } from '../../src/command/output.ts'
import { Fault, type FaultCode, faultCodes } from '../../src/fault/fault.ts'

const watched = { write: () => true, isTTY: true }
const piped = { write: () => true }

describe('colours', () => {
  test('stand where a person watches, and nowhere else', () => {
    expect(palette(watched, {}).red('x')).toBe('\u001b[31mx\u001b[39m')
    expect(palette(piped, {}).red('x')).toBe('x')
  })

  test('are gone with NO_COLOR, unless it is empty, and on a dumb terminal', () => {
    expect(palette(watched, { NO_COLOR: '1' }).bold('x')).toBe('x')
    expect(palette(watched, { NO_COLOR: '' }).bold('x')).not.toBe('x')
    expect(palette(watched, { TERM: 'dumb' }).bold('x')).toBe('x')
  })
})

describe('a table', () => {
  test('has words to the left, figures to the right, and no line that ends in spaces', () => {
    const text = table(
      ['class', 'support', 'note'],
      [
        ['ok', '1,000', 'common'],
        ['scratch', '7', '']
      ]
    )
    expect(text.split('\n')).toEqual(['class    support  note', 'ok         1,000  common', 'scratch        7'])
  })

  test('keeps its columns under colours and accents', () => {
    const { red } = palette(watched, {})
    const lines = table(
      ['a', 'b'],
      [
        [red('été'), '1'],
        ['x', '10']
      ]
    ).split('\n')
    expect(lines[1]).toBe(`${red('été')}   1`)
    expect(lines[2]).toBe('x    10')
  })

  test('of no rows is its heading', () => expect(table(['a', 'b'], [])).toBe('a  b'))
})

describe('a progress bar', () => {
  function terminal(isTTY: boolean) {
    const stream = Object.assign(new PassThrough(), {
      isTTY,
      columns: 100,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
      getWindowSize: () => [100, 24]
    })
    return { stream: stream as unknown as NodeJS.WriteStream, text: () => String(stream.read() ?? '') }
  }

  test('writes nothing into a pipe', () => {
    const { stream, text } = terminal(false)
    const bar = progress('reading', 10, stream)
    bar.update(5)
    bar.stop()
    expect(text()).toBe('')
  })

  test('shows rate and time left to a person', () => {
    const { stream, text } = terminal(true)
    let now = 0
    const bar = progress('reading', 100, stream, () => now)
    now = 2000
    bar.update(50)
    bar.stop()
    bar.stop()
    bar.update(60)
    const shown = text()
    expect(shown).toContain('reading')
    expect(shown).toContain('50/100 | 25/s | 2 s left')
    expect(shown).not.toContain('60/100')
  })

  test('counts where the end is not known', () => {
    const { stream, text } = terminal(true)
    let now = 0
    const bar = progress('reading', null, stream, () => now)
    now = 1000
    bar.update(7)
    bar.stop()
    expect(text()).toContain('reading 7 | 7/s | 1 s')
  })
})

describe('exit codes', () => {
  test('say what ended the command', () => {
    const codes = Object.fromEntries((Object.keys(faultCodes) as FaultCode[]).map(code => [code, exitCodeOf(new Fault(code, 'x'))]))
    expect(codes).toEqual({
      CONFIG_INVALID: 2,
      FILE_UNREADABLE: 3,
      INPUT_INVALID: 3,
      LOG_FULL: 1,
      LOG_DAMAGED: 4,
      LOG_FENCED: 1,
      LOG_CLOSED: 1,
      LOG_STALLED: 1,
      SNAPSHOT_DAMAGED: 4,
      FOLD_DIVERGED: 1,
      FOLD_VERSION: 1,
      OVERLOADED: 1,
      UNAVAILABLE: 1,
      NOT_AUTHORISED: 1
    })
    expect(exitCodeOf(new Error('x'))).toBe(exitCodes.failed)
    expect(exitCodeOf(new DOMException('x', 'AbortError'))).toBe(exitCodes.interrupted)
    expect(exitCodeOf(new CommanderError(1, 'commander.unknownOption', 'x'))).toBe(exitCodes.usage)
    expect(exitCodeOf(new CommanderError(0, 'commander.helpDisplayed', 'x'))).toBe(exitCodes.ok)
  })
})

test('a duration is told in the units that matter', () => {
  expect([0, 59.4, 60, 3599, 3600, 90_000, -1, Number.NaN, Number.POSITIVE_INFINITY].map(duration)).toEqual([
    '0 s',
    '59 s',
    '1 min 0 s',
    '59 min 59 s',
    '1 h 0 min',
    '25 h 0 min',
    '–',
    '–',
    '–'
  ])
})

test('JSON ends its line', () => expect(json({ a: Number.NaN })).toBe('{\n  "a": null\n}\n'))
