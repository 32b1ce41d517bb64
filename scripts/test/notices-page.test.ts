// docs/notices.md keeps its word to receivers: what it shows is what the service posts, its program tells genuine from forged, and
// its table names every kind.
import { createHmac } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Notice, SYSTEM } from '@org/core'
import { startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { httpReceiver, type Received } from '../toolchain/http-receiver.ts'
import { TEST_WEBHOOK_SECRET } from '../toolchain/test-secrets.ts'
import { embeddedService } from './support/embedded-service.ts'
import { differences } from './support/same-form.ts'

const page = await readFile(new URL('../../docs/notices.md', import.meta.url), 'utf8')

type IsGenuine = (headers: Received['headers'], body: string, secret: string) => boolean

it('shows the request that is posted, and a program that verifies it', async () => {
  await using receiver = await httpReceiver()
  await using terminal = await startTerminal({ people: 2, punches: 2 })
  const previous = 'the previous secret of the webhook, long too'
  await using service = await embeddedService({
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: TEST_WEBHOOK_SECRET,
    WEBHOOK_SECRET_PREVIOUS: previous,
  })
  const terminalAt = { name: 'Gate', ip: terminal.host, port: terminal.port }
  const { device } = await service.services.devices.register(terminalAt, SYSTEM)
  const signal = new AbortController().signal
  await service.services.doors.unlock({ deviceId: device.id, seconds: 5, by: SYSTEM, signal })
  const [posted] = await receiver.whenReceived(1)
  if (posted === undefined) throw new Error('nothing was posted')

  const [, headers = '', body = ''] =
    /```http\nPOST <WEBHOOK_URL>\n([\s\S]*?)\n\n([\s\S]*?)```/.exec(page) ?? []
  const names = headers.split('\n').map((line) => line.split(':')[0])
  expect(names).toHaveLength(4)
  expect(Object.keys(posted.headers)).toEqual(expect.arrayContaining(names))
  expect(differences(JSON.parse(body), JSON.parse(posted.body))).toEqual([])

  const [, program = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const file = join(service.folder, 'verify.mjs')
  await writeFile(file, `${program}\nexport { isGenuine }\n`)
  const { isGenuine } = (await import(pathToFileURL(file).href)) as { isGenuine: IsGenuine }
  const late = String(Math.floor(Date.now() / 1000) - 301)
  const replayed = createHmac('sha256', TEST_WEBHOOK_SECRET).update(`${late}.${posted.body}`).digest('hex')
  const given = posted.headers
  expect({
    genuine: isGenuine(given, posted.body, TEST_WEBHOOK_SECRET),
    byThePrevious: isGenuine(given, posted.body, previous),
    byAnother: isGenuine(given, posted.body, 'another secret of the webhook, unknown'),
    changed: isGenuine(given, posted.body.replace('"seconds":5', '"seconds":60'), TEST_WEBHOOK_SECRET),
    unsigned: isGenuine({ ...given, 'x-webhook-signature': 'v1=' }, posted.body, TEST_WEBHOOK_SECRET),
    old: isGenuine(
      { ...given, 'x-webhook-timestamp': late, 'x-webhook-signature': `v1=${replayed}` },
      posted.body,
      TEST_WEBHOOK_SECRET,
    ),
  }).toEqual({
    genuine: true,
    byThePrevious: true,
    byAnother: false,
    changed: false,
    unsigned: false,
    old: false,
  })
})

it('names every kind of notice', () => {
  const chapter = page.split('\n## What is told when\n')[1]?.split('\n## ')[0] ?? ''
  const named = [...chapter.matchAll(/^\| `([a-z.-]+)`/gm)].map(([, kind]) => kind)
  const declared = Notice.anyOf.map(({ properties }) => properties.kind.const)
  expect(new Set(named)).toEqual(new Set([...declared, 'punch.recorded']))
})
