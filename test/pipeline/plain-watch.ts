/** A watch with the rules that hold without configuration, for pipelines whose alerts are not looked at. */
import { defaultRules } from '../../src/alert/default-rules.ts'
import type { PipelineOptions } from '../../src/pipeline/pipeline.ts'
import { openPlainDecider } from './plain-decider.ts'

export function plainWatch(): PipelineOptions['watch'] {
  return { rules: defaultRules, maxCauses: 100, maxRecent: 10, decider: openPlainDecider(['none', 'good']), trial: null }
}

/** Nobody is told. */
export const untold: PipelineOptions['telling'] = { sinks: [], maxAgeMs: 86_400_000, backoff: { firstMs: 1, longestMs: 10 } }
