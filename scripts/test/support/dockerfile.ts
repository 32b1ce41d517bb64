// A Dockerfile as far as this project's own goes: stages with their instructions in order. Anything that it does not use is an
// error, so that no test passes over it.
import { Type } from 'typebox'
import { Value } from 'typebox/value'

const INSTRUCTIONS = ['RUN', 'COPY', 'ENV', 'WORKDIR', 'USER', 'EXPOSE', 'HEALTHCHECK', 'CMD'] as const
type InstructionName = (typeof INSTRUCTIONS)[number]

export interface Instruction {
  readonly name: InstructionName
  /** What follows the name, on one line. */
  readonly text: string
}

export interface Stage {
  readonly name: string
  /** An image, or the name of a stage before. */
  readonly from: string
  readonly instructions: readonly Instruction[]
}

/** Throws for what is no such file. */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: { name: string; from: string; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.+)$/.exec(line) ?? []
    if (word === 'FROM') {
      const [, from = '', name = ''] = /^(\S+) AS (\S+)$/.exec(rest) ?? []
      if (name === '') throw new Error(`a stage without a name: ${line}`)
      stages.push({ name, from, instructions: [] })
      continue
    }
    const name = INSTRUCTIONS.find((known) => known === word)
    if (name === undefined) throw new Error(`an instruction that this does not know: ${line}`)
    stages.at(-1)?.instructions.push({ name, text: rest.trim() })
  }
  return stages
}

/** One COPY: from another stage or (undefined) from the tree, what, and where to. */
export interface Copy {
  readonly stage: string | undefined
  readonly sources: readonly string[]
  readonly target: string
}

export function copiesOf(stage: Stage): readonly Copy[] {
  return textsOf(stage, 'COPY').map((text) => {
    const words = text.split(/\s+/)
    const from = words[0]?.startsWith('--from=') === true ? words.shift()?.slice('--from='.length) : undefined
    const target = words.pop()
    if (target === undefined || words.length === 0 || words.some((word) => word.startsWith('--')))
      throw new Error(`a COPY that this does not know: ${text}`)
    return { stage: from, sources: words, target }
  })
}

export function textsOf({ instructions }: Stage, name: InstructionName): readonly string[] {
  return instructions.filter((it) => it.name === name).map(({ text }) => text)
}

/** ENV of a stage. */
export function environmentOf(stage: Stage): Readonly<Record<string, string>> {
  const pairs = textsOf(stage, 'ENV').flatMap((text) => text.split(/\s+/))
  return Object.fromEntries(pairs.map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']))
}

/** The words of a command in exec form (a JSON array). Throws for the shell form, behind which a signal gets lost. */
export function execForm(text: string): readonly string[] {
  return Value.Parse(Type.Array(Type.String(), { minItems: 1 }), JSON.parse(text.slice(text.indexOf('['))))
}
