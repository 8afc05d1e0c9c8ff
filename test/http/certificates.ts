/** Certificates for one test run, made by openssl: two authorities, and what each has signed. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const noOpenssl = spawnSync('openssl', ['version']).status !== 0
if (noOpenssl) console.info('skipped: openssl is not installed, which makes the certificates of the tests')

export interface Pair {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** One that has signed itself, or that another has. Curves are made in milliseconds. */
export function makePair(folder: string, name: string, by?: Pair): Pair {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const signer = by === undefined ? [] : ['-CA', by.certFile, '-CAkey', by.keyFile]
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...curve, ...names, ...signer, '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore'
  })
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}
