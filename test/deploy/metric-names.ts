/** Names of Andon's own metrics in an expression; recorded series, which have colons, are none. */
export function namesIn(expression: string): string[] {
  return [...expression.matchAll(/(?<![\w:])andon_[a-z0-9_]+(?![\w:])/g)].map(([name]) => name)
}
