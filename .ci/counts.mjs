/** Reads vitest's JSON report and prints `passed failed skipped`; names what was skipped on stderr. */
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const tests = report.testResults.flatMap(file => file.assertionResults.map(test => ({ file: file.name, ...test })))
const passed = tests.filter(test => test.status === 'passed').length
const failed = tests.filter(test => test.status === 'failed').length
// A file that cannot be loaded has no tests, and is a failure all the same.
const unloaded = report.testResults.filter(
  file => file.status === 'failed' && file.assertionResults.every(test => test.status !== 'failed')
)
const skipped = tests.filter(test => test.status !== 'passed' && test.status !== 'failed')
for (const test of skipped) console.error(`skipped: ${test.fullName}`)
console.log(passed, failed + unloaded.length, skipped.length)
