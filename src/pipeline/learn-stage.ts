/** Examples and controls go through the fold; what the fold tells goes to `signals`. */
import type { AnyEvent } from '../events/event.ts'
import type { Learner } from '../learner/learner.ts'
import type { Incoming } from './log.ts'
import type { Shards } from './shards.ts'
import type { Stage } from './stage.ts'
import type { Step } from './step.ts'

export interface LearnStageOptions {
  readonly learner: Learner
  readonly shard: string
  readonly shards: Shards
  readonly learnMs: (ms: number) => void
  readonly clock: () => number
}

export class LearnStage implements Stage {
  readonly topics = ['examples'] as const
  readonly #options: LearnStageOptions

  constructor(options: LearnStageOptions) {
    this.#options = options
  }

  take(record: Incoming, { name, event }: AnyEvent, step: Step): void {
    const { learner, shard, shards, learnMs, clock } = this.#options
    if ((name !== 'example' && name !== 'control') || !shards.takes(shard, { name, event } as AnyEvent, record.key)) return
    const before = clock()
    const { outcome, signals } = learner.take(event)
    learnMs(clock() - before)
    for (const signal of signals) {
      step.emit('signals', shard, 'signal', signal)
      step.count('signals', signal.kind)
    }
    if (outcome !== 'expired') step.count(record.topic, outcome)
    else
      step.reject(record, {
        code: 'label-expired',
        reason:
          'expected an example newer than the oldest identity remembered, it can no longer be told from a repeat: see learner.dedupe.maxIds'
      })
  }

  settle(): void {}
}
