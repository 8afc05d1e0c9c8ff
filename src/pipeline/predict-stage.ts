/** Observations become predictions, by the state as it stands: each once, as those known already are not admitted. */
import type { AnyEvent, Prediction } from '../events/event.ts'
import type { Learner } from '../learner/learner.ts'
import type { Incoming } from './log.ts'
import type { Stage } from './stage.ts'
import type { Step } from './step.ts'

export interface PredictStageOptions {
  readonly learner: Learner
  readonly admits: (id: string, time: number) => boolean
  /** Told once the prediction is durable. */
  readonly served: (prediction: Prediction) => void
  readonly predictMs: (ms: number) => void
  readonly clock: () => number
}

export class PredictStage implements Stage {
  readonly topics = ['observations'] as const
  readonly #options: PredictStageOptions

  constructor(options: PredictStageOptions) {
    this.#options = options
  }

  take(_record: Incoming, { name, event }: AnyEvent, step: Step): void {
    const { learner, admits, served, predictMs, clock } = this.#options
    if (name !== 'observation' || !admits(event.id, event.time)) return
    const before = clock()
    const prediction = learner.predict(event)
    predictMs(clock() - before)
    step.emit('predictions', event.line, 'prediction', prediction)
    step.after(() => served(prediction))
  }

  settle(): void {}
}
