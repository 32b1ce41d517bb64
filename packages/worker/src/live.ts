// Keeps live watches on active devices for as long as the worker runs.
import type { LiveWatch, Services } from '@org/core'

/** Undefined where watching is switched off (LIVE_WATCH). */
export function startLive(services: Services): LiveWatch | undefined {
  return services.config.LIVE_WATCH ? services.watchDevices() : undefined
}
