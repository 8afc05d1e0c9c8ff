/** Types of `jars.mjs`. */

export const newestKafka: string
export function missingForKafka(): string | null
export function defaultCache(env?: Readonly<Record<string, string | undefined>>): string
export function fetchJars(options?: { readonly version?: string | undefined; readonly cache?: string | undefined }): string
