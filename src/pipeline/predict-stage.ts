/**
 * Observations become predictions, by the state as it stands: each once, as those known already are not admitted. A drift that
 * is seen in them without labels goes to the learner as a control, in the same commit.
 */
import type { AnyEvent, Prediction } from '../events/event.ts'
import { LabelFreeWatch } from '../learner/label-free.ts'
import type { Learner } from '../learner/learner.ts'
import type { Incoming } from './log.ts'
import type { Shards } from './shards.ts'
import type { Stage } from './stage.ts'
import type { Step } from './step.ts'

export interface PredictStageOptions {
  readonly learner: Learner
  readonly shards: Shards
  readonly admits: (id: string, time: number) => boolean
  /** Told once the prediction is durable. */
  readonly served: (prediction: Prediction) => void
  readonly predictMs: (ms: number) => void
  readonly clock: () => number
}

export class PredictStage implements Stage {
  readonly topics = ['observations'] as const
  readonly #options: PredictStageOptions
  /** Null where drift is not looked for. */
  readonly #watch: LabelFreeWatch | null

  constructor(options: PredictStageOptions) {
    this.#options = options
    const { drift, domain } = options.learner.options
    this.#watch = drift === 'off' ? null : new LabelFreeWatch(domain)
  }

  take(_record: Incoming, { name, event }: AnyEvent, step: Step): void {
    const { learner, shards, admits, served, predictMs, clock } = this.#options
    if (name !== 'observation' || !admits(event.id, event.time)) return
    const before = clock()
    const prediction = learner.predict(event)
    predictMs(clock() - before)
    step.emit('predictions', event.line, 'prediction', prediction)
    const drift = this.#watch?.observe(event, prediction) ?? null
    if (drift !== null) step.emit('examples', shards.of(event.line), 'control', drift)
    step.after(() => served(prediction))
  }

  settle(): void {}
}
