// `npm run kept-transfers` as an admin meets it, beside a service that runs.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { profileNamed, TerminalMemory } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { scratchService } from '../../packages/core/test/support/scratch-service.ts'
import { blocksOf, pageAt } from '../toolchain/page-blocks.ts'

const ROOT = new URL('../..', import.meta.url).pathname

it('lists the logs that could not be read, and writes one into a file that only its owner can read', async () => {
  await using service = await scratchService()
  const memory = new TerminalMemory({ profile: profileNamed('typical'), serialNumber: 'ODD' })
  for (let i = 0; i < 41; i += 1) memory.log.append(new Uint8Array(randomBytes(40)).fill(0xee, 0, 36))
  const device = await service.register(await service.terminal({ memory }))

  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/kept-transfers.ts', ...args], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', DATA_DIR: service.folder, DATABASE_URL: service.url },
      encoding: 'utf8',
      timeout: 110_000,
    })
  expect(run()).toMatchObject({ status: 0, stdout: 'nothing is kept\n', stderr: '' })
  await expect(service.sync(device.id)).rejects.toMatchObject({ code: 'DEVICE_DATA_UNREADABLE' })

  const listed = run()
  expect(listed).toMatchObject({ status: 0, stderr: '' })
  expect(listed.stdout).toContain(`device ${device.id}\t1644 of 1644 bytes`)
  const [id = ''] = listed.stdout.split('\t')
  const file = join(service.folder, 'odd.bin')
  // As docs/operations.md says it, with an id and a file of here.
  const here: Readonly<Record<string, string>> = { '7': id, 'unknown.bin': file }
  const typed = blocksOf(pageAt('docs/operations.md'))
    .filter(({ language }) => language === 'sh kept-transfers')
    .flatMap(({ text }) => text.trimEnd().split('\n'))
    .map(
      (line) => /^npm run kept-transfers(?: -- ([^#]*))?(?: *#.*)?$/.exec(line)?.[1]?.trim().split(' ') ?? [],
    )
  expect(typed).toEqual([[], Object.keys(here)])
  const [shown, written] = typed.map((words) => run(...words.map((word) => here[word] ?? word)))
  expect(shown).toMatchObject({ status: 0, stdout: listed.stdout })
  expect(written).toMatchObject({ status: 0, stdout: `1644 bytes written to ${file}\n` })
  expect(readFileSync(file).subarray(4)).toEqual(Buffer.from(memory.log.snapshot()))
  expect(statSync(file).mode & 0o077).toBe(0)

  expect(run(id, file).stderr).toContain('EEXIST')
  expect(run('999', `${file}.2`)).toMatchObject({ status: 1, stderr: 'nothing of the id 999 is kept\n' })
  expect(run('x', file).stderr).toContain('npm run kept-transfers')
})
