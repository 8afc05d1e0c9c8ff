/** What the alerts need to know of a decision, and nothing of how it was reached. Every field is the decision's own. */
export interface Decided {
  readonly observation: string
  readonly line: string
  readonly station: string | null
  readonly time: number
  readonly task: string
  readonly action: 'pass' | 'flag' | 'abstain'
  /** The class it is flagged as; null on pass and abstain. */
  readonly class: string | null
  readonly probability: number
  /** Number of examples that the state behind it had learned. */
  readonly learned: number
}
