/** Faults to be planted in a detector, so that each law is seen to go red. */
import type { Change, Detector } from '../../src/drift/detector.ts'

export type Plant = (detector: Detector) => Partial<Detector>

/** A change as a detector that knows nothing tells it. */
const made: Change = { seen: 1, before: 0.2, after: 0.8, since: 0 }
/** Where a detector is not an object of its own it forgets between two updates. */
const always: Plant = () => ({ update: () => true, change: made })

/** What a detector may get wrong, by name, and the law that must see it. */
export const faults: Readonly<Record<string, { readonly plant: Plant; readonly law: string }>> = {
  'it always fires': { plant: always, law: 'a constant never fires' },
  'it always fires, and states a run length': { plant: always, law: 'false alarms come no sooner, on average, than is stated' },
  'it never fires': { plant: () => ({ update: () => false }), law: 'a change is found, once, within its delay' },
  'it goes on firing': {
    plant: detector => {
      let fired = false
      return {
        update: (value, mark) => {
          fired = detector.update(value, mark) || fired
          return fired
        }
      }
    },
    law: 'a change is found, once, within its delay'
  },
  'it dates every change at its end': {
    plant: detector => ({
      get change() {
        return detector.change === null ? null : { ...detector.change, since: 0 }
      }
    }),
    law: 'what it fired for is told: where it began, how many values are since, and both means'
  },
  'it forgets that it fired when it is loaded': {
    plant: detector => ({ load: () => detector.reset() }),
    law: 'saved and loaded at any place it goes on bit for bit'
  },
  'what it saves is what it works on': {
    plant: detector => {
      const state = new Float64Array(4)
      return {
        update: (value, mark) => {
          state[0]! += value
          return detector.update(value, mark)
        },
        save: () => ({ state })
      }
    },
    law: 'what is saved does not change when it goes on'
  },
  'reset keeps the past': { plant: () => ({ reset: () => undefined }), law: 'reset is as good as new' },
  'it keeps every value': {
    plant: detector => {
      const all: number[] = []
      return {
        update: (value, mark) => {
          all.push(value)
          return detector.update(value, mark)
        },
        save: () => Float64Array.from(all)
      }
    },
    law: 'memory has an end: after 100,000 values of a steady stream it saves less than 8 kB'
  }
}

/** A detector with the fault. */
export function planted(detector: Detector, plant: Plant): Detector {
  const fault = plant(detector)
  return {
    update: fault.update ?? ((value, mark) => detector.update(value, mark)),
    get change() {
      return 'change' in fault ? (fault.change as Change | null) : detector.change
    },
    averageRunLength: detector.averageRunLength,
    reset: fault.reset ?? (() => detector.reset()),
    save: fault.save ?? (() => detector.save()),
    load: fault.load ?? (saved => detector.load(saved))
  }
}
