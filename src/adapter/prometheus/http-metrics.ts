/** The metrics of the HTTP interface: what is answered, who is there, and who comes with a wrong token. */
import type { HttpStatus } from '../../pipeline/gateway.ts'
import type { Metric, Sample, Seen } from './metric.ts'

export const httpMetrics: readonly Metric[] = [
  {
    name: 'http_answers_total',
    type: 'counter',
    labels: ['route', 'code'],
    help: 'Answers by address as it is declared (other for what there is none of) and by status code.',
    read: seen => httpOf(seen).flatMap(({ answers }) => answers.map(({ route, code, count }): Sample => [[route, String(code)], count]))
  },
  {
    name: 'http_wrong_tokens_total',
    type: 'counter',
    labels: [],
    help: 'Requests and log-ins that came with a wrong token; 0 before the first.',
    read: seen => httpOf(seen).map(({ wrongTokens }): Sample => [[], wrongTokens])
  },
  {
    name: 'http_sessions',
    type: 'gauge',
    labels: [],
    help: 'Browsers that are logged in.',
    read: seen => httpOf(seen).map(({ sessions }): Sample => [[], sessions])
  },
  {
    name: 'http_connections',
    type: 'gauge',
    labels: [],
    help: 'Connections that are open.',
    read: seen => httpOf(seen).map(({ connections }): Sample => [[], connections])
  },
  {
    name: 'http_streams',
    type: 'gauge',
    labels: [],
    help: 'Browsers that follow live.',
    read: seen => httpOf(seen).map(({ streams }): Sample => [[], streams])
  },
  {
    name: 'http_full_ratio',
    type: 'gauge',
    labels: ['what'],
    help: 'Share of the most connections or streams that there may be; at 1 more are turned away.',
    read: seen =>
      httpOf(seen).flatMap(({ connections, maxConnections, streams, maxStreams }): Sample[] => [
        [['connections'], connections / maxConnections],
        [['streams'], maxStreams === 0 ? null : streams / maxStreams]
      ])
  }
]

/** One or none. */
function httpOf({ beside }: Seen): readonly HttpStatus[] {
  return beside === null ? [] : [beside.http]
}
