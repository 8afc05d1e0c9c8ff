import { describe, expect, test } from 'vitest'
import { alarmLaws } from './alarms.laws.ts'
import { plants } from './alarms.plants.ts'
import { sound } from './scene.ts'

describe('alarms', () => {
  test.each(alarmLaws)('$name', law => law.run(sound))
})

describe('the laws of alarms go red', () => {
  test.each(Object.entries(plants))('when %s', (_name, { make, seenBy }) => {
    const laws = alarmLaws.filter(({ name }) => name.startsWith(seenBy))
    expect(laws).toHaveLength(1)
    expect(() => laws[0]!.run(make)).toThrow()
  })

  test('every one of them', () => {
    const seen = Object.values(plants).map(({ seenBy }) => seenBy)
    expect(alarmLaws.filter(({ name }) => !seen.some(start => name.startsWith(start))).map(({ name }) => name)).toEqual([])
  })
})
