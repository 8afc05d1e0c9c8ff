/** A Dockerfile as stages of instructions: what the one of this project needs, and an error for anything else. */

const known = ['ARG', 'COPY', 'CMD', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'RUN', 'USER', 'VOLUME', 'WORKDIR']

/** The stages in order, each with its name, what it starts `from` and its instructions; `args` are those before the first. */
export function parseDockerfile(text) {
  const args = {}
  const stages = []
  for (const line of linesOf(text)) {
    const [, word, rest] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    if (!known.includes(word)) throw new Error(`expected one of ${known.join(', ')}, got: ${line}`)
    if (word === 'ARG' && stages.length === 0) Object.assign(args, pairsOf(rest))
    else if (word === 'FROM') {
      const [, image, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? []
      if (image === undefined) throw new Error(`expected FROM image [AS name], got: ${line}`)
      stages.push({ name: name ?? null, from: filled(image, args), steps: [] })
    } else {
      if (stages.length === 0) throw new Error(`expected FROM before: ${line}`)
      stages.at(-1).steps.push({ word, rest })
    }
  }
  return { args, stages }
}

/** What a COPY says: its sources, its target, the stage they come from and whose they become. */
export function copyOf(rest) {
  const words = rest.split(/\s+/)
  const flags = Object.fromEntries(words.filter(word => word.startsWith('--')).map(word => word.slice(2).split('=')))
  const places = words.filter(word => !word.startsWith('--'))
  return { from: flags.from ?? null, sources: places.slice(0, -1), target: places.at(-1) }
}

/** `A=b C="d e"` as an object. */
export function pairsOf(text) {
  const found = [...text.matchAll(/(\S+?)=(?:"([^"]*)"|(\S*))/g)]
  return Object.fromEntries(found.map(([, name, quoted, plain]) => [name, quoted ?? plain]))
}

/** The words of an instruction in its exec form; any other needs a shell at run time. */
export function execOf(rest) {
  const words = JSON.parse(rest.slice(rest.indexOf('[')))
  if (!Array.isArray(words)) throw new Error(`expected a list of words, got: ${rest}`)
  return words
}

/** The last instruction of this word in a stage; null where there is none. */
export function lastOf(stage, word) {
  return stage.steps.findLast(step => step.word === word)?.rest ?? null
}

/** Names that may be copied, of a .dockerignore that leaves out everything else. */
export function allowedBy(text) {
  const [first, ...rest] = linesOf(text)
  if (first !== '*' || rest.some(line => !/^!\w?[\w./-]+$/.test(line)))
    throw new Error('expected a .dockerignore of `*` and lines of !NAME')
  return rest.map(line => line.slice(1))
}

function linesOf(text) {
  const plain = text.split('\n').filter(line => line.trim() !== '' && !line.startsWith('#'))
  return plain
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
}

function filled(text, args) {
  return text.replace(/\$\{(\w+)\}/g, (_, name) => {
    if (!(name in args)) throw new Error(`expected ARG ${name} before the first FROM, there is none`)
    return args[name]
  })
}
