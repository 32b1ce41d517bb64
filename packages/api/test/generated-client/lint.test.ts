// The OpenAPI document as the tools of its users see it.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { listening } from '../support/listening.ts'

const REDOCLY = new URL('../../../../node_modules/@redocly/cli/bin/cli.js', import.meta.url).pathname

it('gives redocly nothing to report, neither error nor warning', async () => {
  await using opened = new AsyncDisposableStack()
  const folder = opened.adopt(await mkdtemp(join(tmpdir(), 'api-redocly-')), (it) =>
    rm(it, { recursive: true }),
  )
  const api = opened.use(await listening())
  const document = join(folder, 'openapi.json')
  await writeFile(document, (await api.client.get('/openapi.json')).text)
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [REDOCLY, 'lint', document, '--extends', 'recommended-strict', '--format', 'json'],
    {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    },
  )
  const report: unknown = JSON.parse(stdout)
  expect({ status, report, stderr }).toMatchObject({
    status: 0,
    report: { totals: { errors: 0, warnings: 0 } },
  })
})
