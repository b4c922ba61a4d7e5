import { t } from './messages'

const browsers: [RegExp, string][] = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrom(e|ium)\//, 'Chrome'], [/Safari\//, 'Safari']]
const systems: [RegExp, string][] = [[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']]

// browser names a browser and its system from its User-Agent: "Firefox on Linux".
export function browser(agent: string): string {
  const computer = /^Doorward-Desktop \((.+)\)$/.exec(agent)?.[1]
  if (computer) return t('console.browser.desktop_app_on', { System: computer })
  const name = browsers.find(([mark]) => mark.test(agent))?.[1]
  const system = systems.find(([mark]) => mark.test(agent))?.[1]
  if (name && system) return t('console.browser.on', { Browser: name, System: system })
  return name ?? system ?? (agent.slice(0, 40) || t('console.browser.unknown'))
}
