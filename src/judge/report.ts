/** What is told of a task's scores. A score that has no support is null, never 0. */

export interface Scores {
  readonly accuracy: number | null
  /** Cohen's κ (1960): against an answer that keeps the same marginals. */
  readonly kappa: number | null
  /** κ against repeating the last known label, κ_T (Žliobaitė et al., 2015). */
  readonly kappaNoChange: number | null
  /** κ against the most frequent class so far, κ_M (Bifet et al., 2015). */
  readonly kappaMajority: number | null
  /** Geometric mean of the recalls of the classes with support; 0 if any of them is 0. */
  readonly gMean: number | null
  readonly macroRecall: number | null
  readonly macroF1: number | null
  /** Mean −ln p of the true class, nats, p floored at 1e-6. */
  readonly logLoss: number | null
  /** Mean squared distance of the probabilities from the truth, 0 to 2. */
  readonly brier: number | null
  /** Expected calibration error of the chosen class's probability, 15 equal bins. */
  readonly ece: number | null
}

export interface ClassScore {
  readonly class: string
  readonly support: number
  readonly predicted: number
  readonly recall: number | null
  readonly precision: number | null
  /** Wilson's 95 % interval of the recall (1927). */
  readonly recallInterval: readonly [number, number] | null
  readonly precisionInterval: readonly [number, number] | null
}

export interface BaselineScore {
  readonly accuracy: number | null
  readonly kappa: number | null
}

export interface Report {
  /** Judged predictions. */
  readonly n: number
  readonly scores: Scores
  readonly perClass: readonly ClassScore[]
  readonly baselines: { readonly noChange: BaselineScore; readonly majority: BaselineScore }
}
