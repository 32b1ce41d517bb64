// A stage of the Dockerfile made in a folder, since no container engine is at hand: its COPYs copied, its RUNs run with the package
// manager that the project names, from the store that the project's own install has filled.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { copiesOf, environmentOf, execForm, parseDockerfile, textsOf, type Stage } from './dockerfile.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
/** An install from the store takes some seconds. */
const INSTALL_WITHIN_MS = 240_000

const Manifest = Type.Object({ packageManager: Type.String() })
/** What pnpm writes of its own install. */
const Installed = Type.Object({ storeDir: Type.String() })

export interface Image {
  /** What WORKDIR is in the image. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  /** The words of CMD and of HEALTHCHECK; the first is `node`. */
  readonly command: readonly string[]
  readonly healthcheck: readonly string[]
}

/** Makes a stage, and what it is made from, in an empty folder. Throws what a RUN says when it fails. */
export function makeImage(name: string, folder: string): Image {
  const stages = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
  const stageOf = (wanted: string): Stage => {
    const stage = stages.find((it) => it.name === wanted)
    if (stage === undefined) throw new Error(`the Dockerfile has no stage ${wanted}`)
    return stage
  }
  const make = (stage: Stage): void => {
    if (stages.some((it) => it.name === stage.from)) make(stageOf(stage.from))
    for (const { stage: from, sources, target } of copiesOf(stage)) {
      if (from !== undefined) make(stageOf(from))
      else for (const source of sources) copyInto(folder, source, target)
    }
    for (const command of textsOf(stage, 'RUN')) if (!command.startsWith('npm ')) install(folder, command)
  }
  const stage = stageOf(name)
  make(stage)
  return {
    folder,
    environment: environmentOf(stage),
    command: execForm(textsOf(stage, 'CMD')[0] ?? ''),
    healthcheck: execForm(textsOf(stage, 'HEALTHCHECK')[0] ?? ''),
  }
}

/** As COPY does: a file goes into a folder that ends with a slash, a folder's content into the one that is named. */
function copyInto(folder: string, source: string, target: string): void {
  const to = target.endsWith('/')
    ? join(folder, target, source.split('/').at(-1) ?? '')
    : join(folder, target)
  mkdirSync(join(to, '..'), { recursive: true })
  cpSync(join(ROOT, source), to, { recursive: true })
}

function install(folder: string, command: string): void {
  const { packageManager } = Value.Parse(Manifest, parse(readFileSync(join(ROOT, 'package.json'), 'utf8')))
  const { storeDir } = Value.Parse(
    Installed,
    parse(readFileSync(join(ROOT, 'node_modules/.modules.yaml'), 'utf8')),
  )
  const here = command.replace(/^pnpm /, `npx --yes ${packageManager} `)
  const { status, stdout, stderr } = spawnSync(`${here} --offline --store-dir "${storeDir}"`, {
    cwd: folder,
    shell: true,
    encoding: 'utf8',
    timeout: INSTALL_WITHIN_MS,
    env: {
      ...process.env,
      CI: 'true',
      npm_config_prefer_offline: 'true',
      npm_config_update_notifier: 'false',
    },
  })
  if (status !== 0) throw new Error(`${command} failed:\n${stdout}\n${stderr}`)
}
