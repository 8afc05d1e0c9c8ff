/** Certificates for one test run: an authority, a broker and a client that it has signed, made by openssl. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Files in the form that a broker takes. */
  readonly keystore: string
  readonly truststore: string
}

export function makeCertificates(folder: string): Certificates {
  const at = (name: string): string => join(folder, name)
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { stdio: 'ignore' })
  const text = (name: string): string => readFileSync(at(name), 'utf8')
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=andon test',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem')
  )
  for (const name of ['broker', 'client']) {
    writeFileSync(at(`${name}.ext`), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`))
    const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at(`${name}.ext`), '-days', '2']
    openssl('x509', '-req', '-in', at(`${name}.csr`), '-out', at(`${name}.pem`), ...signed)
  }
  writeFileSync(at('keystore.pem'), text('broker.key') + text('broker.pem') + text('ca.pem'))
  return { ca: text('ca.pem'), cert: text('client.pem'), key: text('client.key'), keystore: at('keystore.pem'), truststore: at('ca.pem') }
}
