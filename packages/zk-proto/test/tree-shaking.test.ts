// What a bundle holds that takes only a part of the library: tried with the bundler that the test runner brings along.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

interface Bundler {
  readonly build: (config: object) => Promise<{ readonly output: readonly { readonly code?: string }[] }[]>
}

async function findBundler(): Promise<Bundler> {
  const require = createRequire(createRequire(import.meta.url).resolve('vitest'))
  return (await import(pathToFileURL(require.resolve('vite')).href)) as Bundler
}

/** The code of a bundle whose entry says only this. Modules of Node stay outside. */
async function bundled(statement: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'zk-bundle-'))
  try {
    const entry = join(folder, 'entry.js')
    writeFileSync(entry, statement)
    const { build } = await findBundler()
    const [bundle] = await build({
      configFile: false,
      logLevel: 'silent',
      root: folder,
      build: {
        write: false,
        minify: false,
        target: 'esnext',
        lib: { entry, formats: ['es'], fileName: 'bundle' },
        rollupOptions: { external: /^node:/ },
      },
    })
    return bundle?.output.map(({ code = '' }) => code).join('\n') ?? ''
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const path = (file: string): string => new URL(`../src/${file}`, import.meta.url).pathname

describe('a bundle', () => {
  it('of one layout has no sockets, no timers and no sessions in it', async () => {
    const code = await bundled(`export { attendance40 } from '${path('wire.ts')}'`)
    expect(code.includes('attendance/40')).toBe(true)
    for (const absent of [
      'node:',
      'setTimeout',
      'ClientSession',
      'TerminalSession',
      'TextDecoder',
      'person/72',
    ]) {
      expect([absent, code.includes(absent)]).toEqual([absent, false])
    }
  })

  it('of both ends of a session has no sockets and no timers in it', async () => {
    const code = await bundled(`export { ClientSession, TerminalSession } from '${path('wire.ts')}'`)
    expect(/export \{.*\bTerminalSession\b/.test(code)).toBe(true)
    for (const absent of ['node:net', 'node:dgram', 'setTimeout', 'attendance/40', 'person/72']) {
      expect([absent, code.includes(absent)]).toEqual([absent, false])
    }
  })

  it('of names and times has nothing else in it, and one of connect has the sockets', async () => {
    const names = await bundled(`export { verifyModeName, formatWallTime } from '${path('index.ts')}'`)
    expect([names.includes('node:'), names.includes('Session')]).toEqual([false, false])
    const whole = await bundled(`export { connect } from '${path('index.ts')}'`)
    expect([whole.includes('node:net'), whole.includes('node:dgram')]).toEqual([true, true])
  })
})
