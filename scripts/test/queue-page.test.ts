// The page /admin/queues in a browser, as an admin uses it: logging in, looking at the queues, logging out, with an eye on everything
// that the browser asks for and complains of.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attendanceSync } from '@org/core'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FIRST_ADMIN, wholeService } from '../../packages/api/test/support/whole-service.ts'
import type { WholeService } from '../../packages/api/test/support/whole-service.ts'
import { CHROMIUM, obtainBinaries } from '../toolchain/debian.ts'
import { EMBEDDED_ONLY } from '../toolchain/scratch-database.ts'

const BROWSER_FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
const PATIENCE_MS = 60_000
const QUEUES = ['attendance-sync', 'user-sync', 'notifications', 'maintenance']

describe.skipIf(EMBEDDED_ONLY)('the queue page in Chromium', () => {
  let folder: string
  let service: WholeService
  let context: BrowserContext
  let page: Page
  const asked: { readonly method: string; readonly url: string }[] = []
  const complaints: string[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'queue-page-'))
    const { binaries } = obtainBinaries(CHROMIUM, console.log)
    service = await wholeService('queue mode', { worker: false })
    context = await chromium.launchPersistentContext(folder, {
      executablePath: binaries.get('chromium') ?? '',
      headless: true,
      args: BROWSER_FLAGS,
    })
    context.setDefaultTimeout(PATIENCE_MS)
    page = context.pages()[0] ?? (await context.newPage())
    page.on('request', (request) => asked.push({ method: request.method(), url: request.url() }))
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(error.message))
  }, 240_000)

  afterAll(async () => {
    await context?.close()
    await service?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  const logIn = async (password: string): Promise<void> => {
    await page.getByLabel('E-mail').fill(FIRST_ADMIN.email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Log in' }).click()
  }

  it('asks who is there, and says so when the password is wrong', async () => {
    await page.goto(`${service.client.address}/admin/queues`)
    expect(new URL(page.url()).pathname).toBe('/admin/queues/login')
    await logIn('wrong-password')
    await page.getByRole('alert').getByText('Invalid credentials').waitFor()
  })

  it('shows the queues, and a job by its id, with nothing to press that would change it', async () => {
    const { job } = await service.services.jobs.enqueue(attendanceSync, { deviceId: 41, mode: 'auto' })
    await logIn(FIRST_ADMIN.password)
    for (const queue of QUEUES) await page.getByText(queue, { exact: true }).first().waitFor()
    await page.goto(`${service.client.address}/admin/queues/queue/attendance-sync?status=waiting`)
    await page.getByText(job.id).first().waitFor()
    const buttons = await page.getByRole('button').allTextContents()
    expect(buttons.join(' ')).not.toMatch(/pause|retry|promote|clean|obliterate|empty|add job/i)
  })

  it('asks nothing of other places, and changes nothing by looking', () => {
    const { origin } = new URL(service.client.address)
    const elsewhere = asked.filter(({ url }) => !url.startsWith(`${origin}/`) && !url.startsWith('data:'))
    expect(elsewhere).toEqual([])
    const changing = asked.filter(({ method }) => method !== 'GET')
    expect(changing.every(({ url }) => url.endsWith('/login'))).toBe(true)
  })

  it('works within the rules that browsers are told', () => {
    const refusedLogin = /status of 401/
    expect(complaints.filter((complaint) => !refusedLogin.test(complaint))).toEqual([])
  })

  it('lets whoever logs out see nothing more', async () => {
    await page.goto(`${service.client.address}/admin/queues/logout`)
    await page.getByText(FIRST_ADMIN.email).waitFor()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Password').waitFor()
    await page.goto(`${service.client.address}/admin/queues/queue/attendance-sync`)
    expect(new URL(page.url()).pathname).toBe('/admin/queues/login')
  })
})
