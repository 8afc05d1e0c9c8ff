/**
 * What tasks hear of one another. Every class of every task has a row, in order of appearance; of a record each task's pool
 * says p − 1/C there, before its own bank that hears others is asked. Invariant: a task never hears itself, and what is heard
 * of an example is what was said before any task learned it: as served, or else on arrival.
 *
 * Shapes: R rows, row 0 without meaning; opinions heard are (R), NaN of what was not known when the record was seen, and
 * shorter where rows came later.
 */
import type { Rows } from '../bank/linear.ts'
import type { Prediction, TaskPrediction } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Sparse } from '../numeric/sparse.ts'
import type { EncodedRecord } from './encodings.ts'

/** Opinions of all tasks of one record, by row. Never changed. */
export type Heard = Float32Array

const NOBODY: ReadonlySet<number> = new Set()

export interface Speaker {
  readonly name: string
  readonly classes: readonly string[]
  /** Asks the banks that hear no one; returns p − 1/C by class, of what was served where it is given, NaN of a class not known then. */
  speak(record: EncodedRecord, served: TaskPrediction | undefined): Float64Array
}

export class Chain implements Rows {
  rows = 1
  /** The row of a task's class, by their places. */
  readonly #rowOf: number[][] = []

  /** Gives rows to the classes that appeared, task by task. */
  meet(tasks: readonly Speaker[]): void {
    for (const [t, { classes }] of tasks.entries()) {
      this.#rowOf[t] ??= []
      const own = this.#rowOf[t]
      while (own.length < classes.length) own.push(this.rows++)
    }
  }

  /** Asks every task that knows a class, but those `silent`, by their places. Changes nothing that is saved. */
  hear(tasks: readonly Speaker[], record: EncodedRecord, prediction: Prediction | null, silent: ReadonlySet<number> = NOBODY): Heard {
    const heard = new Float32Array(this.rows).fill(Number.NaN)
    for (const [t, task] of tasks.entries()) {
      if (task.classes.length === 0) continue
      const served = prediction?.tasks.find(each => each.task === task.name)
      const said = task.speak(record, served)
      if ((prediction !== null && served === undefined) || silent.has(t)) continue
      for (const [c, row] of this.#rowOf[t]!.entries()) heard[row] = said[c]!
    }
    return heard
  }

  /** Writes what `task` hears of the others into `x`; entries that are 0 are left out. */
  fill(heard: Heard | null, task: number, x: Sparse): void {
    x.clear()
    if (heard === null) return
    for (const [t, rows] of this.#rowOf.entries()) {
      if (t === task) continue
      for (const row of rows) {
        const value = row < heard.length ? heard[row]! : Number.NaN
        if (value !== 0 && !Number.isNaN(value)) x.push(row, value)
      }
    }
  }

  save(): Saved {
    return { rows: this.rows, rowOf: this.#rowOf.map(rows => Int32Array.from(rows)) }
  }

  load(saved: Saved): void {
    const { rows, rowOf } = saved as { rows: number; rowOf: Int32Array[] }
    this.rows = rows
    for (const own of rowOf) this.#rowOf.push([...own])
  }
}
