import { describe, expect, test } from 'vitest'
import type { Example } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import type { LearnerOptions } from '../../src/learner/options.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { type Fold, foldLaws, type Make } from './fold.laws.ts'
import type { Entry } from './stream.ts'

const right: Make = { open: options => new Learner(options), load: (saved, options) => Learner.load(saved, options) }

describe('the learner keeps the laws of the fold', () => {
  for (const [law, holds] of Object.entries(foldLaws)) test(law, () => holds(right))
})

type Tree = { readonly [name: string]: Saved }

/** The learner with some of its methods planted over. */
function planted(fault: (it: Fold) => Partial<Fold>): Make {
  const over = (it: Learner): Fold => {
    const plain: Fold = {
      predict: of => it.predict(of),
      take: record => it.take(record),
      status: () => it.status(),
      save: () => it.save()
    }
    return { ...plain, ...fault(plain) }
  }
  return { open: options => over(right.open(options) as Learner), load: (saved, options) => over(right.load(saved, options) as Learner) }
}

/** A learner that finds its state changed when it is loaded. */
function misread(change: (saved: Tree, options: LearnerOptions) => Tree): Make {
  return { ...right, load: (saved, options) => right.load(change(saved as Tree, options), options) }
}

const tasks = (saved: Tree, change: (task: Tree) => Tree): Tree => ({ ...saved, tasks: (saved.tasks as unknown as Tree[]).map(change) })

/** Takes every example under an id of its own first. */
function rehearsed(it: Fold, record: Entry): void {
  if ('kind' in record) return
  const { observation } = record as Example
  it.take({ ...record, observation: { ...observation, id: `rehearsal of ${observation.id}` } })
}

const faults: Readonly<Record<string, { readonly breaks: string; readonly make: Make }>> = {
  'draws without its seed': {
    breaks: 'the same log and seed',
    make: { ...right, open: options => new Learner({ ...options, seed: Math.floor(Math.random() * 1e9) }) }
  },
  'ignores its seed': { breaks: 'the same log and seed', make: { ...right, open: options => new Learner({ ...options, seed: 7 }) } },
  'forgets the ids when saved': {
    breaks: 'fold(a + b)',
    make: misread(saved => ({
      ...saved,
      seen: { ...(saved.seen as Tree), ids: [], times: new Float64Array(0), labels: new Int32Array(0) }
    }))
  },
  'forgets its chance when saved': {
    breaks: 'fold(a + b)',
    make: misread(saved => ({ ...saved, random: new Random(1).save() }))
  },
  "forgets a task's chance when saved": {
    breaks: 'fold(a + b)',
    make: misread(saved =>
      tasks(saved, task => ({
        ...task,
        pupils: (task.pupils as unknown as Tree[]).map(pupil => ({ ...pupil, random: new Random(1).save() }))
      }))
    )
  },
  'forgets the class counts when saved': {
    breaks: 'fold(a + b)',
    make: misread(saved =>
      tasks(saved, task => ({
        ...task,
        parts: {
          ...(task.parts as unknown as Tree),
          whole: {
            ...((task.parts as unknown as Tree).whole as unknown as Tree),
            frequency: (((task.parts as unknown as Tree).whole as unknown as Tree).frequency as Float64Array).map(() => 1)
          }
        }
      }))
    )
  },
  'forgets the effort cap when saved': {
    breaks: 'fold(a + b)',
    make: misread(saved => ({ ...saved, effort: Number.POSITIVE_INFINITY }))
  },
  'numbers its signals anew when loaded': { breaks: 'signals count up', make: misread(saved => ({ ...saved, signals: 0 })) },
  'takes any options': {
    breaks: 'a state learned with other options',
    make: misread((saved, options) => ({ ...saved, options: options as unknown as Saved }))
  },
  'learns from its own predictions': {
    breaks: 'predicting changes nothing',
    make: planted(it => ({
      predict(observation) {
        const said = it.predict(observation)
        const labels = Object.fromEntries(said.tasks.map(({ task, chosen }) => [task, chosen]))
        if (said.tasks.length > 0)
          it.take({
            observation: { ...observation, id: `asked ${observation.id}` },
            labels,
            labelTime: observation.time,
            source: null,
            prediction: null
          })
        return said
      }
    }))
  },
  'learns before it scores': {
    breaks: 'labels drawn at random',
    make: planted(it => ({
      take(record) {
        rehearsed(it, record)
        return it.take(record)
      }
    }))
  },
  'learns one task before it scores the next': {
    breaks: 'an example is scored by the prediction made just before',
    make: planted(it => ({
      take(record) {
        if ('kind' in record) return it.take(record)
        const [first, ...rest] = Object.entries((record as Example).labels)
        for (const [task, name] of rest) it.take({ ...(record as Example), labels: { [task]: name } })
        return it.take({ ...(record as Example), labels: { [first![0]]: first![1] } })
      }
    }))
  },
  'reads a label early': {
    breaks: 'a label that is yet to come',
    make: planted(it => ({
      take(record) {
        if (!('kind' in record) && 'poison' === (record as Example).labels['task 0']) rehearsed(it, record)
        return it.take(record)
      }
    }))
  },
  'learns repeats again': {
    breaks: 'each (id, task) is learned once',
    make: planted(it => {
      let n = 0
      return {
        take(record) {
          if ('kind' in record) return it.take(record)
          const { observation } = record as Example
          return it.take({ ...(record as Example), observation: { ...observation, id: `${observation.id} ${n++}` } })
        }
      }
    })
  },
  'gives the state it goes on to change': {
    breaks: 'saving does not disturb',
    make: planted(it => {
      const live: { tree: Tree | null } = { tree: null }
      return {
        save() {
          live.tree = { ...(it.save() as Tree) }
          return live.tree
        },
        take(record) {
          const taken = it.take(record)
          if (live.tree !== null) Object.assign(live.tree, it.save())
          return taken
        }
      }
    })
  }
}

describe('a planted fault breaks the law that is meant for it', () => {
  for (const [fault, { breaks, make }] of Object.entries(faults)) {
    test(fault, () => {
      const [, holds] = Object.entries(foldLaws).find(([law]) => law.startsWith(breaks))!
      expect(() => holds(make)).toThrow()
    })
  }
})
